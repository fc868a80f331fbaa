import assert from "node:assert/strict";
import { test } from "node:test";
import { linkUpRequest } from "../../src/wire/link-message.js";
import { attributesOf, messagesOf } from "../../src/wire/netlink.js";
import { TRACKING_RULE_REQUESTS, trackingRuleBatch } from "../../src/wire/tracking-rule.js";

test("the batch is begin, table, chain, rule, end, and its requests are numbered from the first", () => {
  const messages = messagesOf(trackingRuleBatch(5));
  assert.deepEqual(
    messages.map(({ type }) => type),
    [0x10, 0xa00, 0xa03, 0xa06, 0x11],
  );
  const acknowledged = messages.filter(({ flags }) => (flags & 4) !== 0);
  assert.deepEqual(
    acknowledged.map(({ sequence }) => sequence),
    [5, 6, 7],
  );
  assert.equal(acknowledged.length, TRACKING_RULE_REQUESTS);
});

test("the rule is the one expression ct state", () => {
  const rule = attributesOf(messagesOf(trackingRuleBatch(1))[3]!.payload.subarray(4));
  const expression = attributesOf(attributesOf(rule.get(4)!).get(1)!);
  assert.equal(expression.get(1)!.toString("latin1"), "ct\0");
  const data = attributesOf(expression.get(2)!);
  assert.deepEqual([data.get(1)!.readUInt32BE(0), data.get(2)!.readUInt32BE(0)], [1, 0]);
});

test("the link message is 32 bytes and sets IFF_UP, and nothing else, on the first interface", () => {
  const request = linkUpRequest(3);
  assert.equal(request.length, 32);
  const { type, payload } = messagesOf(request)[0]!;
  assert.deepEqual([type, payload.readInt32LE(4), payload.readUInt32LE(8), payload.readUInt32LE(12)], [16, 1, 1, 1]);
});
