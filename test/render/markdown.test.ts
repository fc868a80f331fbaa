import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderMarkdown, renderReportMarkdown } from "../../src/render/markdown.js";
import { sampleReport } from "../report/sample.js";
import { FAILING, failed, HOLDING, HOSTILES, held, suiteOf } from "../report/suites.js";

describe("a set as a comment", () => {
  test("that holds has its sums and a table that is folded", () => {
    assert.equal(
      renderMarkdown(HOLDING),
      "### ✅ ct-reliable: 2 scenarios, 1 expectation in 2 runs: all hold\n\n" +
        "<details><summary>All scenarios</summary>\n\n" +
        "| scenario | expected | measured | |\n|---|---|---|---|\n" +
        "| a | `destroy.delivered == 100%` | 100% | ✅ |\n\n</details>\n",
    );
  });

  test("that fails says first what failed, by how much and what repeats it", () => {
    const text = renderMarkdown(FAILING);
    assert.ok(
      text.startsWith(
        "### ❌ ct-reliable: 3 scenarios, 5 expectations in 5 runs: 3 expectations of 2 scenarios failed\n",
      ),
      text,
    );
    assert.match(
      text,
      /\*\*b\*\*: the title of b\n\n- `drain <= 20s`: is \*\*52\.3 s\*\*\n- `drain <= 20s over 3 seeds`: is \*\*never\*\*\n\n```sh\nct-reliable run scenarios\/b\.yaml --seed 1\n```\n/,
    );
    assert.match(text, /<details open>/);
  });

  test("that was interrupted, or of nothing, is a sentence", () => {
    const cut = renderMarkdown(suiteOf([{ name: "a", expectations: [held] }], { interrupted: true }));
    assert.match(cut, /^### ⚠️ ct-reliable: interrupted — 1 scenario/);
    assert.equal(
      renderMarkdown(suiteOf([])),
      "### ✅ ct-reliable: 0 scenarios, 0 expectations in 0 runs: nothing was expected\n",
    );
  });

  test("whose names try to break out keeps its rows, its cells and its bold words", () => {
    const rows = renderMarkdown(HOSTILES)
      .split("\n")
      .filter((line) => line.startsWith("| ") && !line.startsWith("| scenario"));
    assert.equal(rows.length, HOSTILES.report.summary.expectations);
    for (const row of rows) assert.equal(row.replaceAll(/\\./g, "").split("|").length, 6, row);
    const bare = renderMarkdown(HOSTILES)
      .replaceAll(/```sh\n.*\n```/g, "")
      .replaceAll(/\\[\\`*_~&<>|[\]]/g, "")
      .replaceAll(/`[^`\n]*`|<\/?details( open)?>|<\/?summary>/g, "");
    assert.doesNotMatch(bare, /[<>`~&[\]]|(?<!\*)\*(?!\*)/);
  });
});

describe("one report", () => {
  test("has its meaning, its expectations, its events and its command", () => {
    const report = sampleReport((sample) => Object.assign(sample, { expectations: [held, failed] }));
    const text = renderReportMarkdown(report, "ct-reliable flood --seed 1");
    assert.match(text, /^### ct-reliable flood: \S/);
    assert.match(text, /\n- ✅ `destroy\.delivered == 100%`: 100%\n- ❌ `drain <= 20s`: 52\.3 s\n/);
    for (const type of ["NEW", "UPDATE", "DESTROY"])
      assert.match(text, new RegExp(`\\n\\| ${type} \\|( [\\d,]+ \\|){6} .*\\|\\n`));
    assert.match(text, /```sh\nct-reliable flood --seed 1\n```\n$/);
  });
});
