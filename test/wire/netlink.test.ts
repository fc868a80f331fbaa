import assert from "node:assert/strict";
import { test } from "node:test";
import { attributesOf, findAttribute, messagesOf, NLM_F_ACK, NLM_F_REQUEST } from "../../src/wire/netlink.js";
import { NetlinkWriter } from "../../src/wire/netlink-writer.js";

const HEADER = { type: 0x102, flags: NLM_F_REQUEST | NLM_F_ACK, sequence: 7 };

/** What a writer made of `fill`, as hexadecimal digits. */
function written(fill: (writer: NetlinkWriter) => void): string {
  const writer = new NetlinkWriter();
  fill(writer);
  return writer.finish().toString("hex");
}

test("a header is length, type, flags, sequence and port in the byte order of the machine", () => {
  assert.equal(
    written((writer) => writer.message({ ...HEADER, portid: 9 }, () => writer.nfgenmsg(2, 1, 0x0a))),
    "14000000" + "0201" + "0500" + "07000000" + "09000000" + "0201000a",
  );
});

test("an attribute tells its length without the padding that follows it", () => {
  assert.equal(
    written((writer) => writer.putText(3, "ct")),
    "07000300" + "637400" + "00",
  );
  assert.equal(
    written((writer) => writer.putBe16(2, 0x1234)),
    "06000200" + "1234" + "0000",
  );
});

test("a nest is marked and holds its attributes whole", () => {
  assert.equal(
    written((writer) => writer.nest(1, () => writer.putBe32(2, 5))),
    "0c000180" + "08000200" + "00000005",
  );
});

test("what was put together comes apart again: messages of a datagram, attributes of a payload, nests in them", () => {
  const writer = new NetlinkWriter();
  writer.message(HEADER, () =>
    writer.nest(4, () => {
      writer.putBe32(1, 11);
      writer.putText(2, "two");
    }),
  );
  writer.message({ ...HEADER, sequence: 8 }, () => {});
  const messages = messagesOf(writer.finish());
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

test("a datagram may be of any length", () => {
  const writer = new NetlinkWriter();
  for (let sequence = 0; sequence < 1000; sequence++) {
    writer.message({ ...HEADER, sequence }, () => writer.putBytes(1, new Uint8Array(sequence)));
  }
  const messages = messagesOf(writer.finish());
  assert.equal(messages.length, 1000);
  assert.equal(attributesOf(messages[999]!.payload).get(1)!.length, 999);
});

test("a length that is cut short or too small ends the reading, it does not hang or throw", () => {
  const writer = new NetlinkWriter();
  const datagram = writer.message(HEADER, () => writer.putBe32(1, 1)).finish();
  assert.equal(messagesOf(datagram.subarray(0, datagram.length - 1)).length, 0);
  assert.equal(attributesOf(Buffer.from([2, 0, 1, 0])).size, 0);
  assert.equal(attributesOf(Buffer.from([8, 0, 1, 0])).size, 0);
  assert.equal(findAttribute(Buffer.from([2, 0, 1, 0, 4, 0, 2, 0]), 0, 8, 2), -1);
});
