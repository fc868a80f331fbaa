/** The commands, in the order in which the help lists them. */
import type { Command } from "./command.js";
import { compare } from "./commands/compare.js";
import { completion } from "./commands/completion.js";
import { explain } from "./commands/explain.js";
import { flood } from "./commands/flood.js";
import { flush } from "./commands/flush.js";
import { host } from "./commands/host.js";
import { measure } from "./commands/measure.js";
import { merge } from "./commands/merge.js";
import { metrics } from "./commands/metrics.js";
import { parity } from "./commands/parity.js";
import { run } from "./commands/run.js";
import { size } from "./commands/size.js";
import { sweep } from "./commands/sweep.js";
import { trace } from "./commands/trace.js";

export const COMMANDS: readonly Command[] = [
  flood,
  flush,
  run,
  size,
  sweep,
  compare,
  merge,
  trace,
  explain,
  parity,
  measure,
  host,
  metrics,
  completion,
];
