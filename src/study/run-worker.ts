/**
 * What runs in a thread of the pool: a scenario comes in, its report goes out.
 */
import { parentPort } from "node:worker_threads";
import type { Scenario } from "../scenario/scenario.js";
import { simulate } from "../simulation/simulation.js";
import type { Answer } from "./pool.js";

parentPort!.on("message", (scenario: Scenario) => parentPort!.postMessage(answerTo(scenario)));

function answerTo(scenario: Scenario): Answer {
  try {
    return { report: simulate(scenario) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
