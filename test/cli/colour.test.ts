import assert from "node:assert/strict";
import { test } from "node:test";
import { hasColour } from "../../src/cli/colour.js";
import { captured, run } from "./harness.js";

const terminal = captured(true);
const pipe = captured(false);

test("a terminal has colours, a pipe has none", () => {
  assert.equal(hasColour(terminal, {}, true), true);
  assert.equal(hasColour(pipe, {}, true), false);
});

test("NO_COLOR and a dumb terminal turn them off, an empty NO_COLOR does not", () => {
  assert.equal(hasColour(terminal, { NO_COLOR: "1" }, true), false);
  assert.equal(hasColour(terminal, { NO_COLOR: "" }, true), true);
  assert.equal(hasColour(terminal, { TERM: "dumb" }, true), false);
});

test("FORCE_COLOR turns them on in a pipe and beats NO_COLOR, FORCE_COLOR=0 turns them off", () => {
  assert.equal(hasColour(pipe, { FORCE_COLOR: "1" }, true), true);
  assert.equal(hasColour(pipe, { FORCE_COLOR: "1", NO_COLOR: "1" }, true), true);
  assert.equal(hasColour(terminal, { FORCE_COLOR: "0" }, true), false);
  assert.equal(hasColour(pipe, { FORCE_COLOR: "" }, true), false);
});

test("--no-color beats everything", () => {
  assert.equal(hasColour(terminal, { FORCE_COLOR: "1" }, false), false);
});

test("an error is red on a terminal, and plain with --no-color, also where the flags cannot be read", async () => {
  for (const wrong of [["--bogus"], ["--buffer", "20x"], ["--buffer"]]) {
    const coloured = await run(["flood", ...wrong], { stderrTty: true });
    assert.ok(coloured.stderr.startsWith("\u001b[31mct-reliable:\u001b[39m "), coloured.stderr);
    const plain = await run(["flood", "--no-color", ...wrong], { stderrTty: true, env: { FORCE_COLOR: "1" } });
    assert.match(plain.stderr, /^ct-reliable: expected|^ct-reliable: --buffer/);
    assert.equal(plain.code, 2);
  }
});
