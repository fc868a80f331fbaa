/**
 * SO_RCVBUF: capped, doubled, raised to the floor of the release. What getsockopt then reports is what admission goes
 * by.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { rcvbufBytes } from "../../../src/kernel/netlink/rcvbuf.js";
import { RELEASES, releaseFor } from "../../../src/kernel/release.js";

describe("SO_RCVBUF", () => {
  test("is doubled: the commit's 2048 bytes are 4096", () => {
    assert.equal(rcvbufBytes(2048, 131_071, releaseFor("2.6.31")!), 4096);
  });

  test("is capped by rmem_max before it is doubled", () => {
    assert.equal(rcvbufBytes(1e9, 131_071, releaseFor("2.6.31")!), 262_142);
    assert.equal(rcvbufBytes(212_993, 212_992, releaseFor("3.6")!), 425_984);
    assert.equal(rcvbufBytes(212_992, 212_992, releaseFor("3.6")!), 425_984);
  });

  for (const [version, floor] of [
    ["2.6.31", 256],
    ["2.6.35", 256],
    ["3.0", 2280],
    ["3.6", 2288],
    ["3.10", 2288],
    ["3.12", 2304],
    ["3.16", 2304],
    ["5.10", 2304],
    ["6.18", 2304],
  ] as const) {
    test(`${version}: is at least ${floor}`, () => {
      const release = releaseFor(version)!;
      for (const asked of [0, 1, floor / 2 - 1, floor / 2]) {
        assert.equal(rcvbufBytes(asked, 131_071, release), floor);
      }
      assert.equal(rcvbufBytes(floor / 2 + 1, 131_071, release), floor + 2);
    });
  }

  test("has the floor also where rmem_max is below it", () => {
    assert.equal(rcvbufBytes(100_000, 100, releaseFor("3.6")!), 2288);
  });

  test("never shrinks when more is asked for, in any release", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RELEASES),
        fc.integer({ min: 0, max: 2 ** 30 }),
        fc.integer({ min: 0, max: 2 ** 30 }),
        (release, one, other) => {
          const [less, more] = [Math.min(one, other), Math.max(one, other)];
          const max = release.rmemMaxBytes;
          assert.ok(rcvbufBytes(less, max, release) <= rcvbufBytes(more, max, release));
        },
      ),
      { seed: 8 },
    );
  });
});
