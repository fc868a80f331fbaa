import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean } from "../../src/scenario/suggest.js";

const PROTOCOLS = ["udp", "tcp", "icmp"];

test("a swap, a missing, an additional or a wrong letter is a typo", () => {
  assert.equal(didYouMean("upd", PROTOCOLS), ', did you mean "udp"?');
  assert.equal(didYouMean("imp", PROTOCOLS), ', did you mean "icmp"?');
  assert.equal(didYouMean("tcpp", PROTOCOLS), ', did you mean "tcp"?');
  assert.equal(didYouMean("ucp", PROTOCOLS), ', did you mean "udp"?');
  assert.equal(didYouMean("TCP", PROTOCOLS), ', did you mean "tcp"?');
});

test("another word is no typo", () => {
  for (const word of ["", "sctp4", "all", "x", "u".repeat(100_000)])
    assert.equal(didYouMean(word, PROTOCOLS), "", word);
  assert.equal(didYouMean("udp", []), "");
});

test("a number is no typo of another", () => {
  assert.equal(didYouMean("200", ["100", "250"]), "");
});
