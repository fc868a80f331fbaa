/**
 * The command `trace`: what happened to one entry, or every message that the reader got, in the forms in which programs
 * take them. It resolves the scenario as `flood`, `flush` and `run` do; what a trace is, is said in trace/.
 */
import { listed, quoted, UsageError } from "../../scenario/errors.js";
import { EXPERIMENTS, type Experiment, type Scenario } from "../../scenario/scenario.js";
import { formatCount, parseCount } from "../../scenario/units.js";
import type { Wanted } from "../../trace/find.js";
import type { StreamFormat } from "../../trace/stream.js";
import { NO_COLOR } from "../colour.js";
import type { Call, Command } from "../command.js";
import type { Dependencies, Tracing } from "../dependencies.js";
import { formatFlag, mainSink, OUTPUT_FILE, placeOf } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { noteAll, reportBug } from "../failure.js";
import { type Flag, type FlagValues, readFlags, switched, valued } from "../flag.js";
import { hostKernelNote, withHostKernel } from "../host-kernel.js";
import { ineffectiveFlags } from "../ineffective.js";
import { breathing, interruptedBy, stopOnInterrupt } from "../interrupt.js";
import type { Io } from "../io.js";
import { flagOf, PARAMETER_FLAGS } from "../parameter-flags.js";
import { repeatingCommand } from "../repeat.js";
import { ONLY } from "../scenario-choice.js";
import { scenarioFiles } from "../scenario-files.js";
import { announceSeed, drawSeed } from "../seed.js";
import { SUMMARIES } from "../summaries.js";

const SCHEMA_VERSION = 1;
const WHICH = "Which entry:";
const LIFE_FORMATS = ["text", "json"] as const;
const STREAM_FORMATS: readonly StreamFormat[] = ["events", "jsonl", "pcap", "netlink"];
const BINARY_FORMATS: ReadonlySet<string> = new Set<StreamFormat>(["pcap", "netlink"]);

const ENTRY = valued({
  name: "entry",
  value: "N",
  heading: WHICH,
  description: "the Nth entry that the table makes, counted from 1",
  repeats: true,
  parse: (text) => parseCount(text, { min: 1, max: Number.MAX_SAFE_INTEGER }),
  format: formatCount,
});

const TUPLE = valued({
  name: "tuple",
  value: "ADDRESS|N",
  heading: WHICH,
  description: "the first entry of the conversation with this server address, or with this number, counted from 0",
  repeats: true,
  parse(text) {
    if (/^[\d.]+\.[\d.]*$/.test(text)) return text;
    if (/^\d/.test(text)) return parseCount(text, { min: 0, max: Number.MAX_SAFE_INTEGER });
    throw new UsageError(`expected an address such as 127.0.0.9, or a count, got ${quoted(text)}`);
  },
  format: String,
});

const FIRST_LOST = switched({
  name: "first-lost",
  heading: WHICH,
  description: "the first entry of which an event was lost",
  repeats: true,
});

const MOST_RESENT = switched({
  name: "most-resent",
  heading: WHICH,
  description: "the entry whose DESTROY was resent most often",
  repeats: true,
});

const ATTEMPTS = switched({
  name: "attempts",
  heading: "Output:",
  description: "events and jsonl: with the attempts that the socket refused, marked as such",
  repeats: true,
});

const FORMAT = formatFlag([...LIFE_FORMATS, ...STREAM_FORMATS]);

const FLAGS: readonly Flag[] = [
  ...[ENTRY, TUPLE, FIRST_LOST, MOST_RESENT, ONLY],
  ...PARAMETER_FLAGS,
  ...[FORMAT, OUTPUT_FILE, ATTEMPTS, NO_COLOR],
];

export const trace: Command = {
  name: "trace",
  summary: SUMMARIES.trace,
  operands: "[flood|flush|FILE]",
  examples: [
    ["trace flush --most-resent", "why the entry that waited longest did so"],
    ["trace flood --policy lossy --first-lost", "what was lost first, and what the buffer was like then"],
    ["trace flush --format events --attempts", "what conntrack -E would have printed, and what it never saw"],
    ["trace flush --kernel 6.18.44 --format pcap --output flush.pcap", "a capture for Wireshark"],
    ["trace scenarios/conntrack-flush.yaml --tuple 127.0.0.9 --format json", "one conversation of a scenario file"],
  ],
  flags: FLAGS,
  defaults: "flood",
  run: runTrace,
};

interface Traced {
  scenario: Scenario;
  wanted: Wanted | null;
  format: string;
  /** The command that repeats it. */
  repeat: string;
}

async function runTrace({ given, operands, io, dependencies }: Call): Promise<number> {
  const flags = readFlags(FLAGS, withHostKernel(given, dependencies));
  const drawn = drawSeed(flags);
  const tracing = await dependencies.tracing();
  const format = flags.of(FORMAT) ?? "text";
  const wanted = wantedEntry(flags, tracing);
  refuseOddFormat(flags, format, wanted, io);
  const scenario = await scenarioOf(operands, flags, { dependencies, io });
  const sink = mainSink(flags, io);
  noteAll(io, [
    ...hostKernelNote(given, scenario.kernel, scenario),
    ...ineffectiveFlags(flags.overrides, scenario, { live: false }),
  ]);
  if (drawn) announceSeed(flags, io);
  const repeat = repeatingCommand(["trace", ...operands], flags.canonical, scenario.seed);
  const interrupt = stopOnInterrupt(io, null);
  const watcher = { breathe: breathing(), stopRequested: interrupt.requested };
  const traced = { scenario, wanted, format, repeat };
  try {
    sink.write(
      isStream(format)
        ? await stream(traced, format, flags.has(ATTEMPTS), tracing, watcher)
        : await life(traced, flags, tracing, { io, watcher }),
    );
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return reportBug(io, error, repeat);
  } finally {
    interrupt.release();
  }
  return interrupt.requested() ? interruptedBy(io.signals) : EXIT.ok;
}

