/** The examples' Envoy configurations, moved to ports that are free here. */

/** The ports the configurations under `examples/` name. */
export const examplePorts = { listener: 10_000, admin: 9901, processor: 5051, upstream: 8080 } as const;
export type ExamplePorts = Record<keyof typeof examplePorts, number>;

/** Replaces every port of an example's `envoy.yaml`. Throws when one of them is not in it. */
export function moveExamplePorts(config: string, ports: ExamplePorts): string {
  let moved = config;
  for (const [name, port] of Object.entries(examplePorts)) {
    const written = `port_value: ${port} `;
    if (!moved.includes(written)) throw new Error(`the configuration does not name the ${name}'s port ${port}`);
    moved = moved.replaceAll(written, `port_value: @${name} `);
  }
  for (const [name, port] of Object.entries(ports)) moved = moved.replaceAll(`@${name} `, `${port} `);
  return moved;
}
