const orders = new Map();

export async function main(event, context) {
  const { request, response } = event.extensions;
  const [, id] = request.path.split("/");
  if (request.method === "POST") {
    orders.set(event.data.id, event.data);
    event.setResponseStatus(201);
    event.setResponseHeader("Location", `/${event.data.id}`);
    return { stored: event.data.id, by: context["function-name"], namespace: context.namespace };
  }
  if (!orders.has(id)) {
    response.status(404).json({ error: "no such order" });
    return;
  }
  return orders.get(id);
}
