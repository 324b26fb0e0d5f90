/** `processor schema`: the JSON Schema of the configuration, for editors. */
import type { Command, CommandArguments, CommandIo } from "./command.ts";

export const schemaCommand: Command = {
  name: "schema",
  summary: "Print the JSON Schema of the configuration.",
  usage: "[options]",
  description: [
    "Editors with the YAML language server complete and check a file that begins with",
    "# yaml-language-server: $schema=processor.schema.json",
  ],
  maxPositionals: 0,
  options: [{ name: "platform", help: "Of the platform's configuration instead of the function's." }],
  examples: [{ line: "processor schema > processor.schema.json", help: "Keep it beside the configuration." }],
  run: printSchema,
};

async function printSchema(args: CommandArguments, io: CommandIo): Promise<number> {
  const { functionJsonSchema, platformJsonSchema } = await import("../config/json-schema.ts");
  const schema = args.has("platform") ? platformJsonSchema() : functionJsonSchema();
  io.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
  return 0;
}
