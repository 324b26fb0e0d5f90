/**
 * The contestant: an ext_proc server on @grpc/grpc-js with constant answers and no log. Runs on Bun and on Node.
 * Arguments: port, workload, directory of the .proto files.
 */
import { loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import type { GrpcObject, ServerDuplexStream, ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { Phase, WorkloadName } from "../workloads.ts";
import { answersByWorkload, type BodyPhase } from "./answers.ts";

/** What @grpc/proto-loader makes of a ProcessingRequest with `oneofs`: the name of the member that is set. */
interface DecodedRequest {
  readonly request?: Phase;
  readonly response_body?: BodyPhase | null;
}

const [port, workload, protoDirectory] = process.argv.slice(2);
if (port === undefined || !isWorkload(workload) || protoDirectory === undefined) {
  throw new Error("usage: server <port> <workload> <directory of the .proto files>");
}
const answers = answersByWorkload[workload];

const server = new Server();
server.addService(loadExternalProcessor(protoDirectory).service, {
  Process(call: ServerDuplexStream<DecodedRequest, object>) {
    call.on("data", (request: DecodedRequest) => {
      const answer = request.request === undefined ? undefined : answers[request.request];
      if (answer === undefined) return;
      const body = request.response_body ?? {};
      const message = typeof answer.message === "function" ? answer.message(body) : answer.message;
      if (message !== null) call.write(message);
      if (answer.closes === true || (answer.closes === "at-end" && body.end_of_stream === true)) call.end();
    });
    call.on("end", () => call.end());
    call.on("error", () => {}); // Envoy resets every stream when it is done with it
  },
});
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});

function isWorkload(name: string | undefined): name is WorkloadName {
  return name !== undefined && Object.hasOwn(answersByWorkload, name);
}

function loadExternalProcessor(directory: string): ServiceClientConstructor {
  const definition = loadSync("envoy/service/ext_proc/v3/external_processor.proto", {
    includeDirs: [directory],
    keepCase: true,
    oneofs: true,
  });
  let scope: GrpcObject = loadPackageDefinition(definition);
  for (const name of ["envoy", "service", "ext_proc", "v3"]) scope = scope[name] as GrpcObject;
  return scope["ExternalProcessor"] as ServiceClientConstructor;
}
