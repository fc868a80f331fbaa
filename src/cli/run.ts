/**
 * The command `run`: scenario files and their expectations, for CI. It gathers and reads the files, hands them to the study, and
 * turns the verdict into formats and an exit code. It decides nothing about scenarios (scenario/file.ts) or seeds and order
 * (study/suite.ts).
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { Origin, SuiteReport } from "../report/suite.js";
import { quoted, UsageError } from "../scenario/errors.js";
import type { Plan } from "../study/suite.js";
import type { CliCommand } from "./command.js";
import type { Dependencies, Suites } from "./dependencies.js";
import { EXIT } from "./exit-codes.js";
import { note, reportBug } from "./failure.js";
import { type Given, readFlags, type Settings } from "./flag.js";
import { flagOf, RUN_COMMAND_FLAGS } from "./flags.js";
import { withHostKernel } from "./host-kernel.js";
import { breathing, listenForInterrupt } from "./interrupt.js";
import type { Io } from "./io.js";
import { mainSink, openOutputs } from "./outputs.js";
import { countView } from "./progress.js";
import { repeatingCommand, shellLine } from "./repeat.js";
import { announceSeed, drawSeed } from "./seed.js";

const EXTENSIONS = [".yaml", ".yml", ".json"];
const STANDARD_INPUT = "-";
/** Scenario files are written by people; more than this is something else. */
const LARGEST_FILE_BYTES = 1024 * 1024;

export const run: CliCommand = {
  name: "run",
  summary: "run scenario files and check their expectations",
  operands: "FILE|FOLDER...",
  examples: [
    ["run scenarios/", "every scenario of a folder"],
    ["run scenarios/ --export junit=report.xml --export markdown=comment.md", "the same in CI"],
    ["run scenarios/conntrack-flush.yaml --kernel 6.18.44", "one scenario on another kernel"],
    ["run scenarios/ --only 'seed-*' --runs 20", "some of them, each with twenty seeds"],
    ["run - < scenario.yaml", "a scenario from standard input"],
  ],
  flags: RUN_COMMAND_FLAGS,
  defaults: null,
  run: runFiles,
};

async function runFiles(
  given: readonly Given[],
  io: Io,
  dependencies: Dependencies,
  operands: readonly string[],
): Promise<number> {
  const { settings, canonical } = readFlags(RUN_COMMAND_FLAGS, withHostKernel(given, dependencies));
  const drawn = drawSeed(settings);
  const suites = await dependencies.suites();
  const files = gather(operands).flatMap(({ file, name }) => suites.readScenarioFiles(textOf(file), file, name));
  const plans = suites.planSuite(files, {
    over: settings.overrides,
    nameOf: flagOf,
    runs: settings.runs,
    only: settings.only,
    backend: "simulation",
  });
  if (settings.printConfig) {
    mainSink(settings, io).write(printed(plans, settings, suites));
    return EXIT.ok;
  }
  const outputs = openOutputs(settings, io, dependencies);
  if (drawn) announceSeed(settings, io);
  const words = ["run", ...operands];
  const { seed } = settings.overrides;
  const command = seed === undefined ? shellLine([...words, ...canonical]) : repeatingCommand(words, canonical, seed);
  let report: SuiteReport;
  try {
    report = await watched(plans, settings, { io, dependencies, suites });
  } catch (error) {
    return reportBug(io, error, command);
  }
  const suite = { report, origins: plans.map((plan) => originOf(plan, canonical)) };
  await outputs.write(command, (renderer, options) => renderer.suite(suite, options));
  if (io.env.GITHUB_ACTIONS === "true")
    io.stderr.write((await import("../report/annotations.js")).renderAnnotations(suite));
  return verdict(suite.report, suite.origins, io);
}

interface Gathered {
  /** As sentences name it. */
  file: string;
  /** What the scenario is called when it does not say. */
  name: string;
}

/** Every file that was named, and those of folders in the order of their names. Throws UsageError. */
function gather(operands: readonly string[]): Gathered[] {
  if (operands.length === 0) {
    throw new UsageError("expected scenario files or folders after run, such as scenarios/, got nothing");
  }
  return operands.flatMap((operand) => {
    if (operand === STANDARD_INPUT) return [{ file: STANDARD_INPUT, name: "stdin" }];
    const found = readable(operand, () => statSync(operand)).isDirectory() ? scenariosIn(operand) : [operand];
    return found.map((file) => ({ file, name: path.basename(file, path.extname(file)) }));
  });
}

