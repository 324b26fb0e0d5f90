/** The three series of Kyma, under the function's name, and the page they are served on. */
import { kymaCalls, kymaDuration, kymaFailures } from "../../telemetry/metrics.ts";
import { renderPrometheus } from "../../telemetry/prometheus.ts";
import type { CollectTotals, MetricsRecorder } from "../../telemetry/recorder.ts";

export interface KymaCallMetrics {
  /** Counts a call; what it returns counts its end, once. */
  begin(): (hasFailed: boolean) => void;
}

/** A series is there from its first use on. */
export function createKymaCallMetrics(recorder: MetricsRecorder, functionName: string): KymaCallMetrics {
  const labels = [functionName];
  return {
    begin() {
      const startedAt = performance.now();
      recorder.number(kymaCalls, labels).value++;
      return (hasFailed) => {
        recorder.histogram(kymaDuration, labels).observe(performance.now() - startedAt);
        if (hasFailed) recorder.number(kymaFailures, labels).value++;
      };
    },
  };
}

export async function renderKymaMetrics(collect: CollectTotals): Promise<Response> {
  const { text } = await renderPrometheus(
    await collect([kymaCalls, kymaFailures, kymaDuration].map(({ name }) => name)),
    {},
  );
  return new Response(TARGET_INFO + text, { headers: { "content-type": "text/plain" } });
}

/** As Kyma's own page begins, for those who read its labels. */
const TARGET_INFO = `# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_name="unknown_service:node",telemetry_sdk_language="nodejs",telemetry_sdk_name="opentelemetry"} 1
`;
