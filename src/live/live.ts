/**
 * The running kernel as a Backend. It refuses what cannot be live, starts the program inside a namespace, hands progress to the
 * observer, and passes on a request to stop. What runs is live-run.ts, in the other process.
 */
import { fileURLToPath } from "node:url";
import type { Backend, Observer } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Scenario } from "../scenario/scenario.js";
import { liveHost } from "./host.js";
import { LiveImpossibleError } from "./impossible.js";
import type { FromChild, ToChild } from "./messages.js";
import { spawnInNamespace } from "./namespace.js";
import { refuseUnlive } from "./refusal.js";
import { loadSystemCalls } from "./system-calls.js";

/** How often a request to stop is looked for between two reports of progress. */
const LISTENING_MILLISECONDS = 50;

const SILENT: Observer = { progress: () => {}, stopRequested: () => false };

export const live = {
  /**
   * @throws UsageError when the scenario cannot be live on this machine
   * @throws LiveImpossibleError when nothing can
   */
  async run(scenario: Scenario, observer: Observer = SILENT): Promise<Report> {
    const host = liveHost();
    refuseUnlive(scenario, host);
    await loadSystemCalls();
    const child = spawnInNamespace(fileURLToPath(new URL("./child.js", import.meta.url)));
    let errors = "";
    child.stderr!.on("data", (text) => {
      errors += text;
    });
    const listening = setInterval(() => {
      if (!observer.stopRequested() || !child.connected) return;
      clearInterval(listening);
      child.send({ what: "stop" } satisfies ToChild);
    }, LISTENING_MILLISECONDS);
    try {
      return await new Promise<Report>((resolve, reject) => {
        child.on("message", (message: FromChild) => {
          if (message.what === "progress") void observer.progress(message.progress);
          else if (message.what === "report") resolve(message.report);
          else reject(failureOf(message));
        });
        child.on("error", reject);
        child.on("exit", (code, signal) => {
          reject(new Error(`the process in the namespace ended with ${signal ?? code}: ${errors.trim()}`));
        });
        child.send({ what: "run", scenario, host } satisfies ToChild);
      });
    } finally {
      clearInterval(listening);
      child.kill("SIGKILL");
    }
  },
} satisfies Backend;

function failureOf({ impossible, text, stack }: Extract<FromChild, { what: "failure" }>): Error {
  if (impossible) return new LiveImpossibleError(text);
  const error = new Error(text);
  error.stack = stack;
  return error;
}
