interface KubelessEvent {
  readonly data: { readonly name?: string };
}

export function typed({ data }: KubelessEvent): string {
  return `hello ${data.name ?? "nobody"}`;
}
