const { trace } = require("@opentelemetry/api");

module.exports = {
  main: () => trace.getActiveSpan()?.spanContext().traceId ?? "no span",
};
