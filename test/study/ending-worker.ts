/** Workers that end in a run, as one does that is killed. It tests nothing itself. */

/**
 * The environment of a process whose workers end with code 137 when they are asked for a run with this seed; `mark`: a
 * file that is not there, and is when one has ended, so that it is the only one.
 */
export function endingWorkers(seed: string, mark: string | null = null): NodeJS.ProcessEnv {
  const preload = `
    import { existsSync, writeFileSync } from "node:fs";
    import { isMainThread, parentPort } from "node:worker_threads";
    const mark = ${JSON.stringify(mark)};
    const on = parentPort?.on;
    if (!isMainThread) parentPort.on = (event, listener) =>
      on.call(parentPort, event, (question) => {
        if (question.scenario?.seed !== ${JSON.stringify(seed)} || (mark !== null && existsSync(mark))) return listener(question);
        if (mark !== null) writeFileSync(mark, "");
        process.exit(137);
      });`;
  return { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` };
}
