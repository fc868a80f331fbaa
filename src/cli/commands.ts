/**
 * The commands, in the order in which the help lists them. It holds no behaviour.
 */
import type { CliCommand } from "./command.js";
import { completion } from "./completion.js";
import { flood, flush } from "./experiment.js";
import { explain } from "./explain.js";
import { metrics } from "./metrics.js";
import { parity } from "./parity.js";
import { run } from "./run.js";

export const COMMANDS: readonly CliCommand[] = [flood, flush, run, explain, parity, metrics, completion];
