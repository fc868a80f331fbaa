import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SystemCalls } from "../../../src/live/host/system-calls.js";
import { RawSender } from "../../../src/live/traffic/raw-sender.js";
import type { Family, Protocol, ScriptName } from "../../../src/scenario/scenario.js";
import { scriptOf } from "../../../src/workload/script.js";

const EPERM = 1;

/** What a connection of a script puts on the wire. `answer`: what sendto answers, from the bytes sent. */
function packets(
  { family, protocol, script, packets }: { family: Family; protocol: Protocol; script: ScriptName; packets: number },
  { tuple = 0, answered = false, answer = (bytes: number) => bytes } = {},
): { sent: { bytes: Buffer; address: Buffer }[]; accepted: boolean[] } {
  const sent: { bytes: Buffer; address: Buffer }[] = [];
  const calls = {
    socket: () => 3,
    sendTo(_fd: number, bytes: Buffer, address: Buffer) {
      sent.push({ bytes: Buffer.from(bytes), address: Buffer.from(address) });
      return answer(bytes.length);
    },
  } as unknown as SystemCalls;
  const steps = scriptOf({ script, protocol, packets });
  const sender = new RawSender(calls, { family, protocol }, steps, answered);
  return { accepted: steps.map((step, index) => sender.send(tuple, step, index)), sent };
}

/** The checksum of RFC 1071 over everything that it is of, the checksum itself included: 0 where it is right. */
function remainder(packet: Buffer, family: Family, protocol: Protocol): number {
  const header = family === "ipv4" ? 20 : 40;
  const carried = packet.subarray(header);
  const addresses = packet.subarray(family === "ipv4" ? 12 : 8, header);
  const number = { tcp: 6, udp: 17, icmp: family === "ipv4" ? 1 : 58 }[protocol];
  let sum = protocol === "icmp" && family === "ipv4" ? 0 : number + carried.length;
  const summed = protocol === "icmp" && family === "ipv4" ? carried : Buffer.concat([addresses, carried]);
  for (let at = 0; at < summed.length; at += 2) sum += (summed[at]! << 8) | (summed[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum ^ 0xffff;
}

const KINDS: readonly [Family, Protocol, ScriptName, number][] = [
  ["ipv4", "tcp", "syn-only", 1],
  ["ipv4", "tcp", "half-open", 2],
  ["ipv6", "tcp", "reset", 6],
  ["ipv4", "icmp", "request-reply", 2],
  ["ipv6", "icmp", "request-reply", 2],
  ["ipv6", "udp", "stream", 4],
];

describe("a raw packet", () => {
  for (const [family, protocol, script, count] of KINDS) {
    const kind = { family, protocol, script, packets: count };
    test(`of ${script} over ${protocol} and ${family} is as long as it says, and has a wrong checksum unless asked`, () => {
      for (const tuple of [0, 1, 65_535, 16_777_000]) {
        for (const { bytes } of packets(kind, { tuple }).sent) {
          const length = family === "ipv4" ? bytes.readUInt16BE(2) : 40 + bytes.readUInt16BE(4);
          assert.equal(length, bytes.length);
          assert.notEqual(remainder(bytes, family, protocol), 0);
        }
        for (const { bytes } of packets(kind, { tuple, answered: true }).sent) {
          assert.equal(remainder(bytes, family, protocol), 0);
        }
      }
    });
  }

  test("goes to the connection's address, and a reply comes from there", () => {
    const { sent } = packets({ family: "ipv4", protocol: "icmp", script: "request-reply", packets: 2 }, { tuple: 258 });
    const [request, reply] = sent;
    assert.deepEqual([...request!.bytes.subarray(12, 20)], [127, 0, 0, 1, 127, 0, 1, 4]);
    assert.deepEqual([...reply!.bytes.subarray(12, 20)], [127, 0, 1, 4, 127, 0, 0, 1]);
    assert.deepEqual([...request!.address.subarray(4, 8)], [127, 0, 1, 4]);
    assert.deepEqual([...reply!.address.subarray(4, 8)], [127, 0, 0, 1]);
    const six = packets({ family: "ipv6", protocol: "icmp", script: "request-reply", packets: 2 }, { tuple: 258 }).sent;
    assert.equal(six[0]!.bytes.subarray(24, 40).toString("hex"), "fd01000000000000000000007f000104");
    assert.equal(six[0]!.address.subarray(8, 24).toString("hex"), "fd01000000000000000000007f000104");
    assert.equal(six[1]!.bytes.subarray(8, 24).toString("hex"), "fd01000000000000000000007f000104");
    assert.equal(six[1]!.address.subarray(8, 24).toString("hex"), "00000000000000000000000000000001");
  });

  test("of TCP continues where its direction left off, and acknowledges what the other one sent", () => {
    const { sent } = packets({ family: "ipv4", protocol: "tcp", script: "short", packets: 9 });
    const next = [0, 0];
    for (const [index, { bytes }] of sent.entries()) {
      const from = bytes.readUInt32BE(12) === 0x7f00_0001 ? 0 : 1;
      const segment = bytes.subarray(20);
      const flags = segment[13]!;
      const isFirst = (flags & 2) !== 0;
      if (!isFirst) assert.equal(segment.readUInt32BE(4), next[from], `packet ${index} begins where the last ended`);
      if (flags & 16) assert.equal(segment.readUInt32BE(8), next[1 - from], `packet ${index} acknowledges all`);
      next[from] = segment.readUInt32BE(4) + (segment.length - 20) + (flags & 3 ? 1 : 0);
    }
    assert.deepEqual(
      sent.map(({ bytes }) => bytes[33]),
      [0x02, 0x12, 0x10, 0x10, 0x10, 0x11, 0x10, 0x11, 0x10],
    );
  });

  test("that a full table refuses is an answer, every other failure an error", () => {
    const kind = { family: "ipv4", protocol: "tcp", script: "syn-only", packets: 1 } as const;
    assert.deepEqual(packets(kind, { answer: () => -EPERM }).accepted, [false]);
    assert.throws(() => packets(kind, { answer: () => -105 }), /^SystemCallError: sendto: ENOBUFS|sendto: ENOBUFS/);
  });
});
