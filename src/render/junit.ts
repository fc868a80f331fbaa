/**
 * A set of scenarios as JUnit XML, which every CI shows: a suite for each scenario, a test case for each expectation.
 * It keeps to what the schemas in use have in common, so the elements and attributes that the strictest one wants are
 * all there, those it does not know are not. There is no time in it: what a run takes on this machine is no result.
 */

import type { ExpectationResult } from "../report/report.js";
import type { Origin, ScenarioResult, Suite } from "../report/suite.js";
import { printable } from "../scenario/errors.js";
import { measured } from "./measured.js";

/** Wanted by the schema; a result has no date, so that the same run gives the same bytes. */
const TIMESTAMP = "1970-01-01T00:00:00";

export function renderJunit({ report, origins }: Suite): string {
  const suites = report.scenarios.map((result, index) => suite(result, origins[index]!, index));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("")}</testsuites>\n`;
}

function suite(
  { name, title, expectations, reports, missing = [] }: ScenarioResult,
  origin: Origin,
  id: number,
): string {
  const cases = expectations.map((verdict, index) => testcase(verdict, name, origin, index));
  // A scenario that expects nothing still says that it ran, or that it did not.
  const [error = ""] = missing.map((run) => `      <error${attributes({ message: run, type: "missing" })}/>\n`);
  const runs = `    <testcase${attributes({ name: "runs", classname: name, time: 0 })}`;
  const ran = expectations.length > 0 ? "" : error === "" ? `${runs}/>\n` : `${runs}>\n${error}    </testcase>\n`;
  const head = attributes({
    name,
    package: "ct-reliable",
    id,
    timestamp: TIMESTAMP,
    hostname: "localhost",
    tests: Math.max(1, expectations.length),
    failures: expectations.filter(({ ok }) => !ok).length,
    errors: error === "" ? 0 : 1,
    time: 0,
  });
  const facts = {
    title,
    file: origin.path,
    seed: reports[0]?.seed ?? "",
    runs: reports.length,
    ended: reports[0]?.ended ?? "",
    command: origin.command,
  };
  const properties = Object.entries(facts).map(
    ([key, value]) => `      <property${attributes({ name: key, value })}/>\n`,
  );
  return (
    `  <testsuite${head}>\n    <properties>\n${properties.join("")}    </properties>\n` +
    `${cases.join("")}${ran}    <system-out/>\n    <system-err/>\n  </testsuite>\n`
  );
}

function testcase(verdict: ExpectationResult, scenario: string, origin: Origin, index: number): string {
  const head = `    <testcase${attributes({ name: verdict.expression, classname: scenario, time: 0 })}`;
  if (verdict.ok) return `${head}/>\n`;
  const message = `expected ${verdict.expression}, got ${measured(verdict)}`;
  const line = origin.expectationLines[index] ?? 0;
  const place = origin.path === "" ? "" : `${origin.path}:${line}\n`;
  const failure = `      <failure${attributes({ message, type: "expectation" })}>${escaped(`${place}${origin.command}`)}</failure>\n`;
  return `${head}>\n${failure}    </testcase>\n`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML has no way at all to write most control characters; of the others a viewer may be a terminal. */
function escaped(text: string): string {
  return text
    .split("\n")
    .map(printable)
    .join("\n")
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!)
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "�");
}