function isStream(format: string): format is StreamFormat {
  return (STREAM_FORMATS as readonly string[]).includes(format);
}

/** Null: every message. Throws UsageError. */
function wantedEntry(flags: FlagValues, { conversationOf }: Tracing): Wanted | null {
  const given = [ENTRY, TUPLE, FIRST_LOST, MOST_RESENT].filter((flag) => flags.has(flag));
  if (given.length > 1) {
    throw new UsageError(`expected one entry, got ${given.map(({ name }) => `--${name}`).join(" and ")}`);
  }
  const [entry, tuple] = [flags.of(ENTRY), flags.of(TUPLE)];
  if (entry !== null) return { entry };
  if (typeof tuple === "number") return { tuple };
  if (tuple !== null) {
    const conversation = conversationOf(tuple);
    if (conversation !== null) return { tuple: conversation };
    throw new UsageError(`--tuple: expected an address from 127.0.0.2 on, as the events show it, got ${quoted(tuple)}`);
  }
  if (flags.has(FIRST_LOST)) return "first-lost";
  return flags.has(MOST_RESENT) ? "most-resent" : null;
}

function refuseOddFormat(flags: FlagValues, format: string, wanted: Wanted | null, io: Io): void {
  if (wanted === null && !isStream(format)) {
    throw new UsageError(
      `expected an entry (--most-resent, --first-lost, --entry N or --tuple ADDRESS), or every message (--format ` +
        `${listed(STREAM_FORMATS)}), got neither`,
    );
  }
  if (flags.has(ATTEMPTS) && format !== "events" && format !== "jsonl") {
    throw new UsageError(`--attempts: expected --format events or jsonl beside it, got --format ${format}`);
  }
  if (BINARY_FORMATS.has(format) && !flags.has(OUTPUT_FILE) && io.stdout.isTTY === true) {
    throw new UsageError(`--format ${format}: expected --output FILE or a pipe for what is no text, got a terminal`);
  }
}

/** Throws UsageError. */
async function scenarioOf(
  operands: readonly string[],
  flags: FlagValues,
  { dependencies, io }: { dependencies: Dependencies; io: Io },
): Promise<Scenario> {
  const [what = "flood", ...others] = operands;
  if (others.length > 0) throw new UsageError(`expected one run to trace, got ${quoted(others[0]!)} as well`);
  if ((EXPERIMENTS as readonly string[]).includes(what)) {
    if (flags.has(ONLY)) throw new UsageError(`--only: expected a scenario file beside it, got ${what}`);
    return (await dependencies.resolve())(what as Experiment, flags.overrides);
  }
  const suites = await dependencies.suites();
  const plans = suites.planSuite(scenarioFiles([what], suites, io), {
    under: {},
    over: flags.overrides,
    nameOf: flagOf,
    runs: 1,
    only: flags.of(ONLY),
    backend: "simulation",
    refuse: () => {},
  });
  const [plan, ...more] = plans;
  if (plan === undefined || more.length > 0) {
    const names = plans.map(({ case: { name } }) => name).slice(0, 4);
    throw new UsageError(`expected one scenario (--only NAME chooses), got ${plans.length}: ${names.join(", ")}, …`);
  }
  return plan.scenarios[0]!;
}

interface Watcher {
  breathe(): Promise<void> | undefined;
  stopRequested(): boolean;
}

async function life(
  { scenario, wanted, format, repeat }: Traced,
  flags: FlagValues,
  tracing: Tracing,
  { io, watcher }: { io: Io; watcher: Watcher },
): Promise<string> {
  const life = await tracing.traceLife(scenario, wanted!, watcher);
  if (life === null) throw noEntry(wanted!, watcher);
  if (format === "text")
    return `${tracing.renderLife(life, scenario, placeOf(flags, io))}\nRepeat it with\n${repeat}\n`;
  const { tool, ...trace } = { tool: tracing.TOOL, ...life };
  const story = tracing.storyOf(life, scenario);
  return tracing.renderJson({ schemaVersion: SCHEMA_VERSION, tool, scenario, story, ...trace });
}

async function stream(
  { scenario, wanted }: Traced,
  format: StreamFormat,
  attempts: boolean,
  tracing: Tracing,
  watcher: Watcher,
): Promise<Uint8Array> {
  const life = wanted === null ? null : await tracing.traceLife(scenario, wanted, watcher);
  if (wanted !== null && life === null) throw noEntry(wanted, watcher);
  const form = tracing.STREAM_FORMS[format];
  const parts: Uint8Array[] = [form.begin];
  await tracing.traceMessages(
    scenario,
    (message) => {
      if (message.refused !== null && !attempts) return;
      if (life !== null && (message.tuple !== life.tuple || message.id !== life.id)) return;
      parts.push(form.message(message));
    },
    watcher,
  );
  return Buffer.concat(parts);
}

/** What the question found instead of an entry. */
function noEntry(wanted: Wanted, { stopRequested }: Watcher): UsageError {
  if (stopRequested()) return new UsageError("expected a run to its end, got an interrupted one");
  if (wanted === "first-lost") return inFlag("first-lost", "a run that loses an event", "one that lost none");
  if (wanted === "most-resent") return inFlag("most-resent", "a run that resends a DESTROY", "one without a resend");
  if ("entry" in wanted) return inFlag("entry", "an entry that the table made", `${wanted.entry}`);
  return inFlag("tuple", "a conversation of the run", `${wanted.tuple}`);
}

function inFlag(name: string, expected: string, got: string): UsageError {
  return new UsageError(`--${name}: expected ${expected}, got ${got}`);
}
