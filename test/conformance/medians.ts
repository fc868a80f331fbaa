/**
 * Repetitions of one setting by a real clock, taken together: their median against the median of the simulated runs. A
 * single repetition only has to lie in the range; here the model has to hit the middle, to 10 % or, for a time, to 1 s.
 */
import { median as medianOf } from "../../src/report/median.js";
import type { Cell, Comparison } from "./compare.js";

const QUANTITIES = ["drainSeconds", "countAfterFlush", "failedDestroyAttempts", "listener.destroy"];
const SHARE = 0.1;
const SECONDS = 1;
const LEAST_REPETITIONS = 3;

/** One comparison per setting that was repeated. */
export function mediansOf(comparisons: readonly Comparison[]): Comparison[] {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    if (comparison.build !== "host" || comparison.tag === "cap") continue;
    const key = comparison.title;
    groups.set(key, [...(groups.get(key) ?? []), comparison]);
  }
  return [...groups.values()]
    .filter((group) => group.length >= LEAST_REPETITIONS)
    .map((group) => ({
      ...group[0]!,
      tag: "medians",
      title: `median of ${group.length} × ${group[0]!.title}`,
      cells: QUANTITIES.map((quantity) => medianCell(group, quantity)).filter((cell) => cell !== null),
      notCompared: [],
    }));
}

function medianCell(group: readonly Comparison[], quantity: string): Cell | null {
  const cells = group.flatMap(({ cells }) => cells.filter((cell) => cell.quantity === quantity));
  if (cells.length < LEAST_REPETITIONS || cells.some(({ median }) => Number.isNaN(median))) return null;
  const recorded = medianOf(cells.map((cell) => cell.recorded));
  const median = medianOf(cells.map((cell) => cell.median));
  const room = Math.max(SHARE * Math.abs(median), quantity === "drainSeconds" ? SECONDS : 0);
  const [low, high] = [median - room, median + room];
  const inside = recorded >= low && recorded <= high;
  const insideWithoutRoom = recorded === median;
  return { quantity: `median ${quantity}`, recorded, low, high, median, inside, insideWithoutRoom };
}
