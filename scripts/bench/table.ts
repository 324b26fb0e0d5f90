/** Results as a Markdown table, aligned so that it reads in a terminal too. */
import type { Table } from "./bench.ts";
import { type Figure, ratioOf } from "./figures.ts";

export function renderTable({ contestants, figures }: Table): string {
  const [first, ...others] = contestants;
  if (first === undefined) throw new Error("a table needs a contestant");
  const head = ["", ...contestants, ...others.map((other) => `against ${other}`)];
  const rows = figures.map((figure) => [
    figure.unit === "" ? figure.what : `${figure.what} (${figure.unit})`,
    ...contestants.map((name) => formatValue(figure, figure.values[name])),
    ...others.map((other) => formatRatio(ratioOf(figure, first, other))),
  ]);
  return renderRows(head, rows);
}

function formatValue(figure: Figure, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  const { digits } = figure;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatRatio(ratio: number | null): string {
  if (ratio === null) return "";
  return `${ratio.toFixed(ratio < 2 ? 2 : 1)} x`;
}

function renderRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number): boolean => column === 0;
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return isText(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, column) => (isText(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}
