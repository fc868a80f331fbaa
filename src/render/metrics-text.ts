/**
 * The list of metrics as a person reads it: the name that an expectation takes, what it means, its unit, what 100 % of
 * it is.
 */
import type { Metric } from "../report/metrics.js";
import { legibleWidth, wrap } from "./text/paragraph.js";
import { themeOf } from "./text/theme.js";

const MARGIN = "    ";

export function renderMetrics(
  metrics: readonly Metric[],
  { colour, width }: { colour: boolean; width: number },
): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width, Number.POSITIVE_INFINITY) - MARGIN.length;
  const lines = metrics.flatMap((metric) => [
    theme.heading(metric.alias ?? metric.name),
    ...wrap(sentenceOf(metric), columns).map((line) => MARGIN + line),
  ]);
  return `${lines.join("\n")}\n`;
}

function sentenceOf({ name, alias, meaning, unit, whole, never, needs, simulated }: Metric): string {
  const parts = [
    meaning,
    ...(unit === "" ? [] : [`in ${unit}`]),
    ...(whole === null || whole === name ? [] : [`100% is ${whole}`]),
    ...(never ? ["may be never"] : []),
    ...(needs === "flush" ? ["needs a flush"] : needs === "worker" ? ["needs a kernel with a redelivery worker"] : []),
    ...(simulated ? ["simulation only"] : []),
    ...(alias === null ? [] : [`in the report ${name}`]),
  ];
  return parts.join("; ");
}
