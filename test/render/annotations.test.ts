import assert from "node:assert/strict";
import { test } from "node:test";
import { renderAnnotations } from "../../src/render/annotations.js";
import { singleSuite } from "../../src/report/suite.js";
import { sampleReport } from "../report/sample.js";
import { FAILING, failed, HOLDING, HOSTILES, suiteOf } from "../report/suites.js";

test("each failed expectation is an error at its line of the file, what holds is nothing", () => {
  assert.equal(renderAnnotations(HOLDING), "");
  assert.equal(
    renderAnnotations(FAILING),
    "::error file=scenarios/b.yaml,line=11,title=ct-reliable b::expected drain <= 20s, got 52.3 s\n" +
      "::error file=scenarios/b.yaml,line=12,title=ct-reliable b::expected drain <= 20s over 3 seeds, got never\n" +
      "::error file=scenarios/c.yaml,line=10,title=ct-reliable c::expected drain < 2 * drain in b, got 10 seconds, against 10 s\n",
  );
});

test("standard input and a command line have no file", () => {
  const suite = suiteOf([{ name: "stdin", path: "-", expectations: [failed] }]);
  const line = "::error title=ct-reliable stdin::expected drain <= 20s, got 52.3 s\n";
  assert.equal(renderAnnotations(suite), line);
  const report = sampleReport((sample) => Object.assign(sample, { expectations: [failed] }));
  assert.equal(renderAnnotations(singleSuite(report, "c")), line.replace("stdin", "flood"));
});

test("no name ends a line, a property or the list of them", () => {
  const hostile = suiteOf([{ name: "a,b:c%\r\n::error::x", path: "x,y:z%\n.yaml", expectations: [failed] }]);
  assert.equal(
    renderAnnotations(hostile),
    "::error file=x%2Cy%3Az%25%0A.yaml,line=10,title=ct-reliable a%2Cb%3Ac%25%0D%0A%3A%3Aerror%3A%3Ax::expected drain <= 20s, got 52.3 s\n",
  );
  for (const line of renderAnnotations(HOSTILES).trimEnd().split("\n"))
    assert.match(line, /^::error file=[^,:]*,line=\d+,title=[^,:]*::/);
});
