import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attribute,
  attributesOf,
  message,
  messagesOf,
  NLM_F_ACK,
  NLM_F_REQUEST,
  nest,
  nfgenmsg,
  text,
  uint16,
  uint32,
} from "../../src/wire/netlink-message.js";

const HEADER = { type: 0x102, flags: NLM_F_REQUEST | NLM_F_ACK, sequence: 7 };

test("a header is length, type, flags and sequence in the byte order of the machine, and no port", () => {
  assert.equal(
    message(HEADER, nfgenmsg(2, 1, 0)).toString("hex"),
    "14000000" + "0201" + "0500" + "07000000" + "00000000" + "02010000",
  );
});

test("an attribute tells its length without the padding that follows it", () => {
  assert.equal(attribute(3, text("ct")).toString("hex"), "07000300" + "637400" + "00");
  assert.equal(attribute(2, uint16(0x1234)).toString("hex"), "06000200" + "1234" + "0000");
});

test("a nest is marked and holds its attributes whole", () => {
  assert.equal(nest(1, attribute(2, uint32(5))).toString("hex"), "0c000180" + "08000200" + "00000005");
});

test("what was put together comes apart again: messages of a datagram, attributes of a payload, nests in them", () => {
  const inner = [attribute(1, uint32(11)), attribute(2, text("two"))];
  const datagram = Buffer.concat([message(HEADER, nest(4, ...inner)), message({ ...HEADER, sequence: 8 })]);
  const messages = messagesOf(datagram);
  assert.deepEqual(
    messages.map(({ type, sequence }) => [type, sequence]),
    [
      [0x102, 7],
      [0x102, 8],
    ],
  );
  const outer = attributesOf(messages[0]!.payload).get(4)!;
  assert.equal(attributesOf(outer).get(1)!.readUInt32BE(0), 11);
  assert.equal(attributesOf(outer).get(2)!.toString("latin1"), "two\0");
});

test("a length that is cut short or too small ends the reading, it does not hang or throw", () => {
  const datagram = message(HEADER, attribute(1, uint32(1)));
  assert.equal(messagesOf(datagram.subarray(0, datagram.length - 1)).length, 0);
  assert.equal(attributesOf(Buffer.from([2, 0, 1, 0])).size, 0);
  assert.equal(attributesOf(Buffer.from([8, 0, 1, 0])).size, 0);
});
