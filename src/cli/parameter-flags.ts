/**
 * The flags that set parameters of a scenario, made from the tables of the parameters (scenario/scenario.ts and its
 * parameters/): a parameter that says which flag gives it has that flag here, in the help, in the environment and in
 * the completion.
 */
import type { Overrides } from "../scenario/defaults.js";
import { listed, quoted, UsageError } from "../scenario/errors.js";
import type { Schema } from "../scenario/json-schema.js";
import { type Codec, plain } from "../scenario/parameters/codec.js";
import { COSTS } from "../scenario/parameters/costs.js";
import { KERNEL_RULES } from "../scenario/parameters/kernel-rules.js";
import { LISTENER } from "../scenario/parameters/listener.js";
import { DURATION_SECONDS } from "../scenario/parameters/load.js";
import { type FlagNote, flagNoteOf, type Heading } from "../scenario/parameters/parameter.js";
import { type ListenerScenario, SCENARIO, type Scenario } from "../scenario/scenario.js";
import { didYouMean } from "../scenario/suggest.js";
import { addSysctl, sysctlCodec } from "../scenario/sysctl.js";
import { fitsText } from "../scenario/value.js";
import type { Flag } from "./flag.js";

/** Where the parameters of one table are, in what was given and in the scenario that it becomes. */
interface Owner {
  sets: keyof Overrides | null;
  given(overrides: Overrides): object;
  resolved(scenario: Scenario): object;
}

const WHOLE: Owner = { sets: null, given: (overrides) => overrides, resolved: (scenario) => scenario };

const FIRST_LISTENER: Owner = {
  sets: "listeners",
  given(overrides) {
    overrides.listeners ??= [{}];
    return overrides.listeners[0]!;
  },
  resolved: ({ listeners }) => listeners[0]!,
};

const MACHINE: Owner = {
  sets: "costs",
  given(overrides) {
    overrides.costs ??= {};
    return overrides.costs;
  },
  resolved: ({ costs }) => costs,
};

const RULES: Owner = {
  sets: "kernelRules",
  given(overrides) {
    overrides.kernelRules ??= {};
    return overrides.kernelRules;
  },
  resolved: ({ kernelRules }) => kernelRules,
};

/** The flag of this parameter; `changes` where a command means something else by it. */
function flagFor(key: string, described: Schema, owner: Owner, changes: Partial<FlagNote> = {}): Flag[] {
  const declared = flagNoteOf(described);
  if (declared === undefined) return [];
  const note: FlagNote = { ...declared, ...changes };
  const codec = withWords(key, described, note);
  return [
    {
      name: note.name,
      value: note.value,
      heading: note.heading,
      description: note.description ?? described.description,
      repeatable: note.add !== undefined,
      choices: note.choices ?? (described.enum ?? []).map(String),
      file: false,
      repeats: true,
      ...(described.quantity === undefined ? {} : { quantity: described.quantity }),
      sets: owner.sets ?? (key as keyof Overrides),
      ...(owner === FIRST_LISTENER ? { field: key as keyof ListenerScenario } : {}),
      standard(scenario) {
        return note.quiet === true || note.value === null ? null : codec.format(owner.resolved(scenario));
      },
      read(text) {
        const value = codec.parse(text);
        return {
          value,
          canonical: codec.format(value) ?? "",
          apply(overrides) {
            const before = owner.given(overrides);
            Object.assign(before, note.add === undefined ? value : note.add(before, value));
          },
        };
      },
    },
  ];
}

/** A word that stands for a value is taken as it is; the command puts the value in its place. */
function withWords(key: string, described: Schema, { codec = plain(key, described), words = [] }: FlagNote): Codec {
  if (words.length === 0) return codec;
  return {
    format: codec.format,
    parse(text) {
      if (words.includes(text) || fitsText(described, text)) return { [key]: text };
      throw new UsageError(
        `expected ${described.textual}, or ${listed(words)}, got ${quoted(text)}${didYouMean(text, words)}`,
      );
    },
  };
}

function flagsOf(properties: Readonly<Record<string, Schema>>, owner: Owner): Flag[] {
  return Object.entries(properties).flatMap(([key, described]) => flagFor(key, described, owner));
}

/** In the order of the help; under each, flags stand in the order of the tables. */
const HEADINGS: readonly string[] = ["Load:", "Socket and reader:", "Kernel:", "Machine:", "Run:"] satisfies Heading[];

/** A sysctl sets a parameter that may have a flag of its own, which is louder. */
const SYSCTL: Flag = {
  name: "sysctl",
  value: "NAME=VALUE",
  heading: "Kernel:",
  description:
    "a sysctl as sysctl -a writes it, such as net.netfilter.nf_conntrack_acct=1: nf_conntrack_max, _buckets, _acct, " +
    "_timestamp, _events, _events_retry_timeout, timeouts of TCP, UDP and ICMP, rmem_max, rmem_default (may be repeated)",
  repeatable: true,
  choices: [],
  file: false,
  repeats: true,
  sets: "kernelRules",
  standard: () => null,
  read(text) {
    const value = sysctlCodec.parse(text);
    return { value, canonical: text, apply: (overrides) => Object.assign(overrides, addSysctl(overrides, text)) };
  },
};

/** Every parameter of a run that has a flag. */
export const PARAMETER_FLAGS: readonly Flag[] = [
  ...flagFor("durationSeconds", DURATION_SECONDS, WHOLE),
  ...flagsOf(LISTENER.properties, FIRST_LISTENER),
  ...flagsOf(SCENARIO.properties, WHOLE),
  ...flagsOf(COSTS.properties, MACHINE),
  ...flagsOf(KERNEL_RULES.properties, RULES),
  SYSCTL,
].sort((one, other) => HEADINGS.indexOf(one.heading) - HEADINGS.indexOf(other.heading));

export function parameterFlag(name: string): Flag {
  const found = PARAMETER_FLAGS.find((flag) => flag.name === name);
  if (found === undefined) throw new Error(`no parameter has a flag --${name}`);
  return found;
}

/** `--kernel` of a command that can answer for several releases at once. */
export function kernelFlag(value: string, description: string, words: readonly string[]): Flag {
  return flagFor("kernel", SCENARIO.properties.kernel, WHOLE, { value, description, words })[0]!;
}

/** How a person on the command line names a parameter: `--rate` for ratePerSecond; of a further listener, its key. */
export function flagOf(parameter: string): string {
  const [key, index, field] = parameter.split(".");
  if (key === "listeners" && index !== undefined && index !== "0") {
    const note = flagNoteOf(LISTENER.properties[field as keyof ListenerScenario]);
    return note?.item ?? note?.name ?? String(field);
  }
  if (key === "kernelRules" && index !== undefined) {
    const note = flagNoteOf(KERNEL_RULES.properties[index as keyof typeof KERNEL_RULES.properties]);
    return note === undefined ? parameter : `--${note.name}`;
  }
  const flag =
    PARAMETER_FLAGS.find(({ field }) => parameter === `listeners.0.${field}`) ??
    (key === "listeners" || key === "traffic"
      ? parameterFlag(key)
      : PARAMETER_FLAGS.find(({ sets, field }) => sets === parameter && field === undefined));
  return flag === undefined ? parameter : `--${flag.name}`;
}
