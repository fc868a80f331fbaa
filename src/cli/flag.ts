/**
 * What a flag is: a name, a sentence of help, a parser, a canonical form, all as data, and how what was given on a
 * command line is read. A flag that sets a parameter of the scenario is made from the parameter's table
 * (parameter-flags.ts); any other is declared beside the code that asks for its value, which is all there is to adding
 * one.
 */
import type { Overrides } from "../scenario/defaults.js";
import { inPlace, quoted, UsageError } from "../scenario/errors.js";
import type { ListenerScenario, Scenario } from "../scenario/scenario.js";
import type { QuantityKind } from "../scenario/units.js";

export interface Flag<T = unknown> {
  /** Without the dashes, as typed: `buffer`, `no-flush`. */
  name: string;
  /** A letter that stands for it. */
  short?: string;
  /** The name of its value in the help; null for a switch. */
  value: string | null;
  /** Its heading in the help. */
  heading: string;
  description: string;
  repeatable: boolean;
  /** The words that it takes, for the completion of a shell; empty: anything. */
  choices: readonly string[];
  /** Whether it takes the path of a file. */
  file: boolean;
  /** Whether the command that repeats a run needs it. */
  repeats: boolean;
  /** The parameter that it sets, or a part of it. */
  sets: keyof Overrides | null;
  /** What its value counts or measures, where it is one quantity. */
  quantity?: QuantityKind;
  /** The parameter of the first listener that it sets. */
  field?: keyof ListenerScenario;
  /** The default in canonical form, as the resolved scenario has it. */
  standard(scenario: Scenario): string | null;
  /** Throws UsageError. A switch ignores the text. */
  read(text: string): Reading<T>;
}

interface Reading<T> {
  value: T;
  /** The value in its canonical form. */
  canonical: string;
  /** What it makes of the parameters that were given before it. Throws UsageError. */
  apply?(overrides: Overrides): void;
}

/** One flag as it stood on the command line; the text is null for a switch. */
export interface Given {
  flag: Flag;
  text: string | null;
  /** Where it stood, if not on the command line: the name of a variable. */
  place?: string;
}

type Declared = Pick<Flag, "name" | "heading" | "description"> &
  Partial<Pick<Flag, "short" | "repeatable" | "file" | "repeats">>;

const PLAIN = { repeatable: false, choices: [], file: false, repeats: false, sets: null, standard: () => null };

/** A flag with a value that is no parameter of the scenario. */
export function valued<T>(
  flag: Declared & {
    value: string;
    choices?: readonly string[];
    /** Throws UsageError. */
    parse(text: string): T;
    format?(value: T): string;
  },
): Flag<T> {
  const { parse, format = String, ...rest } = flag;
  return {
    ...PLAIN,
    ...rest,
    read(text) {
      const value = parse(text);
      return { value, canonical: format(value) };
    },
  };
}

export function switched(flag: Declared): Flag<true> {
  return { ...PLAIN, ...flag, value: null, read: () => ({ value: true, canonical: "" }) };
}

/** What was given, read. */
export class FlagValues {
  /** The parameters that were given, and nothing else. */
  readonly overrides: Overrides = {};
  /** The flags that change the run, in canonical form and in the order of the table. */
  readonly canonical: string[] = [];
  private readonly values = new Map<string, unknown[]>();

  constructor(table: readonly Flag[], given: readonly Given[]) {
    for (const flag of table) {
      const own = given.filter((one) => one.flag === flag);
      inPlace(own[0]?.place ?? `--${flag.name}`, () => {
        const texts = own.map(({ text }) => text);
        refuseRepetition(flag, texts);
        for (const text of texts) this.add(flag, text ?? "");
      });
    }
  }

  has(flag: Flag): boolean {
    return this.values.has(flag.name);
  }

  /** Null: it was not given. */
  of<T>(flag: Flag<T>): T | null {
    return this.all(flag)[0] ?? null;
  }

  /** Of a flag that may be repeated, in the order in which it was given. */
  all<T>(flag: Flag<T>): T[] {
    return (this.values.get(flag.name) ?? []) as T[];
  }

  private add(flag: Flag, text: string): void {
    const { value, canonical, apply } = flag.read(text);
    this.values.set(flag.name, [...(this.values.get(flag.name) ?? []), value]);
    apply?.(this.overrides);
    if (!flag.repeats) return;
    this.canonical.push(`--${flag.name}`);
    if (flag.value !== null) this.canonical.push(canonical);
  }
}

/**
 * Reads everything that was given, in the order of the table, so that the order on the command line never matters
 * except among the values of one repeatable flag. Throws UsageError with the flag in front of the sentence.
 */
export function readFlags(table: readonly Flag[], given: readonly Given[]): FlagValues {
  return new FlagValues(table, given);
}

/** The last of two values wins in many programs; which one was meant, only the user knows. */
function refuseRepetition(flag: Flag, texts: readonly (string | null)[]): void {
  if (flag.repeatable || texts.length < 2) return;
  if (flag.value === null) throw new UsageError(`expected at most once, got it ${texts.length} times`);
  throw new UsageError(`expected one value, got ${texts.map((text) => quoted(text ?? "")).join(" and ")}`);
}
