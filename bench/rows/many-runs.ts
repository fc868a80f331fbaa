/**
 * Many runs on the cores of the machine: a study by one worker, by two, and in two processes side by side, which know
 * nothing of each other. The last is what the machine can do: virtual cores share more than their number says, so that
 * a speed-up is judged as a share of it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Row, SkippedRow } from "../row.js";

const EXECUTABLE = fileURLToPath(new URL("../../bin/ct-reliable.js", import.meta.url));
/** Runs of about a second. */
const STUDY = ["sweep", "flush", "--connections", "300000", "--buffer", "4MiB", "--rmem-max", "4MiB", "--quiet"];

export const row: Row | SkippedRow =
  availableParallelism() < 2
    ? { title: "many runs by two workers", skipped: "there is one core." }
    : {
        title: "many runs by two workers",
        async measure(short) {
          const runs = ["--runs", short ? "4" : "12"];
          const repetitions = short ? 1 : 3;
          const times = { one: [] as number[], two: [] as number[], apart: [] as number[] };
          for (let i = 0; i < repetitions; i++) {
            times.one.push(await seconds([[...STUDY, ...runs, "--workers", "1"]]));
            times.two.push(await seconds([[...STUDY, ...runs, "--workers", "2"]]));
            times.apart.push(await inFolder((pathOf) => seconds([1, 2].map((part) => partOf(part, runs, pathOf)))));
          }
          const [one, two, apart] = [times.one, times.two, times.apart].map((all) => Math.min(...all)) as [
            number,
            number,
            number,
          ];
          const spread = Math.max(...times.two) / two - 1;
          const figure = { target: null, better: "more", scales: false, spread, unit: "×" } as const;
          return [
            { ...figure, name: "two workers against one", value: one / two },
            { ...figure, name: "two processes side by side against one", value: one / apart },
            { ...figure, name: "share of what this machine can do", value: apart / two, unit: "", target: 0.95 },
          ];
        },
      };

function partOf(part: number, runs: readonly string[], pathOf: (name: string) => string): string[] {
  return [...STUDY, ...runs, "--workers", "1", "--shard", `${part}/2`, "--resume", pathOf(`${part}.runs`)];
}

async function inFolder<T>(act: (pathOf: (name: string) => string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "ct-reliable-bench-"));
  try {
    return await act((name) => path.join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of the wall clock, until the last of some commands that begin together has ended. */
async function seconds(commands: readonly (readonly string[])[]): Promise<number> {
  const start = performance.now();
  await Promise.all(
    commands.map(
      (argv) =>
        new Promise<void>((resolve, reject) => {
          const child = spawn(process.execPath, [EXECUTABLE, ...argv], { stdio: ["ignore", "ignore", "inherit"] });
          child.on("error", reject);
          child.on("exit", (code) => {
            if (code === 0) resolve();
            else reject(new Error(`expected ${argv.join(" ")} to end well, got ${code}`));
          });
        }),
    ),
  );
  return (performance.now() - start) / 1000;
}
