/**
 * The axes of a study as a person writes them: `buffer=2048,8k,64k`, `rate=100:10k:x10`, `reader=100us:1ms:100us`.
 * Every parameter that is a flag with a value can be one; its values are read as those of the flag are.
 */
import { inPlace, quoted, UsageError } from "../../scenario/errors.js";
import { didYouMean } from "../../scenario/suggest.js";
import { QUANTITIES, type QuantityKind } from "../../scenario/units.js";
import type { Axis, Value } from "../../study/grid.js";
import type { Dependencies } from "../dependencies.js";
import type { Flag } from "../flag.js";
import { withHostKernel } from "../host-kernel.js";
import { PARAMETER_FLAGS } from "../parameter-flags.js";

/** More values than this on one axis are a slip of the pen. */
const MOST_VALUES = 10_000;

export interface WrittenAxis {
  /** As it was written, which is how it is repeated. */
  text: string;
  flag: Flag;
  texts: readonly string[];
}

/** `buffer=2048,8k`; with a semicolon between them where values have commas themselves. Throws UsageError. */
export function parseList(text: string): WrittenAxis {
  const { flag, rest } = named(text);
  const texts = rest.split(rest.includes(";") ? ";" : ",");
  return { text, flag, texts };
}

/** `rate=100:10k:x10`, `reader=100us:1ms:100us`: both ends in. Throws UsageError. */
export function parseRange(text: string): WrittenAxis {
  const { flag, rest } = named(text);
  const [from, to, step, ...more] = rest.split(":");
  if (from === undefined || to === undefined || step === undefined || more.length > 0) {
    throw new UsageError(`expected FROM:TO:STEP such as 100:10k:x10 or 100us:1ms:100us after =, got ${quoted(rest)}`);
  }
  const kind = flag.quantity;
  if (kind === undefined) {
    throw new UsageError(
      `expected a parameter that is a quantity for a range, got ${flag.name}; --list takes its values`,
    );
  }
  return { text, flag, texts: valuesBetween(kind, { from, to, step }) };
}

function named(text: string): { flag: Flag; rest: string } {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(0, at));
  const known = PARAMETER_FLAGS.filter(({ name, value }) => value !== null && name !== "seed" && name !== "listeners");
  const flag = known.find((one) => one.name === name);
  if (flag !== undefined && at < text.length - 1) return { flag, rest: text.slice(at + 1) };
  const names = known.map((one) => one.name);
  if (flag === undefined && at > 0) {
    throw new UsageError(
      `expected a parameter that is a flag with a value, such as buffer, got ${quoted(name)}${didYouMean(name, names)}`,
    );
  }
  throw new UsageError(`expected PARAMETER=VALUES such as buffer=2048,8k, got ${quoted(text)}`);
}

function valuesBetween(kind: QuantityKind, { from, to, step }: { from: string; to: string; step: string }): string[] {
  const numberOf = (text: string): number => {
    const value = QUANTITIES[kind].parse(text, { min: 0, max: Number.MAX_SAFE_INTEGER });
    if (value !== null) return value;
    throw new UsageError(`expected a number at each end of a range, got ${quoted(text)}`);
  };
  const [first, last] = [numberOf(from), numberOf(to)];
  const [, factorText] = /^x(\d+(?:\.\d+)?)$/.exec(step) ?? [];
  const factor = factorText === undefined ? null : Number(factorText);
  const summand = factor === null ? numberOf(step) : 0;
  if (first > last || (factor === null ? summand <= 0 : factor <= 1 || first === 0)) {
    throw new UsageError(
      `expected a range that rises, by a step above 0 or by a factor above 1 from above 0, got ${quoted(`${from}:${to}:${step}`)}`,
    );
  }
  const texts: string[] = [];
  for (let exact = first, count = 1; exact <= last; count++) {
    if (count > MOST_VALUES) throw new UsageError(`expected at most ${MOST_VALUES} values, got more`);
    const text = QUANTITIES[kind].format(kind === "rate" || kind === "seconds" ? exact : Math.round(exact));
    if (texts.at(-1) !== text) texts.push(text);
    exact = factor === null ? first + count * summand : exact * factor;
  }
  return texts;
}

/** The version of this machine's kernel in the place of the word for it. */
export function hostWord(dependencies: Pick<Dependencies, "host">): (flag: Flag, text: string) => string {
  return (flag, text) => withHostKernel([{ flag, text }], dependencies)[0]!.text!;
}

/** Throws UsageError with the parameter in front. `canonical`: a word that stands for a value, in its place. */
export function axisOf(
  { flag, texts }: Omit<WrittenAxis, "text">,
  canonical: (flag: Flag, text: string) => string,
): Axis {
  return { name: flag.name, values: texts.map((text) => settingsValue([{ flag, text: canonical(flag, text) }])) };
}

/** What a set of flags makes of a scenario; its text is that of the last one. Throws UsageError. */
export function settingsValue(settings: readonly { flag: Flag; text: string }[]): Value {
  const value: Value = { text: "", overrides: {} };
  for (const { flag, text } of settings) {
    inPlace(flag.name, () => {
      const reading = flag.read(text);
      reading.apply?.(value.overrides);
      value.text = reading.canonical;
    });
  }
  return value;
}
