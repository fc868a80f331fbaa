/**
 * The command `explain`: what a setting really gives, without a run. It has one topic, the receive buffer. It resolves kernel,
 * cap and build as a run would, so that both mean the same kernel by the same flags, and hands them to the explainer.
 */
import { RELEASES, type Release, releaseFor } from "../../kernel/release.js";
import { choice } from "../../scenario/choice.js";
import type { Overrides } from "../../scenario/defaults.js";
import { inPlace, quoted, UsageError } from "../../scenario/errors.js";
import { parseSize } from "../../scenario/units.js";
import { hasColour } from "../colour.js";
import type { CommandAction } from "../command.js";
import type { Dependencies, Explainer, Resolve } from "../dependencies.js";
import { EXIT } from "../exit-codes.js";
import { note } from "../failure.js";
import { type Given, readFlags, type Settings } from "../flag.js";
import { ALL_KERNELS, EXPLAIN_FLAGS } from "../flags.js";
import { hostKernelNote, withHostKernel } from "../host-kernel.js";
import { type Io, widthOf } from "../io.js";

const SCHEMA_VERSION = 1;
const TOPICS = ["buffer"] as const;
/** SO_RCVBUF takes an int. */
const REQUEST = { min: 0, max: 2 ** 31 - 1 };

export const explain: CommandAction = {
  flags: EXPLAIN_FLAGS,
  defaults: (resolve) => resolve("flush", {}),
  run: runExplain,
};

async function runExplain(
  given: readonly Given[],
  io: Io,
  dependencies: Dependencies,
  operands: readonly string[],
): Promise<number> {
  const requestedBytes = requestOf(operands);
  const { settings } = readFlags(EXPLAIN_FLAGS, withHostKernel(given, dependencies));
  const resolve = await dependencies.resolve();
  const explainer = await dependencies.explainer();
  const explained = kernelsOf(settings).map((overrides) =>
    explainedFor(requestedBytes, overrides, settings.force, resolve, explainer),
  );
  for (const { kernel } of explained) {
    for (const sentence of hostKernelNote(given, kernel)) note(io, `note: ${sentence}`);
  }
  io.stdout.write(render(explained, settings, io, explainer));
  return EXIT.ok;
}

/** Throws UsageError. */
function requestOf([topic, size, ...others]: readonly string[]): number {
  if (topic === undefined) throw new UsageError("expected a topic (buffer SIZE) after explain, got nothing");
  inPlace("explain", () => choice(TOPICS)(topic));
  if (size === undefined) throw new UsageError("expected a size after explain buffer, such as 512k, got nothing");
  if (others.length > 0) {
    throw new UsageError(`expected only flags after explain buffer ${size}, got ${quoted(others[0]!)}`);
  }
  return inPlace("explain buffer", () => parseSize(size, REQUEST));
}

/** What to resolve for each kernel that was asked for. */
function kernelsOf({ overrides }: Settings): Overrides[] {
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
  const { kernel, kernelConfig, rmemMaxBytes, protocol, family } = resolve("flush", overrides);
  const release = releaseFor(kernel)!;
  const request = { requestedBytes, release, config: kernelConfig, rmemMaxBytes, protocol, family, force };
  return { kernel, explanation: inPlace("explain buffer", () => explainBuffer(request)) };
}

function render(explained: readonly Explained[], settings: Settings, io: Io, explainer: Explainer): string {
  if (settings.format === "json") {
    const explanations = explained.map(({ kernel, explanation }) => ({ kernel, ...explanation }));
    return `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, explanations }, null, 2)}\n`;
  }
  const options = { colour: hasColour(io.stdout, io.env, settings.colour), width: widthOf(io.stdout) };
  if (settings.overrides.kernel === ALL_KERNELS) {
    return explainer.renderReleaseTable(
      explained.map(({ explanation }) => explanation),
      options,
    );
  }
  const { kernel, explanation } = explained[0]!;
  return explainer.renderExplanation(kernel, explanation, options);
}
