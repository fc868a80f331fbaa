/** The tests that mutants are tried with: which places of the sources each reaches, how long it takes, and a run. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** As V8 says it: a range within another counts for what is in it. */
interface Range {
  startOffset: number;
  endOffset: number;
  count: number;
}

interface Coverage {
  result: readonly { url: string; functions: readonly { ranges: readonly Range[] }[] }[];
}

/** A file of tests. */
export interface Asked {
  path: string;
  /** Of CPU time, with the start of its process. */
  seconds: number;
  /** By module of the sources. */
  reached: ReadonlyMap<string, readonly Range[]>;
}

/** A mistake may make a loop that has no end. This many times what the tests take, and these seconds of CPU time. */
const MOST_TIMES = 3;
const MOST_SECONDS = 4;

/** Runs all of them once, and throws where one fails without any mistake. The shortest is the first. */
export function askedIn(tree: string, paths: readonly string[]): Asked[] {
  const asked = paths.map((path) => {
    const raw = mkdtempSync(join(tree, "raw-"));
    const { failed, seconds } = runInOne(tree, [path], 600, { NODE_V8_COVERAGE: raw });
    if (failed !== null) throw new Error(`${path} fails without a mistake: ${failed}`);
    const reached = reachedIn(raw, `${pathToFileURL(tree).href}/`);
    rmSync(raw, { recursive: true });
    return { path, seconds, reached };
  });
  return asked.sort((one, other) => one.seconds - other.seconds);
}

/** Whether the tests run what stands at a place of a compiled module. */
export function reaches({ reached }: Asked, module: string, offset: number): boolean {
  let innermost: Range | null = null;
  for (const range of reached.get(module) ?? []) {
    if (offset < range.startOffset || offset >= range.endOffset) continue;
    const isInner =
      innermost === null || range.endOffset - range.startOffset <= innermost.endOffset - innermost.startOffset;
    if (isInner) innermost = range;
  }
  return innermost !== null && innermost.count > 0;
}

/** The name of the first test that fails, null where none does. */
export function run(tree: string, asked: readonly Asked[]): string | null {
  const seconds = asked.reduce((sum, one) => sum + one.seconds, 0);
  const paths = asked.map(({ path }) => path);
  return runInOne(tree, paths, Math.ceil(MOST_TIMES * seconds + MOST_SECONDS), {}).failed;
}

function runInOne(tree: string, paths: readonly string[], mostSeconds: number, env: Readonly<Record<string, string>>) {
  const script = join(tree, "asked.mjs");
  writeFileSync(script, paths.map((path) => `await import("./${path}");\n`).join(""));
  const shell = `ulimit -t ${mostSeconds}; "$0" "$@"; code=$?; times >&3; exit $code`;
  const reporter = join(tree, "test/mutation/first-failure.js");
  const argv = [process.execPath, `--test-reporter=${reporter}`, "--test-reporter-destination=stdout", script];
  const { status, output } = spawnSync("sh", ["-c", shell, ...argv], {
    cwd: tree,
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const [, stdout, stderr, times] = output;
  // The last two times are those of the processes that the shell has started: of the program, and of the system for it.
  const seconds = [...(times ?? "").matchAll(/(\d+)m([\d.]+)s/g)]
    .slice(2)
    .reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0);
  const why = stdout?.split("\n")[0] || stderr?.match(/^\w*Error.*$/m)?.[0] || `exit ${status}`;
  return { failed: status === 0 ? null : why, seconds };
}

function reachedIn(raw: string, base: string): ReadonlyMap<string, readonly Range[]> {
  const reached = new Map<string, readonly Range[]>();
  for (const name of readdirSync(raw)) {
    const { result } = JSON.parse(readFileSync(join(raw, name), "utf8")) as Coverage;
    for (const { url, functions } of result) {
      const module = url.startsWith(base) ? url.slice(base.length) : "";
      if (!module.startsWith("src/kernel/") || reached.has(module)) continue;
      reached.set(
        module,
        functions.flatMap(({ ranges }) => ranges),
      );
    }
  }
  return reached;
}
