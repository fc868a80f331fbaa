/**
 * The command `host`: what is set on this machine, who listens to conntrack's events, and what a flush of the present
 * table would do to each. It reads and changes nothing, and needs no root; what that hides is named.
 */
import { releaseFor } from "../../kernel/release.js";
import type { HostFacts, HostReport, HostSample } from "../../report/host.js";
import { UsageError } from "../../scenario/errors.js";
import type { Scenario } from "../../scenario/scenario.js";
import { formatDuration, HOUR, MILLISECOND, parseCount, parseDuration, SECOND } from "../../scenario/units.js";
import { NO_COLOR } from "../colour.js";
import type { Call, Command } from "../command.js";
import type { Surveying } from "../dependencies.js";
import { formatFlag, mainSink, OUTPUT_FILE, PRINT_CONFIG, placeOf } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { type FlagValues, readFlags, valued } from "../flag.js";
import { abortOnInterrupt, interruptedBy } from "../interrupt.js";
import type { Io } from "../io.js";
import { parameterFlag } from "../parameter-flags.js";
import { SUMMARIES } from "../summaries.js";

const WATCH = valued({
  name: "watch",
  value: "INTERVAL",
  heading: "Run:",
  description: "then print drops per second in such intervals, until Ctrl-C",
  parse: (text) => parseDuration(text, { min: 100 * MILLISECOND, max: HOUR }),
  format: formatDuration,
});

const WATCH_FOR = valued({
  name: "watch-for",
  value: "COUNT",
  heading: "Run:",
  description: "with --watch: end after so many intervals",
  parse: (text) => parseCount(text, { min: 1, max: 1e6 }),
});

const FORMAT = formatFlag(["text", "json"]);

const READER = parameterFlag("reader");
const FLAGS = [
  parameterFlag("connections"),
  parameterFlag("protocol"),
  parameterFlag("family"),
  READER,
  WATCH,
  WATCH_FOR,
  FORMAT,
  OUTPUT_FILE,
  NO_COLOR,
  PRINT_CONFIG,
];

export const host: Command = {
  name: "host",
  summary: SUMMARIES.host,
  examples: [
    ["host", "kernel, table, settings, and each listener"],
    ["host --reader 38us", "readers that take 38 µs for a message"],
    ["host --connections 60k", "as if the table had 60,000 entries"],
    ["host --watch 10s", "drops per second, until Ctrl-C"],
    ["host --print-config > host.yaml", "a scenario to take home: ct-reliable run host.yaml"],
  ],
  flags: FLAGS,
  defaults: null,
  run: runHost,
};

async function runHost({ given, io, dependencies }: Call): Promise<number> {
  const flags = readFlags(FLAGS, given);
  if (flags.has(WATCH_FOR) && !flags.has(WATCH)) {
    throw new UsageError("--watch-for: expected --watch INTERVAL beside it, got none");
  }
  const surveying = await dependencies.surveying();
  const source = await surveying.thisHost();
  try {
    const facts = surveying.surveyOf(source);
    const scenario = surveying.hostScenario(facts, flags.overrides);
    const sink = mainSink(flags, io);
    if (flags.has(PRINT_CONFIG)) {
      sink.write(printed(facts, scenario, flags, surveying));
      return EXIT.ok;
    }
    const report: HostReport = {
      schemaVersion: 1,
      tool: surveying.TOOL,
      facts,
      verdicts: await surveying.hostVerdicts(facts, scenario, await dependencies.backend()),
      assumed: surveying.assumptionsOf(facts, scenario, flags.has(READER)),
      samples: [],
    };
    const text = (samples: readonly HostSample[]): string =>
      surveying.renderHost(
        { ...report, samples },
        {
          ...placeOf(flags, io),
          format: flags.of(FORMAT) ?? "text",
          standardTimeouts: releaseFor(facts.kernel.release)?.timeoutsSeconds ?? {},
        },
      );
    const interval = flags.of(WATCH);
    if (interval === null) {
      sink.write(text([]));
      return EXIT.ok;
    }
    const rows = surveying.sampleTable(facts.listeners);
    // What a person looks at comes as it happens; a file and JSON are there whole, at the end.
    const streams = flags.of(FORMAT) !== "json" && !flags.has(OUTPUT_FILE);
    if (streams) sink.write(`${text([])}\n${rows.head}`);
    const { samples, interrupted } = await watched({
      interval,
      most: flags.of(WATCH_FOR) ?? Number.POSITIVE_INFINITY,
      read: () => surveying.readingOf(source),
      sample: (before, after, seconds) => surveying.sampleOf(before, after, facts.listeners, seconds),
      see: (sample) => {
        if (streams) sink.write(rows.row(sample));
      },
      surveying,
      io,
    });
    if (!streams) {
      const whole = text(samples);
      const json = flags.of(FORMAT) === "json";
      sink.write(json ? whole : [`${whole}\n${rows.head}`, ...samples.map((sample) => rows.row(sample))].join("\n"));
    }
    return interrupted ? interruptedBy(io.signals) : EXIT.ok;
  } finally {
    source.close();
  }
}

type Reading = ReturnType<Surveying["readingOf"]>;

interface Watch {
  /** Nanoseconds. */
  interval: number;
  most: number;
  read(): Reading;
  sample(before: Reading, after: Reading, seconds: number): HostSample;
  see(sample: HostSample): void;
  surveying: Surveying;
  io: Io;
}

async function watched({ interval, most, read, sample, see, surveying, io }: Watch) {
  const samples: HostSample[] = [];
  const interrupt = abortOnInterrupt(io, null);
  try {
    let before = { reading: read(), seconds: surveying.seconds() };
    while (samples.length < most && !(await surveying.pause((1000 * interval) / SECOND, interrupt.signal))) {
      const now = { reading: read(), seconds: surveying.seconds() };
      const taken = sample(before.reading, now.reading, now.seconds - before.seconds);
      samples.push(taken);
      see(taken);
      before = now;
    }
  } finally {
    interrupt.release();
  }
  return { samples, interrupted: interrupt.requested() };
}

/** A listener for each socket whose buffer is known, in the order of the report. */
function printed(
  facts: HostFacts,
  scenario: Scenario | null,
  flags: FlagValues,
  { printScenarioFile }: Surveying,
): string {
  if (scenario === null) {
    throw new UsageError(`--print-config: expected a kernel that the model knows, got Linux ${facts.kernel.release}`);
  }
  const names = facts.listeners
    .filter(({ rcvbufBytes }) => rcvbufBytes !== null)
    .map(({ holder, portid }) => holder?.name ?? `port ${portid}`);
  const who =
    names.length === 0 ? "nobody listened there; the listener is the usual one" : `listeners: ${names.join(", ")}`;
  const title = `conntrack -F on a host with Linux ${facts.kernel.release}`;
  return printScenarioFile(
    {
      name: "host",
      title,
      story: `As ct-reliable host found it: ${who}.`,
      shows: "",
      sources: [],
      runs: 1,
      cases: [{ variant: null, title, scenario, expectations: [] }],
    },
    flags.of(FORMAT) === "json" ? "json" : "yaml",
  );
}
