/**
 * The command `size`: the smallest buffer, the highest rate, the slowest reader that meets what is expected. It reads
 * the question and says how to confirm the answer; the search is study/size.ts.
 */
import { choice } from "../../scenario/choice.js";
import { inPlace, quoted, UsageError } from "../../scenario/errors.js";
import { parseExpectation } from "../../scenario/expectation.js";
import type { Findable, SizeReport } from "../../study/size.js";
import { assumedMachine, assumedReader } from "../assumed.js";
import type { Call, Command } from "../command.js";
import { QUIET } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { EXPECT } from "../experiment.js";
import { note, noteAll, reportBug } from "../failure.js";
import { type Flag, type FlagValues, readFlags, valued } from "../flag.js";
import { hostKernelNote, withHostKernel } from "../host-kernel.js";
import { abortOnInterrupt, breathing, interruptedBy } from "../interrupt.js";
import { lineView, noteOver } from "../progress.js";
import { repeatingCommand, shellLine } from "../repeat.js";
import { ONLY, runsFlag } from "../scenario-choice.js";
import { drawSeed } from "../seed.js";
import { STUDY, STUDY_OUTPUT, studyOutputs, WORKERS } from "../study/flags.js";
import { givenOverrides, SUBJECT_FLAGS, SUBJECT_OPERAND, type Subject, subjectOf } from "../study/subject.js";
import { SUMMARIES } from "../summaries.js";

const USUAL_RUNS = 20;
const FINDABLE: readonly Findable[] = ["buffer", "rate", "reader", "grace-max", "nf-conntrack-max"];

const FIND = valued({
  name: "find",
  value: "PARAMETER",
  heading: STUDY,
  description:
    "what to search for: the smallest buffer or nf-conntrack-max, the highest rate, the slowest reader, the longest " +
    "grace-max that meets what is expected",
  choices: FINDABLE,
  repeats: true,
  parse: choice(FINDABLE),
});

const RUNS = runsFlag(`seeds with which a value must hold (default: ${USUAL_RUNS})`);

const FLAGS: readonly Flag[] = [FIND, EXPECT, RUNS, WORKERS, ONLY, ...SUBJECT_FLAGS, ...STUDY_OUTPUT];

export const size: Command = {
  name: "size",
  summary: SUMMARIES.size,
  operands: SUBJECT_OPERAND,
  examples: [
    [
      "size flush --connections 5000 --find buffer --expect 'destroy.lost == 0' --policy lossy",
      "a buffer that loses nothing",
    ],
    [
      "size flood --find rate --expect 'destroy.lost <= 1%' --policy lossy --buffer 208k",
      "what my buffer and reader survive",
    ],
    ["size flood --find reader --expect 'update.lost == 0' --runs 50", "how slow the reader may be"],
    ["size scenarios/conntrack-flush.yaml --find grace-max", "what a scenario file expects"],
  ],
  flags: FLAGS,
  defaults: null,
  run: runSize,
};

async function runSize(call: Call): Promise<number> {
  const { given, operands, io, dependencies } = call;
  const flags = readFlags(FLAGS, withHostKernel(given, dependencies));
  drawSeed(flags);
  const find = flags.of(FIND);
  if (find === null) throw new UsageError("--find: expected what to search for, such as buffer, got nothing");
  const suites = await dependencies.suites();
  const over = givenOverrides(flags, io);
  const subject = subjectOf(operands, { over, only: flags.of(ONLY), suites, command: "size", io });
  const outputs = studyOutputs(flags, io);
  const resolve = await dependencies.resolve();
  const base = resolve(subject.experiment, subject.overrides);
  const { seed, kernel } = base;
  const assumed = [...(find === "reader" ? [] : assumedReader(over, base)), ...assumedMachine(over)];
  const notes = [...assumed, ...hostKernelNote(given, kernel)];
  if (!flags.has(QUIET)) noteAll(io, notes);
  const command = repeatingCommand(["size", ...operands, ...only(flags)], flags.canonical, seed);
  try {
    const report = await searched({ find, subject, flags, call });
    const { renderSize } = await dependencies.studies();
    const confirm = report.answer === null ? null : confirmation(report, { subject, operands, flags, seed });
    outputs.forEach(({ format, sink, ...place }, index) => {
      const quiet = index === 0 && flags.has(QUIET);
      sink.write(renderSize(report, format, { ...place, quiet, command, confirm }));
    });
    if (report.interrupted === true) {
      note(io, "interrupted: what was tried so far");
      return interruptedBy(io.signals);
    }
    if (report.missing !== undefined) return EXIT.missing;
    return report.answer === null ? EXIT.expectationFailed : EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return reportBug(io, error, command);
  }
}

