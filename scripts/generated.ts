/**
 * The files of the package that are made of the code: the JSON Schemas of what goes in and comes out, the manual page,
 * the README's table of scenarios, the table of releases. They are committed, so that an editor finds them without a
 * build; a test holds them current.
 */
import { readFileSync } from "node:fs";
import { COMMANDS } from "../src/cli/catalogue.js";
import { renderManPage } from "../src/cli/man.js";
import { GLOSSARY } from "../src/explain/glossary.js";
import { REPORT } from "../src/report/schema.js";
import { SUITE } from "../src/report/suite.js";
import { TOOL_VERSION } from "../src/report/version.js";
import { SCENARIO_FILE } from "../src/scenario/file/shape.js";
import { published } from "../src/scenario/json-schema.js";
import { COMPARE, SIZE, SWEEP } from "../src/study/schema.js";
import { schemaText } from "./definitions.js";
import { libraryFiles, README } from "./library.js";
import { pageAssets } from "./page-assets.js";
import { scenarioTable, withTable } from "./readme.js";
import { LEVELS, levelTable, MODEL } from "./releases.js";

const DRAFT = "http://json-schema.org/draft-07/schema#";

/** By path from the top of the project. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    [
      "schema/scenario.schema.json",
      schemaText({ $schema: DRAFT, title: "A scenario of ct-reliable", ...published(SCENARIO_FILE, "written") }),
    ],
    ["schema/report.schema.json", schemaText(reportSchema())],
    ["schema/study.schema.json", schemaText(studySchema())],
    ["src/render/html/assets.ts", pageAssets()],
    ["README.md", withTable(readFileSync(README, "utf8"), scenarioTable(libraryFiles()))],
    ["docs/MODEL.md", withTable(readFileSync(MODEL, "utf8"), levelTable(), LEVELS)],
    ["docs/GLOSSARY.md", glossary()],
    ["man/ct-reliable.1", renderManPage(COMMANDS, TOOL_VERSION)],
  ]);
}

function glossary(): string {
  const terms = GLOSSARY.map(({ word, meaning }) => `**${word}**: ${meaning}`);
  const head =
    "The words of the reports. On the command line: `ct-reliable explain WORD`. Written by `npm run generate`.";
  return `# Glossary\n\n${head}\n\n${terms.join("\n\n")}\n`;
}

/** One Report, as `flood` and `flush` print it, or a set of them, as `run` does. */
function reportSchema(): object {
  return {
    $schema: DRAFT,
    title: "What ct-reliable prints with --format json",
    anyOf: [reference("report"), reference("suite")],
    definitions: { report: published(REPORT, "canonical"), suite: published(SUITE, "canonical") },
  };
}

/** What `sweep`, `compare` and `size` print. */
function studySchema(): object {
  const definitions = { sweep: SWEEP, compare: COMPARE, size: SIZE };
  return {
    $schema: DRAFT,
    title: "What the studies of ct-reliable print with --format json",
    anyOf: Object.keys(definitions).map(reference),
    definitions: Object.fromEntries(
      Object.entries(definitions).map(([name, schema]) => [name, published(schema, "canonical")]),
    ),
  };
}

function reference(name: string): object {
  return { $ref: `#/definitions/${name}` };
}
