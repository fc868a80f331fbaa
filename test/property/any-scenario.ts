/**
 * Any small scenario at all, drawn from the very descriptions of its parameters, so that a parameter that is added is
 * drawn too. Values that contradict each other are refused by the rules that refuse a user's, and drawn anew. Sizes are
 * held so that a run takes milliseconds.
 */
import fc from "fast-check";
import { RELEASES } from "../../src/kernel/release.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import type { Schema } from "../../src/scenario/json-schema.js";
import { EXPERIMENTS, SCENARIO, type Scenario } from "../../src/scenario/scenario.js";
import { holds } from "./holds.js";

const SECOND = 1e9;

/** The most of what would make a run long, by the name of the parameter or the end of it. */
const MOST: readonly (readonly [end: string, most: number])[] = [
  ["burstConnections", 400],
  ["connections", 300],
  ["packets", 10],
  ["limitSeconds", 400],
  ["packetsPerSecond", 20],
  ["nfConntrackMax", 400],
  ["buckets", 600],
  ["packetGapNanoseconds", 3 * SECOND],
  ["lifetimeNanoseconds", 60 * SECOND],
  ["serviceNanoseconds", SECOND / 20],
  ["everyNanoseconds", 5 * SECOND],
  ["forNanoseconds", SECOND],
  ["graceMaxSeconds", 20],
  ["bufferBytes", 300_000],
];
/** Of the costs of a machine. */
const MOST_COST = 3e6;
const MOST_TIMEOUT = 60;
/** A walk over the buckets of a large table takes our own time, too. */
const LEAST_POLL = SECOND / 20;
/** Who deletes at a pace and never chooses an entry walks over the table as fast as the CPU lets it. */
const LEAST_SHARE = 0.01;

function mostOf(name: string, path: string, maximum: number): number {
  if (path.startsWith("costs.")) return Math.min(maximum, MOST_COST);
  if (path.startsWith("timeoutsSeconds.")) return Math.min(maximum, MOST_TIMEOUT);
  const bound = MOST.find(([end]) => name.endsWith(end));
  return Math.min(maximum, bound?.[1] ?? 100 * SECOND);
}

function leastOf(path: string, minimum: number): number {
  if (path === "listeners.poll.everyNanoseconds") return LEAST_POLL;
  return path === "delete.share" ? LEAST_SHARE : minimum;
}

/** Small and large numbers alike, and the ends of the range. */
function numberIn(least: number, most: number, isWhole: boolean): fc.Arbitrary<number> {
  if (most <= least) return fc.constant(least);
  const within = (value: number): number => {
    const bounded = Math.min(most, Math.max(least, value));
    return isWhole ? Math.round(bounded) : bounded;
  };
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(least, most, within(least + 1)) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 30 }))
        .map(([mantissa, halvings]) => within(least + ((most - least) * mantissa) / 1000 / 2 ** halvings)),
    },
  );
}

const RELEASE_NAMES = fc.constantFrom(...RELEASES.map(({ version }) => version));
/** Parameters of which only a part may be given. */
const PARTIAL = ["timeoutsSeconds", "listeners", "traffic", "delete", "kernelConfig", "kernelRules", "costs"];
const TEXTS: Readonly<Record<string, fc.Arbitrary<string | null>>> = {
  kernel: RELEASE_NAMES,
  seed: fc.constantFrom("1", "2", "seventeen", "0x5eed"),
  "traffic.name": fc.constantFrom("a", "b", "c"),
  "delete.class": fc.constantFrom(null, "a", "b"),
  "listeners.filter": fc.constantFrom("udp", "tcp", "icmp", "a", "b"),
};

function anyValue(schema: Schema, name: string, path: string): fc.Arbitrary<unknown> {
  const plain = plainValue(schema, name, path);
  return schema.nullable === true ? fc.oneof(fc.constant(null), { weight: 3, arbitrary: plain }) : plain;
}

function plainValue(schema: Schema, name: string, path: string): fc.Arbitrary<unknown> {
  const { type, enum: words, properties, items, minimum = 0, maximum = 1 } = schema;
  if (path in TEXTS && type !== "array") return TEXTS[path]!;
  if (words !== undefined) return fc.constantFrom(...words);
  if (type === "string")
    throw new Error(`expected ${path} in TEXTS: a text that is drawn from its description is none`);
  if (type === "boolean") return fc.boolean();
  if (type === "integer" || type === "number") {
    return numberIn(leastOf(path, minimum), mostOf(name, path, maximum), type === "integer");
  }
  if (type === "array") {
    const list = fc.array(anyValue(items!, name, path), {
      minLength: schema.minItems ?? 0,
      maxLength: Math.min(schema.maxItems ?? 3, 3),
    });
    return schema.uniqueItems === true ? list.map((values) => [...new Set(values)]) : list;
  }
  const parts = properties ?? {};
  return PARTIAL.includes(path)
    ? objectOf(parts, `${path}.`)
    : fc.record(
        Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, anyValue(part, key, `${path}.${key}`)])),
      );
}

/** Few of its parts, so that they seldom contradict each other. */
function objectOf(properties: Readonly<Record<string, Schema>>, prefix: string): fc.Arbitrary<object> {
  const parts = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      fc.option(anyValue(schema, name, `${prefix}${name}`), { nil: undefined, freq: 2 }),
    ]),
  );
  const names = Object.keys(parts);
  return fc
    .tuple(fc.record(parts), fc.subarray(names, { maxLength: Math.min(names.length, prefix === "" ? 12 : 5) }))
    .map(([values, chosen]) =>
      Object.fromEntries(
        Object.entries(values).filter(([name, value]) => value !== undefined && chosen.includes(name)),
      ),
    );
}

/** A log is no parameter that can be drawn. */
const { experiment: _, replay: __, ...DRAWN } = SCENARIO.properties;

/** Always said: without them a run is long. */
const sizes = fc.record({
  connections: fc.integer({ min: 0, max: 300 }),
  limitSeconds: fc.constantFrom(0.001, 1, 30, 60, 200, 400),
  kernel: RELEASE_NAMES,
});

const overrides: fc.Arbitrary<Overrides> = fc
  .tuple(objectOf(DRAWN, ""), sizes)
  .map(([drawn, size]) => structuredClone({ ...drawn, ...size }) as Overrides);

function resolved(experiment: Scenario["experiment"], given: Overrides): Scenario | null {
  try {
    return resolveScenario(experiment, given);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

/** `adapted`: what a property wants of all its scenarios. */
export function anyScenario(adapted: (given: Overrides) => Overrides = (given) => given): fc.Arbitrary<Scenario> {
  return fc
    .tuple(fc.constantFrom(...EXPERIMENTS), overrides)
    .map(([experiment, given]) => resolved(experiment, adapted(given)))
    .filter((scenario) => scenario !== null);
}

/** The property of every run, for the test and for the swarm. */
export const anyRunHolds = fc.property(anyScenario(), holds);
