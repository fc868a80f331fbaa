/**
 * The program inside the namespace: takes a scenario from its parent, runs it and sends progress and the Report. It lives no longer
 * than its parent: the kernel kills it when that dies, and until the kernel has been asked to, the closed channel ends it.
 */
import type { Report } from "../report/report.js";
import { LiveImpossibleError } from "./impossible.js";
import { liveReport } from "./live-report.js";
import { LiveRun } from "./live-run.js";
import type { FromChild, ToChild } from "./messages.js";
import { requireOwnNamespace } from "./namespace.js";
import { loadSystemCalls } from "./system-calls.js";

let stopRequested = false;

function tell(message: FromChild): void {
  process.send!(message);
}

async function run({ scenario, host }: Extract<ToChild, { what: "run" }>): Promise<Report> {
  const calls = await loadSystemCalls();
  calls.dieWithParent();
  requireOwnNamespace();
  const live = new LiveRun(scenario, calls, {
    progress: (progress) => tell({ what: "progress", progress }),
    stopRequested: () => stopRequested,
  });
  return liveReport(live, await live.run(), host);
}

process.on("disconnect", () => process.exit(1));
process.on("message", async (message: ToChild) => {
  if (message.what === "stop") {
    stopRequested = true;
    return;
  }
  try {
    tell({ what: "report", report: await run(message) });
  } catch (error) {
    const { message: text, stack } = error as Error;
    tell({ what: "failure", impossible: error instanceof LiveImpossibleError, text, stack: stack ?? text });
  }
});
