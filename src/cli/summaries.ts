/**
 * What each command is for, in one line, in the order of the help. Apart from the commands, because the help of the
 * program needs this much of them and would wait for the rest.
 */
export const SUMMARIES = {
  flood: "flood short connections at a rate, let them die, flush at the end, count what arrived",
  flush: "create entries with the reader caught up, flush the table, watch the dying list drain",
  run: "run scenario files and check their expectations",
  size: "search for the smallest buffer, the highest rate or the slowest reader that meets what is expected",
  sweep: "run a scenario over a grid of parameters with many seeds: means and their 95 % intervals",
  compare: "variants of a scenario with the same seeds: what differs, by how much, and whether it is chance",
  merge: "put the parts of a study together that sweep or compare ran with --shard",
  trace: "the life of one entry, or every message of the reader as conntrack -E prints it or Wireshark opens it",
  explain: "how many messages a buffer of SIZE really holds, step by step; or what a WORD of the reports means",
  parity: "run scenarios on the running kernel and in the simulator, side by side",
  measure: "what a message costs a program: floods of a rising rate and a flush on the running kernel",
  host: "what is set on this host, who listens, and what a flush of its table would do; read-only, without root",
  metrics: "what an expectation can ask: every figure with its unit and meaning",
  completion: "print the script that completes commands and flags in a shell",
} as const;
