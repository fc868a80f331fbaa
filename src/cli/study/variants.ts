/**
 * The variants of a comparison as a person writes them: `big:buffer=208k`, `fast:reader=50us policy=reliable`. Each is
 * a name and settings, which are flags without their dashes.
 */
import { inPlace, quoted, UsageError } from "../../scenario/errors.js";
import { didYouMean } from "../../scenario/suggest.js";
import type { Value } from "../../study/grid.js";
import type { Flag } from "../flag.js";
import { PARAMETER_FLAGS } from "../parameter-flags.js";
import { settingsValue } from "./axes.js";

export interface WrittenVariant {
  name: string;
  settings: readonly { flag: Flag; text: string }[];
}

const NAME = /^[\w.-]{1,40}$/;

/** Throws UsageError. */
export function parseVariant(written: string): WrittenVariant {
  const at = written.indexOf(":");
  const name = at < 0 ? written : written.slice(0, at);
  if (!NAME.test(name)) {
    throw new UsageError(`expected NAME:SETTING=VALUE such as big:buffer=208k, got ${quoted(written)}`);
  }
  const words =
    at < 0
      ? []
      : written
          .slice(at + 1)
          .split(/\s+/)
          .filter(Boolean);
  return { name, settings: words.map((word) => inPlace(name, () => setting(word))) };
}

export function formatVariant({ name, settings }: WrittenVariant): string {
  const words = settings.map(({ flag, text }) => (flag.value === null ? flag.name : `${flag.name}=${text}`));
  return words.length === 0 ? name : `${name}:${words.join(" ")}`;
}

function setting(word: string): { flag: Flag; text: string } {
  const at = word.indexOf("=");
  const name = at < 0 ? word : word.slice(0, at);
  const flag = PARAMETER_FLAGS.find((one) => one.name === name);
  if (flag === undefined) {
    const names = PARAMETER_FLAGS.map((one) => one.name);
    throw new UsageError(`expected a parameter such as buffer, got ${quoted(name)}${didYouMean(name, names)}`);
  }
  if ((flag.value === null) !== at < 0) {
    throw new UsageError(
      flag.value === null
        ? `expected ${name} without a value, got ${quoted(word)}`
        : `expected ${name}=${flag.value}, got ${quoted(word)}`,
    );
  }
  return { flag, text: at < 0 ? "" : word.slice(at + 1) };
}

/** Throws UsageError. `canonical`: a word that stands for a value, in its place. */
export function variantValue(
  { name, settings }: WrittenVariant,
  canonical: (flag: Flag, text: string) => string,
): Value {
  const resolved = settings.map(({ flag, text }) => ({ flag, text: canonical(flag, text) }));
  return inPlace(name, () => ({ ...settingsValue(resolved), text: name }));
}
