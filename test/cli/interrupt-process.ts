/**
 * A process for interrupt.test.ts: the command line on the process's own signals, with a backend that keeps the CPU
 * busy until it is asked to stop (`listens`), or goes on for ever once it was (`deaf`).
 */
import { installed } from "../../src/cli/dependencies.js";
import { main } from "../../src/cli/main.js";
import { renderers } from "../../src/render/renderers.js";
import type { Backend } from "../../src/report/backend.js";
import { stubReport, stubResolve } from "./harness.js";

const deaf = process.argv[2] === "deaf";
const busy: Backend = {
  async run(scenario, observer) {
    process.stderr.write("running\n");
    const progress = { phase: "flood", seconds: 0, opened: 0, active: 0, dying: 0, delivered: 0 } as const;
    while (!observer?.stopRequested()) await observer?.progress(progress);
    while (deaf);
    return stubReport(scenario, { interrupted: true });
  },
};

process.exitCode = await main(
  ["flood"],
  { stdout: process.stdout, stderr: process.stderr, env: {}, signals: process },
  {
    ...installed,
    resolve: async () => stubResolve,
    backend: async () => busy,
    renderers: async () => ({ ...renderers, text: { ...renderers.text, report: () => "text" } }),
  },
);
