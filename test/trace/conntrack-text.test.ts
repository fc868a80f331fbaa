import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { addressText, conntrackLine } from "../../src/trace/conntrack-text.js";

/**
 * Messages of Linux 6.18.44 and what `conntrack -E -o id,timestamp` of conntrack-tools 1.4.7 printed for the same
 * messages.
 */
const RECORDED: readonly { line: string; message: string }[] = JSON.parse(
  readFileSync(new URL("conntrack-E.json", import.meta.url), "utf8"),
);

describe("a message reads as conntrack -E prints it", () => {
  test("there is one of each kind, protocol and family, with and without accounting", () => {
    for (const word of [
      "[NEW]",
      "[UPDATE]",
      "[DESTROY]",
      "udp ",
      "tcp ",
      "icmp ",
      "icmpv6",
      "::1",
      "packets=",
      "[ASSURED]",
    ]) {
      assert.ok(
        RECORDED.some(({ line }) => line.includes(word)),
        word,
      );
    }
    assert.ok(RECORDED.some(({ line }) => line.includes("[DESTROY]") && !line.includes("packets=")));
  });

  for (const { line, message } of RECORDED) {
    const [, seconds, microseconds, rest] = /^\[(\d+)\.(\d+)\]\t(.*)$/.exec(line)!;
    test(rest!.slice(0, 100), () => {
      // The time is that of the reader's clock: to the microsecond, and small enough for a double.
      const nanoseconds = Number(seconds) * 1e6 * 1000 + Number(microseconds) * 1000;
      const printed = conntrackLine(0, Buffer.from(message, "hex"), "conntrack");
      assert.equal(printed, `[0.000000]\t${rest}`);
      assert.ok(Number.isFinite(nanoseconds));
    });
  }

  test("the time has six digits behind the point", () => {
    const bytes = Buffer.from(RECORDED[0]!.message, "hex");
    assert.match(conntrackLine(12_000_045_999, bytes, "conntrack"), /^\[12\.000045\]\t/);
  });

  test("an address of IPv6 leaves out its longest run of zeros", () => {
    const address = (...groups: number[]) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
    assert.equal(addressText(address(0xfd00, 0, 0, 0, 0, 2, 0, 7), "ipv6"), "fd00::2:0:7");
    assert.equal(addressText(address(0, 0, 0, 0, 0, 0, 0, 0), "ipv6"), "::");
    assert.equal(addressText(address(1, 0, 2, 3, 4, 5, 6, 7), "ipv6"), "1:0:2:3:4:5:6:7");
  });
});
