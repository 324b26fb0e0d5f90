interface KymaEvent {
  readonly data?: unknown;
  setResponseContentType(type: string): void;
}

export const main = (event: KymaEvent): string => {
  event.setResponseContentType("text/plain");
  return typeof event.data;
};
