/**
 * The table of the scenario library in README.md, made from the files: each with its title and how many expectations it
 * has. It takes texts and returns texts; reading and writing is generate.ts.
 */
import { type LibraryFile, planned } from "./library.js";

const BEGIN = "<!-- scenarios, written by npm run generate -->";
const END = "<!-- end of scenarios -->";

export function scenarioTable(files: readonly LibraryFile[]): string {
  const rows = files.map(({ name, scenario }) => {
    const expectations = planned(scenario).reduce((sum, plan) => sum + plan.expectations.length, 0);
    return `| [${name}](scenarios/${name}.yaml) | ${scenario.title.replaceAll("|", "\\|")} | ${expectations} |`;
  });
  return ["| scenario | what happens | expectations |", "|---|---|---:|", ...rows].join("\n");
}

/** The page with this table between its two comments. */
export function withTable(page: string, table: string, { begin, end } = { begin: BEGIN, end: END }): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`expected ${begin} and later ${end} in the page`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}
