/** The exchange as functions see it: a face of the session, without its state. */
import type {
  AttributeValue,
  Attributes,
  Exchange,
  FunctionLog,
  JsonValue,
  Metadata,
} from "../../function/contract.ts";
import { ProxiedRequest } from "./message.ts";
import type { Session } from "./session.ts";

export class ProxiedExchange implements Exchange {
  details = "";
  readonly request: ProxiedRequest;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.request = new ProxiedRequest(session.request);
  }

  get id(): string {
    return this.#session.id;
  }

  get requestSeen(): boolean {
    return this.#session.request.begun;
  }

  get attributes(): Attributes {
    return new ProxiedAttributes(this.#session);
  }

  get metadata(): Metadata {
    return new ProxiedMetadata(this.#session);
  }

  get signal(): AbortSignal {
    return this.#session.signal;
  }

  get log(): FunctionLog {
    return this.#session.log;
  }

  clearRouteCache(): void {
    this.#session.askClearRouteCache();
  }
}

class ProxiedAttributes {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get(name: string): never {
    // The overloads of `Attributes` say what Envoy sends under which name; here it is JSON of any type.
    return this.#session.context.attributes()[name] as never;
  }

  *[Symbol.iterator](): IterableIterator<[string, AttributeValue]> {
    yield* Object.entries(this.#session.context.attributes());
  }
}

class ProxiedMetadata implements Metadata {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get(namespace: string, key: string): JsonValue | undefined {
    return this.#session.context.metadata(namespace, key);
  }

  set(namespace: string, key: string, value: JsonValue): void {
    this.#session.context.setMetadata(namespace, key, value);
  }

  initial(name: string): string | undefined {
    return this.#session.call.metadata.get(name.toLowerCase());
  }
}
