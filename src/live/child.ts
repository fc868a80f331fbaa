/**
 * The program inside the namespace: takes an order from its parent, a scenario to run or costs to measure, and sends
 * progress and the result. It lives no longer than its parent: the kernel kills it when that dies, and until the kernel
 * has been asked to, the closed channel ends it.
 */

import { LiveImpossibleError } from "./host/impossible.js";
import { requireOwnNamespace } from "./host/namespace.js";
import { loadSystemCalls } from "./host/system-calls.js";
import type { FromChild, Order, ToChild } from "./messages.js";
import { measureCosts } from "./run/calibration.js";
import { recordingOf } from "./run/recording.js";
import { liveReport } from "./run/report.js";
import { LiveRun } from "./run/run.js";

let stopRequested = false;

function tell(message: FromChild): void {
  process.send!(message);
}

async function obey(order: Order): Promise<FromChild> {
  const calls = await loadSystemCalls();
  calls.dieWithParent();
  requireOwnNamespace();
  if (order.what === "calibrate") return { what: "costs", costs: await measureCosts(order.scenario, calls) };
  const run = new LiveRun(order.scenario, order.conntrackd, calls, {
    progress: (progress) => tell({ what: "progress", progress }),
    stopRequested: () => stopRequested,
  });
  const ending = await run.run();
  return {
    what: "report",
    report: liveReport(run, ending, order.host),
    recording: order.conntrackd ? null : recordingOf(run, ending, order.host),
  };
}

process.on("disconnect", () => process.exit(1));
process.on("message", async (message: ToChild) => {
  if (message.what === "stop") {
    stopRequested = true;
    return;
  }
  try {
    tell(await obey(message));
  } catch (error) {
    const { message: text, stack } = error as Error;
    tell({ what: "failure", impossible: error instanceof LiveImpossibleError, text, stack: stack ?? text });
  }
});
