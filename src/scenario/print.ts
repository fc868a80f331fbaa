/**
 * A scenario as a file that readScenarioFiles takes: every parameter resolved, in canonical units, so that running it repeats the run
 * whatever the defaults of a later version are. It knows the shape of the file (file.ts) and nothing else.
 */
import { stringify } from "yaml";
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
          variants: Object.fromEntries(cases.map((one) => [one.variant, { title: one.title, ...caseOf(one) }])),
        }),
  };
  return form === "json" ? `${JSON.stringify(document, null, 2)}\n` : stringify(document, { lineWidth: 100 });
}

function caseOf({ scenario, expectations }: PrintedCase): object {
  return { scenario, ...(expectations.length === 0 ? {} : { expectations }) };
}
