import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { field, renderCsv } from "../../src/render/csv.js";
import { figureOf, METRICS, metricNamed } from "../../src/report/metrics.js";
import { TIMELINE_COLUMNS } from "../../src/report/report.js";
import { singleSuite } from "../../src/report/suite.js";
import { sampleReport } from "../report/sample.js";
import { FAILING, HOSTILE, HOSTILES, OPTIONS, suiteOf } from "../report/suites.js";

/** RFC 4180 and nothing else. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      const quotedField = /"((?:[^"]|"")*)"/y;
      const plainField = /[^",\r\n]*/y;
      const pattern = text[at] === '"' ? quotedField : plainField;
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      assert.ok(match, `a field at ${at}`);
      row.push(match[1]?.replaceAll('""', '"') ?? match[0]);
      at += match[0].length;
      if (text[at] !== ",") break;
      at++;
    }
    assert.equal(text.slice(at, at + 2), "\r\n", `the end of a row at ${at}`);
    at += 2;
    rows.push(row);
  }
  return rows;
}

const rowsOf = (...[suite, options]: Parameters<typeof renderCsv>) => {
  const [head, ...rows] = parseCsv(renderCsv(suite, options));
  for (const row of rows) assert.equal(row.length, head!.length);
  return {
    head: head!,
    rows,
    records: rows.map((row) => Object.fromEntries(row.map((cell, at) => [head![at]!, cell]))),
  };
};

describe("csv", () => {
  test("has a row for each run and a column for each metric that every run has", () => {
    const { head, records } = rowsOf(FAILING, OPTIONS);
    assert.deepEqual(
      records.map(({ name }) => name),
      ["a", "b", "b", "b", "c"],
    );
    assert.equal(new Set(head).size, head.length);
    const missing = METRICS.map(({ name }) => name).filter((name) => !head.includes(name.replace("[N]", "[0]")));
    assert.deepEqual(
      missing.filter(
        (name) =>
          !/^(otherListeners|classes|scenario\.traffic|scenario\.rateProfile|scenario\.replay\.kinds)\[/.test(name),
      ),
      [],
    );
  });

  test("has the figures of the report, and nothing where one is not known", () => {
    const report = sampleReport((sample) => {
      sample.redelivery = null;
      sample.dying.emptyAfterFlushSeconds = null;
      sample.seed = null;
    });
    const { head, records } = rowsOf(singleSuite(report, "c"), OPTIONS);
    const labels = head.indexOf(METRICS[0]!.name);
    assert.ok(labels > 0, "a metric");
    for (const name of head.slice(labels)) {
      assert.equal(records[0]![name], String(figureOf(report, metricNamed(name)) ?? ""), name);
    }
    assert.deepEqual(
      [records[0]!["redelivery.runs"], records[0]!.seed, records[0]!["scenario.kernel"]],
      ["", "", "2.6.31"],
    );
  });

  test("names of every kind come back as they were, formulas as texts", () => {
    const names = rowsOf(HOSTILES, OPTIONS).records.map(({ name }) => name);
    assert.deepEqual(
      names,
      HOSTILE.map((name) => (name.startsWith("=") ? `'${name}` : name)),
    );
  });

  test("a name is never a formula, and a number is never a text", () => {
    for (const name of ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1"]) {
      assert.match(field(name), /^"?'/);
    }
    assert.equal(field(-1), "-1");
  });

  test("--timeline: a row for each moment, with the name and the seed of its run", () => {
    const report = sampleReport((sample) => {
      sample.timeline.rows = [
        [0, 1, 2, 3, 4, 5, 0, 2, 3, 0, 0],
        [0.5, 6, 7, 8, 9, 10, 11, 12, 13, 0.25, 14],
      ];
    });
    const { head, rows } = rowsOf(suiteOf([{ name: 'a"b', expectations: [], reports: [report, report] }]), {
      ...OPTIONS,
      timeline: true,
    });
    assert.deepEqual(head, ["name", "seed", ...TIMELINE_COLUMNS]);
    assert.equal(rows.length, 4);
    assert.deepEqual(rows[1], ['a"b', "1", "0.5", "6", "7", "8", "9", "10", "11", "12", "13", "0.25", "14"]);
  });

  test("of nothing is a head alone", () => {
    assert.equal(parseCsv(renderCsv(suiteOf([]), OPTIONS)).length, 1);
  });
});
