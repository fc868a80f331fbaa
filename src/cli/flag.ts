/**
 * What a flag is: a name, a sentence of help, a parser, a canonical form and the setting that it sets, all as data. This
 * file owns the shape, its constructors and the reading of what was given on a command line; which flags exist is said
 * in the table of a command (flags.ts), and how argv is cut into flags is commander's business (command-line.ts).
 */

import type { Format } from "../render/renderers.js";
import type { Overrides } from "../scenario/defaults.js";
import { inPlace, quoted, UsageError } from "../scenario/errors.js";
import type { ListenerScenario, Scenario } from "../scenario/scenario.js";

/** All that the flags of a run can set. */
export interface Settings {
  /** What the user gave, and nothing else. */
  overrides: Overrides;
  expectations: readonly string[];
  format: Format;
  output: string | null;
  exports: readonly { format: Format; path: string }[];
  /** csv: the timelines in the place of a row for each run. */
  timeline: boolean;
  quiet: boolean;
  colour: boolean;
  printConfig: boolean;
  /** On the running kernel in the place of the simulated one. */
  live: boolean;
  /** Live: the real conntrackd reads in the place of the first listener. */
  conntrackd: boolean;
  /** Where recordings of live runs go. */
  record: string | null;
  /** Of a set of scenarios; null: as many as is usual. */
  runs: number | null;
  only: string | null;
  bail: boolean;
  /** SO_RCVBUFFORCE in place of SO_RCVBUF, where nothing but the socket is asked about. */
  force: boolean;
}

export interface Flag {
  /** Without the dashes, as typed: `buffer`, `no-flush`. */
  name: string;
  /** The name of its value in the help; null for a switch. */
  value: string | null;
  /** Its heading in the help. */
  group: string;
  description: string;
  repeatable: boolean;
  /** The words that it takes, for the completion of a shell; empty: anything. */
  choices: readonly string[];
  /** Whether it takes the path of a file. */
  file: boolean;
  /** The override that it changes; null for what concerns only how results are shown, which no repetition needs. */
  sets: keyof Overrides | "expectations" | "live" | "conntrackd" | "runs" | null;
  /** The parameter of the first listener that it sets, where it sets one. */
  field?: keyof ListenerScenario;
  /** The default in canonical form, as the resolved scenario has it. */
  standard(scenario: Scenario): string | null;
  /** Throws UsageError. A switch ignores the text. */
  read(text: string): Reading;
}

interface Reading {
  /** The value in its canonical form. */
  canonical: string;
  apply(settings: Settings): void;
}

/** One flag as it stood on the command line; the text is null for a switch. */
export interface Given {
  flag: Flag;
  text: string | null;
  /** Where it stood, if not on the command line: the name of a variable. */
  place?: string;
}

interface ValuedFlag<T> extends Omit<Flag, "repeatable" | "choices" | "file" | "standard" | "read"> {
  repeatable?: boolean;
  choices?: readonly string[];
  file?: boolean;
  parse(text: string): T;
  format(value: T): string;
  apply(settings: Settings, value: T): void;
  /** Undefined where there is nothing to show. */
  standard?(scenario: Scenario): T | undefined;
}

export function valued<T>(flag: ValuedFlag<T>): Flag {
  const { parse, format, apply, standard, repeatable = false, choices = [], file = false, ...rest } = flag;
  return {
    ...rest,
    repeatable,
    choices,
    file,
    standard(scenario) {
      const value = standard?.(scenario);
      return value === undefined ? null : format(value);
    },
    read(text) {
      const value = parse(text);
      return { canonical: format(value), apply: (settings) => apply(settings, value) };
    },
  };
}

/** A flag that gives one field of Overrides its value. */
export function override<K extends keyof Overrides>(
  key: K,
  flag: Omit<ValuedFlag<Required<Overrides>[K]>, "sets" | "apply">,
): Flag {
  return valued({
    ...flag,
    sets: key,
    apply(settings, value) {
      settings.overrides[key] = value;
    },
  });
}

export function switched(
  flag: Pick<Flag, "name" | "group" | "description" | "sets" | "field"> & { apply(settings: Settings): void },
): Flag {
  const { apply, ...rest } = flag;
  const none = { value: null, repeatable: false, choices: [], file: false, standard: () => null };
  return { ...rest, ...none, read: () => ({ canonical: "", apply }) };
}

export interface ReadFlags {
  settings: Settings;
  /** The flags that change the run, in canonical form and in the order of the table. */
  canonical: string[];
}

/**
 * Reads everything that was given, in the order of the table, so that the order on the command line never matters
 * except among the values of one repeatable flag. Throws UsageError with the flag in front of the sentence.
 */
export function readFlags(table: readonly Flag[], given: readonly Given[]): ReadFlags {
  const settings: Settings = {
    overrides: {},
    expectations: [],
    format: "text",
    output: null,
    exports: [],
    timeline: false,
    quiet: false,
    colour: true,
    printConfig: false,
    live: false,
    conntrackd: false,
    record: null,
    runs: null,
    only: null,
    bail: false,
    force: false,
  };
  const canonical: string[] = [];
  for (const flag of table) {
    const own = given.filter((one) => one.flag === flag);
    const texts = own.map((one) => one.text);
    inPlace(own[0]?.place ?? `--${flag.name}`, () => {
      refuseRepetition(flag, texts);
      for (const text of texts) {
        const reading = flag.read(text ?? "");
        reading.apply(settings);
        if (flag.sets === null) continue;
        canonical.push(`--${flag.name}`);
        if (flag.value !== null) canonical.push(reading.canonical);
      }
    });
  }
  return { settings, canonical };
}

/** The last of two values wins in many programs; which one was meant, only the user knows. */
function refuseRepetition(flag: Flag, texts: readonly (string | null)[]): void {
  if (flag.repeatable || texts.length < 2) return;
  if (flag.value === null) throw new UsageError(`expected at most once, got it ${texts.length} times`);
  throw new UsageError(`expected one value, got ${texts.map((text) => quoted(text ?? "")).join(" and ")}`);
}
