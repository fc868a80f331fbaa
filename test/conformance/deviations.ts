/**
 * What is known of cells that lie outside: why the model is off there. A cell that no entry explains is put down to
 * chance, of which one cell in a hundred has a right to be.
 */
import type { Recording } from "./recording.js";

interface Deviation {
  applies(recording: Pick<Recording, "build" | "tag" | "setting">, quantity: string): boolean;
  why: string;
}

const DEVIATIONS: readonly Deviation[] = [
  {
    applies: ({ build, tag }) => build === "k54" && (tag === "main" || tag === "full" || tag === "hold_release"),
    why: "on one CPU a reader that wakes by its timer while the worker delivers sometimes gets the CPU between two batches and sometimes does not; the model's scheduler lets it in less often, so that a cycle delivers one or two messages less",
  },
  {
    applies: ({ build, setting }) => (build === "k54" || build === "host") && setting.mode === "tcp",
    why: "the gc worker and TCP: how many entries expire between two of its looks depends on when the connections were closed, which the recording does not tell",
  },
  {
    applies: ({ build, tag }) => build === "k54" && (tag === "expire" || tag === "earlydrop"),
    why: "the phase of the gc worker at the first packet is not recorded",
  },
  {
    applies: ({ build, tag }) => build === "host" && tag === "close",
    why: "the totals of these runs were taken after the socket was closed",
  },
  {
    applies: ({ build }) => build === "host",
    why: "five repetitions of a race between two CPUs with a real clock",
  },
  {
    applies: ({ tag, setting }) => tag === "tablefull" && setting.reliable === 0,
    why: "the second flood takes longer on the recorded kernel, which prints its warning of a full table on a serial line",
  },
  {
    applies: ({ tag }) => tag === "tablefull" || tag === "earlydrop",
    why: "the cost of a search over the buckets and of the warning of a full table is known only on average",
  },
  {
    applies: ({ setting }) => setting.mode === "tcp",
    why: "the recording program closes connections in a thread of its own: how the ends of connections fall on ticks is not recorded",
  },
  {
    applies: ({ tag }) => tag === "earlydrop_paced" || tag === "small_from_start" || tag === "two",
    why: "sender and reader share one CPU in step: a microsecond decides who comes first",
  },
];

/** Why a cell lies outside. */
export function whyOutside(recording: Pick<Recording, "build" | "tag" | "setting">, quantity: string): string {
  const known = DEVIATIONS.find((deviation) => deviation.applies(recording, quantity));
  return known?.why ?? "chance: a cell lies outside with a probability of one in a hundred";
}
