/**
 * The program inside the namespace: takes an order from its parent, a scenario to run or costs to measure, and sends
 * progress and the result. It lives no longer than its parent: the kernel kills it when that dies, and until the kernel
 * has been asked to, the closed channel ends it.
 */

import { UsageError } from "../scenario/errors.js";
import { LiveImpossibleError } from "./host/impossible.js";
import { requireOwnNamespace } from "./host/namespace.js";
import { loadSystemCalls } from "./host/system-calls.js";
import type { FromChild, Order, ToChild } from "./messages.js";
import { measureCosts } from "./run/calibration.js";
import { measureProgram } from "./run/measure.js";
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
  if (order.what === "measure") {
    const measurement = await measureProgram(order.scenario, order.command, calls, {
      progress: (done, of) => tell({ what: "stage", done, of }),
      stopRequested: () => stopRequested,
    });
    return { what: "measurement", measurement };
  }
  const run = new LiveRun(order.scenario, order.daemon, calls, {
    progress: (progress) => tell({ what: "progress", progress }),
    stopRequested: () => stopRequested,
  });
  const ending = await run.run();
  return {
    what: "report",
    report: liveReport(run, ending, order.host),
    recording: order.daemon !== null ? null : recordingOf(run, ending, order.host),
  };
}

function kindOf(error: unknown): "impossible" | "usage" | "bug" {
  if (error instanceof LiveImpossibleError) return "impossible";
  return error instanceof UsageError ? "usage" : "bug";
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
    tell({ what: "failure", kind: kindOf(error), text, stack: stack ?? text });
  }
});
