interface Order {
  readonly items: readonly { readonly price: number }[];
}

export default async function total(request: Request): Promise<Response> {
  const { items } = (await request.json()) as Order;
  return Response.json({ total: items.reduce((sum, { price }) => sum + price, 0) });
}
