/**
 * Completes JSON orders on their way to the upstream. Only requests to /orders have their body read, so only their
 * bodies are sent here; every other request passes with its headers alone.
 */
import type { Middleware } from "digitalhub-processor";

interface Order {
  items: { price: number; count: number }[];
}

export default (async ({ request }) => {
  if (request.method !== "POST" || request.path !== "/orders") return undefined;
  const order = await request.json();
  if (!isOrder(order)) return Response.json({ error: "not an order" }, { status: 400 });
  const total = order.items.reduce((sum, item) => sum + item.price * item.count, 0);
  request.headers.set("x-order-total", String(total));
  request.body = JSON.stringify({ ...order, total });
  return undefined;
}) satisfies Middleware;

function isOrder(value: unknown): value is Order {
  return typeof value === "object" && value !== null && "items" in value && Array.isArray(value.items);
}
