/**
 * The shape of a scenario file: the published JSON Schema itself, so that what an editor accepts is what is accepted
 * here.
 */
import type { Overrides } from "../defaults.js";
import { MOST_SEEDS } from "../expectation.js";
import { list, quantity, type Schema, text } from "../json-schema.js";
import { DURATION_SECONDS } from "../parameters/load.js";
import { GIVEN_TRAFFIC } from "../parameters/traffic.js";
import { type Experiment, PRINTABLE, SCENARIO } from "../scenario.js";

/** What stands behind `in` of an expectation. */
const VARIANT_NAME = "^[A-Za-z0-9][A-Za-z0-9._-]*$";

const GIVEN_SCENARIO: Schema = {
  ...SCENARIO,
  description: "parameters under the names that a report gives them; what is left out is a default of the experiment",
  properties: { ...SCENARIO.properties, traffic: GIVEN_TRAFFIC, durationSeconds: DURATION_SECONDS },
};

const EXPECTATIONS = list(
  text(
    "an expectation such as destroy.delivered == 100%, or drain <= 20s over 20 seeds",
    "an expectation such as destroy.delivered == 100%",
    { minLength: 1 },
  ),
  "what must hold; `ct-reliable metrics` lists what can be asked",
);

/** Lines and paragraphs of characters that do nothing to a terminal. */
const PROSE = "^(\\P{C}|[\\n\\t])*$";

const TITLE = text("one line that says what happens", "a line of 1 to 100 printable characters", {
  maxLength: 100,
  pattern: PRINTABLE,
});

export const NAME = text("the name of the scenario; without it that of the file", "a name of printable characters", {
  pattern: PRINTABLE,
});

const VARIANT: Schema = {
  type: "object",
  description: "a variant: what it changes in the scenario, and what must hold beside the expectations of the file",
  properties: { title: TITLE, scenario: GIVEN_SCENARIO, expectations: EXPECTATIONS },
};

export const SCENARIO_FILE: Schema = {
  type: "object",
  description: "A scenario of ct-reliable: an experiment, its story and what must hold.",
  needed: ["title", "scenario"],
  properties: {
    $schema: text("the JSON Schema of this file, for editors", "an address", { pattern: PROSE }),
    name: NAME,
    title: TITLE,
    story: text("what happens, and to whom", "a text of printable characters", { pattern: PROSE }),
    shows: text("what is to be seen in it", "a text of printable characters", { pattern: PROSE }),
    sources: list(
      text("an address", "an address such as https://…", { pattern: "^https?://\\P{C}+$" }),
      "where the story is from",
    ),
    runs: quantity("count", { min: 1, max: MOST_SEEDS }, "runs of the scenario with different seeds"),
    scenario: GIVEN_SCENARIO,
    expectations: EXPECTATIONS,
    variants: {
      type: "object",
      description: "runs of the same scenario with some parameters changed, by name",
      others: VARIANT,
      keyPattern: VARIANT_NAME,
    },
  },
};

/** What the file says for all of its variants, and each of them. */
export interface Layer {
  title?: string;
  scenario?: Overrides & { experiment?: Experiment };
  expectations?: readonly string[];
}

/** As the file has it, in canonical units. */
export interface Given extends Layer {
  name?: string;
  title: string;
  story?: string;
  shows?: string;
  sources?: readonly string[];
  runs?: number;
  variants?: Record<string, Layer>;
}

/** A way down from the top of the file, by keys and by numbers of items. */
export type Path = readonly (string | number)[];

/** The description of what stands there; undefined where nothing may. */
export function schemaAt(at: Path): Schema | undefined {
  let schema: Schema | undefined = SCENARIO_FILE;
  for (const step of at) schema = schema && childOf(schema, step);
  return schema;
}

/** Of a key or of an item of a list. A key may be called `constructor`. */
export function childOf({ items, properties = {}, others }: Schema, step: string | number): Schema | undefined {
  return items ?? (Object.hasOwn(properties, step) ? properties[step] : others);
}
