/**
 * The command `explain`: what a setting really gives, without a run. It has one topic, the receive buffer. It resolves
 * kernel, cap and build as a run would, so that both mean the same kernel by the same flags, and hands them to the
 * explainer.
 */
import { GLOSSARY, termFor } from "../../explain/glossary.js";
import { effectiveRelease } from "../../kernel/effective-release.js";
import { RELEASES, type Release } from "../../kernel/release.js";
import type { Overrides } from "../../scenario/defaults.js";
import { inPlace, listed, quoted, UsageError } from "../../scenario/errors.js";
import { HOST } from "../../scenario/scenario.js";
import { didYouMean } from "../../scenario/suggest.js";
import { parseSize } from "../../scenario/units.js";
import { NO_COLOR } from "../colour.js";
import type { Call, Command } from "../command.js";
import type { Explainer, Resolve } from "../dependencies.js";
import { formatFlag, placeOf } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { noteAll } from "../failure.js";
import { type FlagValues, readFlags, switched } from "../flag.js";
import { wrapped } from "../help.js";
import { hostKernelNote, withHostKernel } from "../host-kernel.js";
import { type Io, widthOf } from "../io.js";
import { kernelFlag, parameterFlag } from "../parameter-flags.js";
import { SUMMARIES } from "../summaries.js";

const SCHEMA_VERSION = 1;
const BUFFER = "buffer";
/** SO_RCVBUF takes an int. */
const REQUEST = { min: 0, max: 2 ** 31 - 1 };

const ALL_KERNELS = "all";

const FORCE = switched({
  name: "force",
  heading: "Socket and reader:",
  description: "ask with SO_RCVBUFFORCE, which needs CAP_NET_ADMIN and knows no cap",
});

const FORMAT = formatFlag(["text", "json"]);

/** What a buffer holds depends on these alone. */
const FLAGS = [
  kernelFlag(
    "VERSION|all|host",
    "release of the kernel, in any form that uname -r has; all: a table of all releases; host: of this machine's",
    [ALL_KERNELS, HOST],
  ),
  parameterFlag("kernel-config"),
  parameterFlag("admission"),
  parameterFlag("rmem-max"),
  FORCE,
  parameterFlag("protocol"),
  parameterFlag("family"),
  FORMAT,
  NO_COLOR,
];

export const explain: Command = {
  name: "explain",
  summary: SUMMARIES.explain,
  operands: "buffer SIZE|WORD",
  examples: [
    ["explain buffer 512k --kernel 6.18", "what becomes of a request for 512 KiB"],
    ["explain dying list", "a word of the reports"],
    ["explain buffer 2048 --kernel all", "the same request on every release"],
    ["explain buffer 8MiB --kernel host --force", "SO_RCVBUFFORCE on a kernel such as this machine's"],
    ["explain buffer 208k --protocol tcp --family ipv6 --format json", "another flow, for a program to read"],
  ],
  flags: FLAGS,
  defaults: "flush",
  run: runExplain,
};

async function runExplain({ given, operands, io, dependencies }: Call): Promise<number> {
  const word = operands.join(" ");
  const term = operands[0] === "buffer" && operands.length > 1 ? null : termFor(word);
  if (term !== null && operands.length > 0) {
    readFlags(FLAGS, given);
    io.stdout.write(`${term.word}: ${wrapped(term.meaning, widthOf(io.stdout) - 4).join("\n    ")}\n`);
    return EXIT.ok;
  }
  const requestedBytes = requestOf(operands);
  const flags = readFlags(FLAGS, withHostKernel(given, dependencies));
  const resolve = await dependencies.resolve();
  const explainer = await dependencies.explainer();
  const explained = kernelsOf(flags).map((overrides) =>
    explainedFor(requestedBytes, overrides, flags.has(FORCE), resolve, explainer),
  );
  for (const { kernel } of explained) noteAll(io, hostKernelNote(given, kernel));
  io.stdout.write(render(explained, flags, io, explainer));
  return EXIT.ok;
}

/** Throws UsageError. */
function requestOf([topic, size, ...others]: readonly string[]): number {
  if (topic === undefined) {
    throw new UsageError("expected buffer SIZE, or a word of the reports, after explain, got nothing");
  }
  if (topic !== BUFFER || size === undefined) throw unknownWord([topic, size, ...others].join(" ").trim());
  if (others.length > 0) {
    throw new UsageError(`expected only flags after explain buffer ${size}, got ${quoted(others[0]!)}`);
  }
  return inPlace("explain buffer", () => parseSize(size, REQUEST));
}

function unknownWord(text: string): UsageError {
  const words = GLOSSARY.map(({ word }) => word);
  const known = [BUFFER, ...GLOSSARY.flatMap(({ word, also }) => [word, ...also])];
  const typo = didYouMean(text, known) || didYouMean(text.split(" ")[0]!, known);
  return new UsageError(`explain: expected buffer SIZE, or one of ${listed(words)}, got ${quoted(text)}${typo}`);
}

/** What to resolve for each kernel that was asked for. */
function kernelsOf({ overrides }: FlagValues): Overrides[] {
  return overrides.kernel === ALL_KERNELS ? RELEASES.map((release) => overridesFor(release, overrides)) : [overrides];
}

/** A table over all releases gives each what it can have: the cache of small heads came late. */
function overridesFor(release: Release, overrides: Overrides): Overrides {
  const { smallHeadBytes, ...others } = overrides.kernelConfig ?? {};
  const small = smallHeadBytes !== undefined && release.config.smallHeadBytes > 0 ? { smallHeadBytes } : {};
  return { ...overrides, kernel: release.version, kernelConfig: { ...others, ...small } };
}

interface Explained {
  /** As it was asked for. */
  kernel: string;
  explanation: ReturnType<Explainer["explainBuffer"]>;
}

function explainedFor(
  requestedBytes: number,
  overrides: Overrides,
  force: boolean,
  resolve: Resolve,
  { explainBuffer }: Explainer,
): Explained {
  const scenario = resolve("flush", overrides);
  const { kernel, kernelConfig, rmemMaxBytes, protocol, family } = scenario;
  const release = effectiveRelease(scenario)!;
  const request = { requestedBytes, release, config: kernelConfig, rmemMaxBytes, protocol, family, force };
  return { kernel, explanation: inPlace("explain buffer", () => explainBuffer(request)) };
}

function render(explained: readonly Explained[], flags: FlagValues, io: Io, explainer: Explainer): string {
  if (flags.of(FORMAT) === "json") {
    const explanations = explained.map(({ kernel, explanation }) => ({ kernel, ...explanation }));
    return `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, explanations }, null, 2)}\n`;
  }
  const options = placeOf(flags, io);
  if (flags.overrides.kernel === ALL_KERNELS) {
    return explainer.renderReleaseTable(
      explained.map(({ explanation }) => explanation),
      options,
    );
  }
  const { kernel, explanation } = explained[0]!;
  return explainer.renderExplanation(kernel, explanation, options);
}
