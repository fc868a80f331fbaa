/**
 * A scenario as a file that readScenarioFiles takes: every parameter resolved, in canonical units, so that running it
 * repeats the run whatever the defaults of a later version are. It knows the shape of the file (file.ts) and nothing
 * else.
 */
import { type CreateNodeOptions, type DocumentOptions, stringify, type ToStringOptions } from "yaml";
import type { ScenarioFile } from "./file.js";
import type { Scenario } from "./scenario.js";

/** A run of the file with its parameters resolved. */
export interface PrintedCase {
  variant: string | null;
  title: string;
  scenario: Scenario;
  expectations: readonly string[];
}

export interface PrintedFile extends Pick<ScenarioFile, "name" | "title" | "story" | "shows" | "sources"> {
  runs: number;
  cases: readonly PrintedCase[];
}

type Style = DocumentOptions & CreateNodeOptions & ToStringOptions;

/** Variants often share a list of groups: that is said again, and not an alias. */
const YAML_STYLE: Style = { aliasDuplicateObjects: false, lineWidth: 100 };
/** YAML that is JSON. */
const JSON_STYLE: Style = {
  aliasDuplicateObjects: false,
  collectionStyle: "flow",
  defaultKeyType: "QUOTE_DOUBLE",
  defaultStringType: "QUOTE_DOUBLE",
  doubleQuotedAsJSON: true,
};

/** `json`: the same as JSON, which is YAML, too. */
export function printScenarioFile(file: PrintedFile, form: "yaml" | "json"): string {
  const { name, title, story, shows, sources, runs, cases } = file;
  const [first] = cases;
  const document = {
    name,
    title,
    ...(story === "" ? {} : { story }),
    ...(shows === "" ? {} : { shows }),
    ...(sources.length === 0 ? {} : { sources }),
    ...(runs === 1 ? {} : { runs }),
    ...(first?.variant === null
      ? caseOf(first)
      : {
          scenario: {},
          // An object would put variants called 250 and 1000 into an order of its own.
          variants: new Map(cases.map((one) => [one.variant, { title: one.title, ...caseOf(one) }])),
        }),
  };
  return stringify(document, form === "json" ? JSON_STYLE : YAML_STYLE);
}

function caseOf({ scenario, expectations }: PrintedCase): object {
  return { scenario, ...(expectations.length === 0 ? {} : { expectations }) };
}
