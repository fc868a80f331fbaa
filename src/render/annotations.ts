/**
 * Failed expectations as annotations of GitHub Actions: a line each that the runner shows at the line of the scenario
 * file.
 */

import type { Suite } from "../report/suite.js";
import { printable } from "../scenario/errors.js";
import { measured } from "./measured.js";

export function renderAnnotations({ report, origins }: Suite): string {
  return report.scenarios
    .flatMap(({ name, expectations, missing = [] }, index) => {
      const { path, line, expectationLines } = origins[index]!;
      const annotation = (at: number | undefined, message: string): string => {
        const place = path === "" || path === "-" ? "" : `file=${property(path)},line=${at},`;
        return `::error ${place}title=${property(`ct-reliable ${name}`)}::${escaped(message)}\n`;
      };
      const absent = missing.slice(0, 1).map((run) => annotation(line, `a run is missing: ${run}`));
      const failed = expectations.flatMap((verdict, at) => {
        if (verdict.ok) return [];
        return [annotation(expectationLines[at], `expected ${verdict.expression}, got ${measured(verdict)}`)];
      });
      return [...absent, ...failed];
    })
    .join("");
}

/** The runner's own escapes: a message ends with its line, a property with a comma or a colon as well. */
function escaped(text: string): string {
  return printable(text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A"));
}

function property(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
