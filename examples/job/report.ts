/** A job: called once with the event of its configuration; then the process ends, with 0 when all went well. */
import type { NuclioHandler } from "digitalhub-processor";

interface Order {
  readonly customer: string;
  readonly total: number;
}

export const handler: NuclioHandler = ({ logger }, event) => {
  const orders = JSON.parse(event.body.toString()) as readonly Order[];
  const totals: Record<string, number> = {};
  for (const { customer, total } of orders) totals[customer] = (totals[customer] ?? 0) + total;
  logger.info(`${orders.length} orders of ${Object.keys(totals).length} customers`);
  return totals;
};