interface Search {
  find: Findable;
  subject: Subject;
  flags: FlagValues;
  call: Call;
}

async function searched({ find, subject, flags, call: { io, dependencies } }: Search): Promise<SizeReport> {
  const { sizeUp, pool, bindExpectation, knowledgeOf, TOOL } = await dependencies.studies();
  const resolve = await dependencies.resolve();
  const knowledge = knowledgeOf(resolve(subject.experiment, subject.overrides), "simulation");
  const written = [...subject.expectations, ...flags.all(EXPECT)];
  if (written.length === 0)
    throw new UsageError("--expect: expected what must hold, such as 'destroy.lost == 0', got nothing");
  const expectations = written.map((text) =>
    inPlace("--expect", () => {
      const expectation = parseExpectation(text);
      if (expectation.limit.kind === "metric" && expectation.limit.variant !== null) {
        throw new UsageError(`expected an expectation of one scenario, got ${quoted(text)}`);
      }
      return bindExpectation(expectation, knowledge);
    }),
  );
  const view = await lineView(io, { quiet: flags.has(QUIET) });
  const interrupt = abortOnInterrupt(io, view);
  // A log that is replayed is in the memory of this thread.
  const workers = subject.overrides.replay ? 1 : (flags.of(WORKERS) ?? dependencies.cores());
  try {
    const { experiment, overrides } = subject;
    return await sizeUp(
      { find, experiment, overrides, expectations, runs: flags.of(RUNS) ?? USUAL_RUNS },
      pool(workers, await dependencies.backend(), breathing(), dependencies.memoryBytes()),
      {
        progress: (text) => view.update(`trying --${find} ${text}`),
        note: noteOver(view, io),
        signal: interrupt.signal,
      },
      { of: subject.of, tool: TOOL },
    );
  } finally {
    interrupt.release();
    view.stop();
  }
}

function only(flags: FlagValues): string[] {
  const pattern = flags.of(ONLY);
  return pattern === null ? [] : ["--only", pattern];
}

/**
 * The command line that runs the answer by itself with the same seeds: a scenario file, or one that is printed and
 * piped.
 */
function confirmation(
  { answer, find, runs }: SizeReport,
  {
    subject,
    operands,
    flags,
    seed,
  }: { subject: Subject; operands: readonly string[]; flags: FlagValues; seed: string },
): string {
  const found = answer!.flags.split(" ");
  const replaced = new Set(["--find", "--runs", ...found.filter((word) => word.startsWith("--")), `--${find}`]);
  const rest = without(flags.canonical, replaced);
  if (subject.isFile) {
    const words = ["run", ...operands, "--only", subject.of, "--runs", String(runs)];
    return repeatingCommand(words, [...found, ...rest], seed);
  }
  const printed = repeatingCommand([...operands], [...found, ...rest, "--print-config"], seed);
  return `${printed} | ${shellLine(["run", "-", "--runs", String(runs)])}`;
}

/** Canonical flags without some of them and their values. */
function without(canonical: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index < canonical.length; index++) {
    const word = canonical[index]!;
    if (!names.has(word)) kept.push(word);
    else if (canonical[index + 1]?.startsWith("--") === false) index++;
  }
  return kept;
}
