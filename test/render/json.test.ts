import assert from "node:assert/strict";
import { test } from "node:test";
import { renderJson } from "../../src/render/json.js";
import { renderers } from "../../src/render/renderers.js";
import { SAMPLES, sampleReport } from "../report/sample.js";

for (const [name, report] of Object.entries(SAMPLES)) {
  test(`JSON parses back to the same report: ${name}`, () => {
    assert.deepEqual(JSON.parse(renderJson(report())), report());
  });
}

test("JSON differs from JSON.stringify in white space alone", () => {
  for (const report of Object.values(SAMPLES)) {
    assert.equal(JSON.stringify(JSON.parse(renderJson(report()))), JSON.stringify(report()));
  }
});

test("a row of the timeline stands on one line of its own", () => {
  const report = sampleReport();
  const lines = renderJson(report).split("\n");
  for (const row of report.timeline.rows) {
    assert.ok(
      lines.some((line) => line.trim().replace(/,$/, "") === `[${row.join(", ")}]`),
      `expected the row ${row.join(", ")} on a line`,
    );
  }
});

test("objects are indented by two spaces, one member on each line", () => {
  const lines = renderJson(sampleReport()).split("\n");
  assert.equal(lines[0], "{");
  assert.equal(lines[1], '  "schemaVersion": 2,');
  assert.ok(lines.includes('    "peakDuringFlood": 12,'));
});

test("a list of sentences too long for one line gets a line for each", () => {
  const rule = "destroy: raised is not delivered + merged + lost + pending";
  const text = renderJson(
    sampleReport((report) => {
      report.invariants = { checked: 2, violated: [rule, `${rule} either`] };
    }),
  );
  assert.ok(text.includes(`\n      ${JSON.stringify(rule)},\n`));
});

test("an absent field is left out and an empty list stays a list", () => {
  const text = renderJson(sampleReport());
  assert.ok(!text.includes("interrupted"));
  assert.ok(text.includes('"expectations": []'));
});

test("JSON ends with one newline and knows nothing of colour, width or quiet", () => {
  const report = sampleReport();
  const options = { colour: true, width: 40, quiet: true, command: "ct-reliable flood", timeline: false };
  assert.equal(renderers.json.report(report, options), renderJson(report));
  assert.match(renderJson(report), /[^\n]\n$/);
});
