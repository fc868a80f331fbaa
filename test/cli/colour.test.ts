import assert from "node:assert/strict";
import { test } from "node:test";
import { hasColour } from "../../src/cli/colour.js";
import { captured } from "./harness.js";

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
