/**
 * Failed expectations as annotations of GitHub Actions: a line each that the runner shows at the line of the scenario
 * file.
 */

import type { Suite } from "../report/suite.js";
import { measured } from "./measured.js";

export function renderAnnotations({ report, origins }: Suite): string {
  return report.scenarios
    .flatMap(({ name, expectations }, index) => {
      const { path, expectationLines } = origins[index]!;
      return expectations.flatMap((verdict, at) => {
        if (verdict.ok) return [];
        const place = path === "" || path === "-" ? "" : `file=${property(path)},line=${expectationLines[at]},`;
        const message = `expected ${verdict.expression}, got ${measured(verdict)}`;
        return [`::error ${place}title=${property(`ct-reliable ${name}`)}::${escaped(message)}\n`];
      });
    })
    .join("");
}

/** The runner's own escapes: a message ends with its line, a property with a comma or a colon as well. */
function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
