/** The command `flood`: short connections at a rate, and a flush at the end. */
import type { Command } from "../command.js";
import { EXPERIMENT_FLAGS, runExperiment } from "../experiment.js";
import { SUMMARIES } from "../summaries.js";

export const flood: Command = {
  name: "flood",
  summary: SUMMARIES.flood,
  examples: [
    ["flood --buffer 2048", "the experiment of the commit: a tiny buffer, lots of short connections"],
    ["flood --buffer 2048 --policy lossy", "the same without reliable delivery"],
    ["flood --rate 5k/s --duration 1m --reader 200us", "more load than the reader can take"],
    ["flood --buffer 8MiB --rmem-max 8MiB --format json", "a large buffer, for a program to read"],
  ],
  flags: EXPERIMENT_FLAGS,
  defaults: "flood",
  run: (call) => runExperiment("flood", call),
};
