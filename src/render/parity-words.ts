/** What a parity study says in words, in every form that it is shown in. */
import type { Parity, ParityMetric } from "../study/parity.js";
import { count, duration, percent, plural, UNKNOWN } from "./text/numbers.js";

/** The one sentence. */
export function sentenceOf({ kernel, inside, compared, interrupted }: Parity): string {
  const begin = interrupted ? "Interrupted; so far " : "";
  const share = percent(inside, compared);
  return `${begin}${count(inside)} of ${plural(compared, "figure", "figures")} of Linux ${kernel}${share === "" ? "" : ` (${share})`} lie where the simulator expects them.`;
}

/** How much of that says something: what had to be equal apart from what could have differed. */
export function weightOf({ compared, equalities, others }: Parity): string {
  if (compared === 0) return "";
  const room =
    others.insideWithoutRoom === others.inside
      ? "with or without room for the real clock"
      : `with room for the real clock, ${count(others.insideWithoutRoom)} without`;
  return (
    `${count(equalities.compared)} of them are the same under every seed (${count(equalities.zero)} are 0 on both sides) and have to be equal: ` +
    `${count(equalities.inside)} are. Of the ${count(others.compared)} that could have differed ${count(others.inside)} lie inside ${room}.`
  );
}

export function methodOf({ runs, seeds, costs }: Parity): string {
  const middle = (key: keyof Parity["costs"][number]): string => {
    const sorted = costs.map((cost) => cost[key] ?? Number.NaN).sort((a, b) => a - b);
    return duration((sorted[sorted.length >> 1] ?? Number.NaN) / 1e9);
  };
  return (
    `${plural(runs, "live run", "live runs")} and ${plural(seeds, "seed", "seeds")} per scenario. Costs measured on this machine: ` +
    `packet ${middle("packetNanoseconds")}, flushed entry ${middle("flushEntryNanoseconds")}, attempt ${middle("attemptNanoseconds")}, ` +
    `recv ${middle("recvNanoseconds")}, wake-up of a reader ${middle("wakeupNanoseconds")}.`
  );
}

export function simulatedOf(metric: ParityMetric): string {
  return metric.simulated === null ? UNKNOWN : rangeOf(metric, metric.simulated.low, metric.simulated.high);
}

export function testedOf(metric: ParityMetric): string {
  return metric.tested === null ? UNKNOWN : rangeOf(metric, metric.tested.low, metric.tested.high);
}

export function rangeOf(metric: ParityMetric, low: number, high: number): string {
  return low === high ? figure(metric, low) : `${figure(metric, low)} to ${figure(metric, high)}`;
}

export function figure({ metric }: ParityMetric, value: number): string {
  return metric.endsWith("Seconds") ? duration(value) : count(value);
}
