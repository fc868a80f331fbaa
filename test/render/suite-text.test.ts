import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderSuiteText, summaryText } from "../../src/render/suite-text.js";
import { compared, FAILING, failed, HOLDING, held, OPTIONS, suiteOf } from "../report/suites.js";

const linesOf = (...[suite, options]: Parameters<typeof renderSuiteText>) =>
  renderSuiteText(suite, options).trimEnd().split("\n");
const LONG = suiteOf([
  {
    name: "a-scenario-whose-name-is-rather-long/and-its-variant",
    title: "what happens in it takes a sentence that is longer than a narrow terminal is wide",
    expectations: [
      held,
      failed,
      {
        ...compared,
        expression: "dying.peakDuringFlood <= 0.5 * dying.peakDuringFlood in another-variant over 20 seeds",
      },
    ],
  },
  { name: "b", expectations: [held] },
]);

describe("a set on a terminal", () => {
  test("is a line for each scenario and expectation, with what was measured, and the sums last", () => {
    assert.deepEqual(linesOf(FAILING, OPTIONS), [
      "✓ a  the title of a",
      "    ✓ destroy.delivered == 100%  100%",
      "✗ b  the title of b",
      "    ✓ destroy.delivered == 100%  100%",
      "    ✗ drain <= 20s               52.3 s",
      "    ✗ drain <= 20s over 3 seeds  never",
      "    ct-reliable run scenarios/b.yaml --seed 1",
      "✗ c  the title of c",
      "    ✗ drain < 2 * drain in b     10 seconds, against 10 s",
      "    ct-reliable run scenarios/c.yaml --seed 1",
      "3 scenarios, 5 expectations in 5 runs: 3 expectations of 2 scenarios failed",
    ]);
  });

  for (const suite of [HOLDING, FAILING, LONG]) {
    test(`fits every width (${suite.report.scenarios[0]!.name})`, () => {
      for (let width = 40; width <= 200; width++) {
        for (const line of linesOf(suite, { ...OPTIONS, width })) {
          // A command is one line, to be copied.
          if (!line.startsWith("    ct-reliable ")) assert.ok(line.length <= width, `${width}: ${line}`);
          assert.equal(line, line.trimEnd());
        }
      }
    });
  }

  test("loses no word in a narrow one", () => {
    for (const width of [0, Number.NaN, 40, 60]) {
      const words = (text: string) => text.replaceAll(/\s+/g, "");
      const text = words(renderSuiteText(LONG, { ...OPTIONS, width }));
      for (const { name, title, expectations } of LONG.report.scenarios) {
        for (const part of [name, title, ...expectations.map(({ expression }) => expression)]) {
          assert.ok(text.includes(words(part)), `${width}: ${part}`);
        }
      }
    }
  });

  test("--quiet leaves what failed, and the sums", () => {
    assert.deepEqual(linesOf(HOLDING, { ...OPTIONS, quiet: true }), ["2 scenarios, 1 expectation in 2 runs: all hold"]);
    const lines = linesOf(FAILING, { ...OPTIONS, quiet: true });
    assert.deepEqual(
      lines.filter((line) => !line.startsWith(" ")),
      [
        "✗ b  the title of b",
        "✗ c  the title of c",
        "3 scenarios, 5 expectations in 5 runs: 3 expectations of 2 scenarios failed",
      ],
    );
  });

  test("has colours where they are asked for, and the same text without them", () => {
    assert.doesNotMatch(renderSuiteText(FAILING, OPTIONS), /\p{Cc}(?<!\n)/u);
    const coloured = renderSuiteText(FAILING, { ...OPTIONS, colour: true });
    assert.notEqual(coloured, renderSuiteText(FAILING, OPTIONS));
    const codes = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");
    assert.equal(coloured.replaceAll(codes, ""), renderSuiteText(FAILING, OPTIONS));
  });
});

test("the sums say what was not run and what was not asked", () => {
  const { summary } = suiteOf([{ name: "a", expectations: [failed] }]).report;
  assert.equal(
    summaryText({ summary: { ...summary, skippedScenarios: 2 } }),
    "1 scenario, 1 expectation in 1 run: 1 expectation of 1 scenario failed; 2 scenarios not run",
  );
  const none = suiteOf([]).report.summary;
  assert.equal(
    summaryText({ summary: none, interrupted: true }),
    "interrupted — 0 scenarios, 0 expectations in 0 runs: nothing was expected",
  );
});
