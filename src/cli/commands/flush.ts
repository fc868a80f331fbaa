/** The command `flush`: a full table, a reader that is caught up, and `conntrack -F`. */
import type { Command } from "../command.js";
import { EXPERIMENT_FLAGS, runExperiment } from "../experiment.js";
import { SUMMARIES } from "../summaries.js";

export const flush: Command = {
  name: "flush",
  summary: SUMMARIES.flush,
  examples: [
    ["flush --connections 5000 --buffer 2048", "conntrack -F of 5000 entries ahead of a tiny buffer"],
    ["flush --connections 20k --reader 1ms --grace-max 60s", "a slow reader and a wide grace window"],
    ["flush --kernel 3.6 --cpus 1 --format json", "another release on one CPU, for a program to read"],
  ],
  // Without its flush it would be nothing.
  flags: EXPERIMENT_FLAGS.filter(({ name }) => name !== "no-flush"),
  defaults: "flush",
  run: (call) => runExperiment("flush", call),
};
