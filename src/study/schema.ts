/**
 * What every figure of a study's result is, for the published JSON Schema; the types are sweep.ts, compare.ts and
 * size.ts.
 */
import type { ShortLoad } from "../kernel/steady-load.js";
import { REPORT } from "../report/schema.js";
import {
  choiceOf,
  flag,
  list,
  nullable,
  type ObjectSchema,
  object,
  quantity,
  type Schema,
  text,
} from "../scenario/json-schema.js";
import type { CompareReport, Comparison, Difference } from "./compare.js";
import { FINDABLE, type SizeAnswer, type SizeReport, type Trial } from "./size.js";
import type { Summary } from "./statistics.js";
import { type Cell, FLUSHES, type MeasureHead, type SweepReport } from "./sweep.js";

const MOST = Number.MAX_SAFE_INTEGER;
const count = (description: string): Schema => quantity("count", { min: 0, max: MOST }, description);
const figure = (description: string): Schema => nullable({ type: "number", description });
const word = (description: string): Schema => text(description, "a text");
const version: Schema = { type: "integer", description: "of this shape", enum: [1] };
const interrupted: Schema = { type: "boolean", description: "true where Ctrl-C ended it early", enum: [true] };
const missing = list(word("a run, and why"), "runs that are not counted, because workers ended in them");
const flushes = choiceOf(FLUSHES, "which runs end with a flush of the table, whose events the figures count as well");
const shortLoad = nullable(
  object<ShortLoad>(
    "a load where one that goes on has more entries at once and larger bursts; null: it goes on long enough",
    {
      lastsSeconds: figure("how long it lasts"),
      steadySeconds: figure("from which duration on it would not differ"),
      steadyEntries: figure("entries that one without end has at once"),
      gcSeconds: figure("the longest time between two looks of the gc at an entry; 0: entries have timers"),
      nfConntrackMax: count("the most that the table takes"),
    },
  ),
);
const { tool, expectations } = REPORT.properties;

const SUMMARY: ObjectSchema<Summary> = object("what the runs say of one figure", {
  runs: count("runs that have the figure"),
  never: count("runs in which it never came, or that have no such figure"),
  mean: figure("null: no run has it"),
  deviation: figure("standard deviation of the sample; null with fewer than two figures"),
  half: figure("half of the 95 % interval of the mean; null with fewer than two figures"),
  min: figure("the least"),
  median: figure("the middle one"),
  max: figure("the most"),
});

const byName = (description: string, others: Schema): Schema => ({ type: "object", description, others });

const MEASURE: ObjectSchema<MeasureHead> = object("what is looked at", {
  name: word("a metric, or with % behind it its share"),
  unit: word("share: 1 is 100 %"),
  meaning: word("what it is"),
});

const CELL: ObjectSchema<Cell> = object("one value of each axis", {
  at: byName("the value of each axis, in canonical form", word("a value")),
  figures: byName("by the name of the measure", SUMMARY),
});

const SWEEP_PROPERTIES: ObjectSchema<SweepReport>["properties"] = {
  schemaVersion: version,
  tool,
  study: choiceOf(["sweep", "compare"], "the command"),
  of: word("the experiment or the scenario"),
  axes: list(
    object<SweepReport["axes"][number]>("a parameter and its values", {
      name: word("the parameter, or variant"),
      values: list(word("a value, in canonical form"), "in the order in which they were given"),
    }),
    "the first turns slowest",
  ),
  runsPerCell: count("seeds of each cell"),
  flushes,
  shortLoad,
  measures: list(MEASURE, "what is looked at"),
  cells: list(CELL, "in the order of the axes"),
  interrupted,
  missing,
};

export const SWEEP: ObjectSchema<SweepReport> = {
  ...object<SweepReport>("What `ct-reliable sweep --format json` prints.", SWEEP_PROPERTIES),
  optional: ["interrupted", "missing"],
};

const DIFFERENCE: ObjectSchema<Difference> = object("of one measure, run by run with the same seed", {
  measure: word("its name"),
  difference: { ...SUMMARY, description: "the variant less the first" },
  ratio: { ...SUMMARY, description: "the variant by the first, where the first is not 0" },
  seen: nullable(flag("whether the interval leaves out 0; null with fewer than two runs")),
});

const COMPARISON: ObjectSchema<Comparison> = object("the first variant and another one", {
  from: word("the name of the first"),
  to: word("the name of the other"),
  sentence: word("what differs, in one sentence"),
  differences: list(DIFFERENCE, "of each measure"),
});

export const COMPARE: ObjectSchema<CompareReport> = {
  ...object<CompareReport>("What `ct-reliable compare --format json` prints.", {
    ...SWEEP_PROPERTIES,
    comparisons: list(COMPARISON, "of the first with each of the others"),
  }),
  optional: ["interrupted", "missing"],
};

const TRIAL: ObjectSchema<Trial>["properties"] = {
  step: count("the how manieth it was, from 1"),
  value: { type: "number", description: "in canonical units" },
  text: word("as a person sets it"),
  holds: flag("whether all expectations hold with every seed"),
  runs: count("runs that it took to tell"),
  verdicts: expectations,
  fullest: figure("most of the buffer that was in use, of all runs: 1 is all"),
};

export const SIZE: ObjectSchema<SizeReport> = {
  ...object<SizeReport>("What `ct-reliable size --format json` prints.", {
    schemaVersion: version,
    tool,
    study: choiceOf(["size"], "the command"),
    of: word("the experiment or the scenario"),
    find: choiceOf(FINDABLE, "what was searched for"),
    wanted: word("which end of the values that hold"),
    expectations: list(word("an expectation"), "what must hold"),
    runs: count("seeds with which it must hold"),
    flushes,
    shortLoad,
    answer: nullable(
      object<SizeAnswer>("null: none of the values that were tried holds", {
        ...TRIAL,
        flags: word("what to give to a command"),
        rmemMaxBytes: nullable(count("what net.core.rmem_max must be at least; null: what it is is enough")),
        ownSetting: nullable(word("what it is called in the configuration of the program that reads")),
      }),
    ),
    refuted: nullable(object<Trial>("the next value, which does not hold; null: there is none", TRIAL)),
    monotone: flag("whether no value that fails is easier than one that holds"),
    tried: list(object<Trial>("a value that was tried", TRIAL), "in their order"),
    interrupted,
    missing,
  }),
  optional: ["interrupted", "missing"],
};
