import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, MOST_TUPLES, tupleOf } from "../../../src/live/host/loopback-address.js";

test("tuples and addresses of 127.0.0.0/8 name each other; neither the sender nor the broadcast address is one", () => {
  for (const tuple of [0, 1, 255, 65_536, MOST_TUPLES - 1]) assert.equal(tupleOf(addressOf(tuple)), tuple);
  assert.ok(addressOf(0) > 0x7f00_0001);
  assert.ok(addressOf(MOST_TUPLES - 1) < 0x7fff_ffff);
});
