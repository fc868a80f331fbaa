/**
 * What is said of a parameter beside its type and meaning (json-schema.ts): what it is when nothing is given, and the
 * flag that gives it. Each parameter is one entry of a table in this folder, and the flags, the environment, scenario
 * files, the help, the manual page, the published JSON Schema and `--print-config` follow from that entry. A rule
 * between two parameters is defaults.ts.
 */
import type { Described, Schema } from "../json-schema.js";
import type { Codec } from "./codec.js";
import type { KernelConfig, TimeoutKey } from "./kernel.js";

/**
 * What a rule for a default may look at. Connections, rate and protocol are resolved before packets, and packets before
 * the rest.
 */
export interface Chosen {
  experiment: "flood" | "flush";
  connections: number;
  ratePerSecond: number | null;
  protocol: "udp" | "tcp" | "icmp";
  machine: "recorded" | "present";
  packets: number;
  /** How long the flood takes by its rates; 0 as fast as the machine makes it. */
  floodSeconds: number;
  /** A log says what comes. */
  replays: boolean;
  release: ReleaseDefaults;
}

/** What a release of the kernel says of a scenario that does not. */
interface ReleaseDefaults {
  events: "on" | "auto" | "off";
  config: KernelConfig;
  timeoutsSeconds: Record<TimeoutKey, number>;
  rmemMaxBytes: number;
  nfConntrackMax: number;
  buckets: number;
}

export type Heading = "Load:" | "Socket and reader:" | "Kernel:" | "Machine:" | "Run:";

export interface FlagNote {
  /** Without the dashes. */
  name: string;
  /** The word for its value in the help; null for a switch. */
  value: string | null;
  heading: Heading;
  /** Where the help says something else than the meaning of the parameter. */
  description?: string;
  /** Where the text says more than one plain value. */
  codec?: Codec;
  /** May be given again: what is given later is added to what was given before. */
  add?(values: object, later: object): object;
  /** Words of the command line that become a value before anything is resolved, such as `host`. */
  words?: readonly string[];
  choices?: readonly string[];
  /** Its default is too long for the help. */
  quiet?: boolean;
  /** As a listener's description calls it, where that is not the name of the flag. */
  item?: string;
}

export type Standard<T> = T | ((chosen: Chosen) => T);

export interface Parameter<T, S extends Standard<T> = Standard<T>> extends Described<T> {
  standard: S;
  flag?: FlagNote;
}

/** The flag that gives a parameter, if there is one. */
export function flagNoteOf(described: Schema): FlagNote | undefined {
  return (described as { flag?: FlagNote }).flag;
}

/** `standard`: its value when nothing is given, or the rule for it. */
export function parameter<T, S extends Standard<T>>(
  described: Described<T>,
  standard: S,
  flag?: FlagNote,
): Parameter<T, S> {
  return { ...described, standard, ...(flag === undefined ? {} : { flag }) };
}

/** Another default for each experiment. */
export function each<T>(values: Readonly<Record<Chosen["experiment"], T>>): (chosen: Chosen) => T {
  return ({ experiment }) => values[experiment];
}

/** `usage`: as in `buffer SIZE`, or `stop-at-enobufs` for a switch. */
export function flag(
  heading: Heading,
  usage: string,
  notes: Omit<FlagNote, "name" | "value" | "heading"> = {},
): FlagNote {
  const [name = "", ...value] = usage.split(" ");
  return { name, value: value.length === 0 ? null : value.join(" "), heading, ...notes };
}

/** What it is when nothing is given; of an object without a rule of its own, what its parts are. */
export function standardOf<T>(described: Described<T>, chosen: Chosen): T {
  const { standard } = described as Parameter<T>;
  if (standard !== undefined) return isRule(standard) ? standard(chosen) : standard;
  return standardsOf(described.properties ?? {}, chosen) as T;
}

function standardsOf(properties: Readonly<Record<string, Schema>>, chosen: Chosen): object {
  return Object.fromEntries(
    Object.entries(properties).map(([key, described]) => [key, standardOf(described as Described<unknown>, chosen)]),
  );
}

function isRule<T>(standard: Standard<T>): standard is (chosen: Chosen) => T {
  return typeof standard === "function";
}