function scenariosIn(folder: string): string[] {
  const files = readable(folder, () => readdirSync(folder, { recursive: true, encoding: "utf8" }))
    .filter((name) => EXTENSIONS.includes(path.extname(name)))
    .map((name) => path.join(folder, name))
    .filter((file) => readable(file, () => statSync(file)).isFile())
    .sort();
  if (files.length > 0) return files;
  throw new UsageError(`expected scenario files (${EXTENSIONS.join(", ")}) in the folder ${quoted(folder)}, got none`);
}

function textOf(file: string): string {
  const bytes = readable(file, () => {
    const size = file === STANDARD_INPUT ? 0 : statSync(file).size;
    if (size > LARGEST_FILE_BYTES) throw tooLarge(file, size);
    return readFileSync(file === STANDARD_INPUT ? 0 : file);
  });
  if (bytes.length > LARGEST_FILE_BYTES) throw tooLarge(file, bytes.length);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${file}: expected a scenario in YAML or JSON, got a binary file`);
  }
}

function tooLarge(file: string, bytes: number): UsageError {
  return new UsageError(`${file}: expected a scenario file of at most ${LARGEST_FILE_BYTES} bytes, got ${bytes}`);
}

function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = /^[A-Z]+: (.+?),/.exec(error instanceof Error ? error.message : "")?.[1] ?? String(error);
    throw new UsageError(`expected a scenario file that can be read, got ${quoted(file)} (${reason})`);
  }
}

/** Every file as it would run: parameters resolved, flags and environment laid over them. */
function printed(plans: readonly Plan[], settings: Settings, { printScenarioFile }: Suites): string {
  const form = settings.format === "json" ? "json" : "yaml";
  // What --only leaves out is needed where something is compared with it.
  const needed = new Set(plans.flatMap((plan) => [plan, ...plan.beside.values()]));
  const files = [...new Set(plans.map(({ file }) => file))];
  return files
    .map((file) => {
      const own = file.cases.flatMap((one) => [...needed].filter((plan) => plan.case === one));
      return printScenarioFile({ ...file, runs: own[0]!.scenarios.length, cases: own.map(printedCase) }, form);
    })
    .join(form === "json" ? "" : "---\n");
}

function printedCase({ case: one, scenarios }: Plan) {
  const { variant, title, expectations } = one;
  return { variant, title, scenario: scenarios[0]!, expectations: expectations.map(({ expression }) => expression) };
}

async function watched(
  plans: readonly Plan[],
  settings: Settings,
  { io, dependencies, suites }: { io: Io; dependencies: Dependencies; suites: Suites },
): Promise<SuiteReport> {
  const view = await countView(io, { quiet: settings.quiet, noun: "runs" });
  const stop = new AbortController();
  const interrupt = listenForInterrupt(io.signals, () => {
    view.stop();
    note(io, "stopping; Ctrl-C again ends at once");
    stop.abort();
  });
  try {
    const runAll = suites.pool(dependencies.cores(), await dependencies.backend(), breathing());
    return await suites.runSuite(plans, runAll, {
      bail: settings.bail,
      watch: { progress: view.update, signal: stop.signal },
    });
  } finally {
    interrupt.release();
    view.stop();
  }
}

function originOf({ file, case: one, scenarios, expectations }: Plan, canonical: readonly string[]): Origin {
  const only = one.variant === null ? [] : ["--only", one.name];
  return {
    path: file.path,
    line: one.place.line,
    expectationLines: expectations.map(({ place }) => place.line),
    command: repeatingCommand(["run", file.path, ...only], canonical, scenarios[0]!.seed),
  };
}

/** A broken invariant makes every other figure doubtful, so it comes first. */
function verdict(report: SuiteReport, origins: readonly Origin[], io: Io): number {
  for (const [index, { name, reports }] of report.scenarios.entries()) {
    const broken = reports.find(({ invariants }) => invariants.violated.length > 0);
    if (broken === undefined) continue;
    const rules = broken.invariants.violated.join("; ");
    return reportBug(io, `expected every invariant to hold in ${name}, got ${rules}`, origins[index]!.command);
  }
  if (report.interrupted) {
    note(io, "interrupted: the summary so far");
    return EXIT.interrupted;
  }
  return report.ok ? EXIT.ok : EXIT.expectationFailed;
}
