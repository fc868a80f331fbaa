/**
 * What runs in a thread of the pool: a scenario comes in, what is kept of its run goes out.
 */
import { parentPort } from "node:worker_threads";
import { simulate } from "../simulation/simulation.js";
import { keptOf } from "./kept.js";
import type { Answer, Question } from "./pool.js";

parentPort!.on("message", (question: Question) => parentPort!.postMessage(answerTo(question)));

function answerTo({ scenario, keep }: Question): Answer {
  try {
    return { kept: keptOf(simulate(scenario), keep) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
