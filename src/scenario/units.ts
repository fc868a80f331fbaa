/**
 * Sizes, durations, rates and counts as people write them (`208k`, `15s`, `50k/s`, `20k`), and the one canonical form
 * in which they are echoed. Parsing is strict and exact: plain decimals only, no signs, exponents, leading zeros or
 * spaces, and nothing is rounded. What a parser returns is in its range; which range is sensible, the caller decides.
 * format(parse(text)) is canonical, parse(format(value)) is the value.
 */
import { quoted, UsageError } from "./errors.js";

/** Both ends included. */
export interface Range {
  min: number;
  max: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

const NANOSECOND = 1;
export const MICROSECOND = 1000 * NANOSECOND;
export const MILLISECOND = 1000 * MICROSECOND;
export const SECOND = 1000 * MILLISECOND;
const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Virtual time is an integer count of nanoseconds in a double, which is safe to 104 days. */
export const LONGEST_DURATION = 104 * DAY;

export const RATES: Range = { min: 0.001, max: 1e7 };

/** A decimal without sign, exponent or leading zero, then a unit. */
const QUANTITY = /^(0|[1-9]\d*)(?:\.(\d+))?([A-Za-z\u00b5\u03bc]*)$/;

interface Kind {
  /** What is expected, as the sentence says it. */
  noun: string;
  examples: string;
  /** How many of the thing that is counted a unit holds. */
  units: ReadonlyMap<string, number>;
  /** What is expected where a fraction of the smallest thing is given. */
  whole: string;
  format(value: number): string;
}

const SIZE: Kind = {
  noun: "a size",
  examples: "2048, 208k or 8MiB",
  units: new Map([
    ...["", "B"].map((unit) => [unit, 1] as const),
    ...["k", "K", "KiB"].map((unit) => [unit, KIB] as const),
    ...["M", "MiB"].map((unit) => [unit, MIB] as const),
    ...["G", "GiB"].map((unit) => [unit, GIB] as const),
    ["kB", 1e3],
    ["MB", 1e6],
    ["GB", 1e9],
  ]),
  whole: "a size of whole bytes",
  format: formatSize,
};

/** From the largest down, in the spelling that is echoed. */
const DURATION_UNITS: readonly (readonly [string, number])[] = [
  ["d", DAY],
  ["h", HOUR],
  ["m", MINUTE],
  ["s", SECOND],
  ["ms", MILLISECOND],
  ["us", MICROSECOND],
  ["ns", NANOSECOND],
];

const DURATION: Kind = {
  noun: "a duration",
  examples: "200us, 15s or 2m",
  // Micro is also written with the sign U+00B5 or the Greek letter U+03BC.
  units: new Map([...DURATION_UNITS, ["\u00b5s", MICROSECOND], ["\u03bcs", MICROSECOND]]),
  whole: "a duration of whole nanoseconds",
  format: formatDuration,
};

/** A duration that the kernel keeps in seconds. Counted in nanoseconds all the same. */
const SECONDS: Kind = { ...DURATION, examples: "15s or 2m" };

const COUNT: Kind = {
  noun: "a count",
  examples: "200, 20k or 1M",
  units: new Map([
    ["", 1],
    ["k", 1e3],
    ["K", 1e3],
    ["M", 1e6],
  ]),
  whole: "a whole number",
  format: formatCount,
};

/** Bytes. `k`, `K`, `KiB`, `M`, `MiB`, `G` and `GiB` are powers of 1024; `kB`, `MB` and `GB` powers of 1000. */
export function parseSize(text: string, range: Range = { min: 0, max: Number.MAX_SAFE_INTEGER }): number {
  return parseQuantity(text, SIZE, range);
}

/** Nanoseconds. A number needs its unit, except 0. */
export function parseDuration(text: string, range: Range = { min: 0, max: LONGEST_DURATION }): number {
  return parseQuantity(text === "0" ? "0s" : text, DURATION, range, text);
}

/** Seconds, for what the kernel keeps in whole seconds. The range is in seconds, too. */
export function parseWholeSeconds(text: string, range: Range): number {
  const nanoseconds = parseQuantity(text === "0" ? "0s" : text, SECONDS, inNanoseconds(range), text);
  if (nanoseconds % SECOND !== 0) throw new UsageError(`expected a duration of whole seconds, got ${quoted(text)}`);
  return nanoseconds / SECOND;
}

/** A whole number; `k` and `M` are decimal. */
export function parseCount(text: string, range: Range = { min: 0, max: Number.MAX_SAFE_INTEGER }): number {
  return parseQuantity(text, COUNT, range);
}

/** Per second; null is `max`, as fast as the machine can. The one quantity that may be a fraction. */
export function parseRate(text: string): number | null {
  if (text === "max") return null;
  const match = QUANTITY.exec(text.endsWith("/s") ? text.slice(0, -2) : text);
  const unit = match ? COUNT.units.get(match[3] ?? "") : undefined;
  if (!match || unit === undefined) {
    throw new UsageError(`expected ${QUANTITIES.rate.expected}, got ${quoted(text)}`);
  }
  // Number() of the decimal with its exponent rounds once; a product would round twice.
  const perSecond = Number(`${match[1]}.${match[2] ?? 0}e${Math.log10(unit)}`);
  if (perSecond >= RATES.min && perSecond <= RATES.max) return perSecond;
  throw new UsageError(
    `expected a rate from ${formatRate(RATES.min)} to ${formatRate(RATES.max)} or max, got ${quoted(text)}`,
  );
}

/**
 * Bytes as such up to 16 KiB, where people count single messages; above, the largest of k, MiB and GiB that divides.
 */
export function formatSize(bytes: number): string {
  if (bytes < 16 * KIB) return String(bytes);
  if (bytes % GIB === 0) return `${bytes / GIB}GiB`;
  if (bytes % MIB === 0) return `${bytes / MIB}MiB`;
  return bytes % KIB === 0 ? `${bytes / KIB}k` : String(bytes);
}

/** The largest unit that divides: `1500us`, `90s`, `2m`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  for (const [unit, size] of DURATION_UNITS) {
    if (nanoseconds % size === 0) return `${nanoseconds / size}${unit}`;
  }
  throw new RangeError(`${nanoseconds} is not a whole number of nanoseconds`);
}

/** As formatDuration, for a number of whole seconds. */
export function formatSeconds(seconds: number): string {
  return formatDuration(seconds * SECOND);
}

/** Memory, rounded up: `923 MiB`. */
export function formatMebibytes(bytes: number): string {
  return `${formatCount(Math.ceil(bytes / 1_048_576))} MiB`;
}

/** Plain below 10 000, above with the largest of k and M that divides. */
export function formatCount(count: number): string {
  if (count >= 1e6 && count % 1e6 === 0) return `${count / 1e6}M`;
  return count >= 1e4 && count % 1e3 === 0 ? `${count / 1e3}k` : String(count);
}

export function formatRate(perSecond: number | null): string {
  return perSecond === null ? "max" : `${formatCount(perSecond)}/s`;
}

/** What a parameter or a figure can be written as, with its unit. */
export type QuantityKind = "size" | "duration" | "seconds" | "whole seconds" | "count" | "rate";

interface Quantity {
  /** As in "expected a size such as 2048, 208k or 8MiB". */
  expected: string;
  /** A regular expression of all that `parse` may take, for editors. */
  pattern: string;
  /** From text to the canonical number; the range is in canonical units. Throws UsageError. */
  parse(text: string, range: Range): number | null;
  /** Undoes `parse`. */
  format(value: number | null): string;
}

const expectedOf = ({ noun, examples }: Kind): string => `${noun} such as ${examples}`;
const patternOf = ({ units }: Kind): string => `^(0|[1-9]\\d*)(\\.\\d+)?(${[...units.keys()].join("|")})$`;
const durationPattern = `${patternOf(DURATION)}|^0$`;

/** Every kind of quantity that a person writes with a unit, and the number that it is inside. */
export const QUANTITIES: Readonly<Record<QuantityKind, Quantity>> = {
  size: {
    expected: expectedOf(SIZE),
    pattern: patternOf(SIZE),
    parse: parseSize,
    format: (bytes) => formatSize(bytes!),
  },
  duration: {
    expected: expectedOf(DURATION),
    pattern: durationPattern,
    parse: parseDuration,
    format: (nanoseconds) => formatDuration(nanoseconds!),
  },
  seconds: {
    expected: expectedOf(DURATION),
    pattern: durationPattern,
    parse: (text, range) => parseDuration(text, inNanoseconds(range)) / SECOND,
    format: (seconds) => formatDuration(Math.round(seconds! * SECOND)),
  },
  "whole seconds": {
    expected: expectedOf(SECONDS),
    pattern: durationPattern,
    parse: parseWholeSeconds,
    format: (seconds) => formatSeconds(seconds!),
  },
  count: {
    expected: expectedOf(COUNT),
    pattern: patternOf(COUNT),
    parse: parseCount,
    format: (count) => formatCount(count!),
  },
  rate: {
    expected: "a rate such as 50k/s, 200/s or max",
    pattern: "^(0|[1-9]\\d*)(\\.\\d+)?[kKM]?(/s)?$|^max$",
    parse: parseRate,
    format: formatRate,
  },
};

/** Integer arithmetic throughout: 0.1 of something is a tenth of it, and not nearly so. */
function parseQuantity(text: string, kind: Kind, range: Range, given = text): number {
  const match = QUANTITY.exec(text);
  const unit = match ? kind.units.get(match[3] ?? "") : undefined;
  if (!match || unit === undefined) {
    throw new UsageError(`expected ${expectedOf(kind)}, got ${quoted(given)}`);
  }
  const fraction = match[2] ?? "";
  const parts = BigInt(`${match[1]}${fraction}`) * BigInt(unit);
  const partsOfOne = 10n ** BigInt(fraction.length);
  if (parts < BigInt(range.min) * partsOfOne || parts > BigInt(range.max) * partsOfOne) {
    throw new UsageError(
      `expected ${kind.noun} from ${kind.format(range.min)} to ${kind.format(range.max)}, got ${quoted(given)}`,
    );
  }
  if (parts % partsOfOne !== 0n) {
    throw new UsageError(`expected ${kind.whole}, got ${quoted(given)}`);
  }
  return Number(parts / partsOfOne);
}

function inNanoseconds(seconds: Range): Range {
  return { min: Math.round(seconds.min * SECOND), max: Math.round(seconds.max * SECOND) };
}
