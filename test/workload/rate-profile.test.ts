/** A rate over time: when its connections arrive, how its file is read, and what a scenario makes of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { parseRateProfile, type RatePoint } from "../../src/scenario/parameters/rate-profile.js";
import { RateProfile } from "../../src/workload/rate-profile.js";
import { finished } from "../simulation/scenarios.js";

const SECOND = 1e9;
const points = (...pairs: [number, number][]): RatePoint[] =>
  pairs.map(([seconds, connectionsPerSecond]) => ({ seconds, connectionsPerSecond }));
/** Seconds of the n-th connections. */
const timesOf = (profile: RatePoint[], connections: number[]): number[] => {
  const times = new RateProfile(profile);
  return connections.map((connection) => times.timeOf(connection) / SECOND);
};

describe("the n-th connection", () => {
  test("of one rate comes at even intervals", () => {
    assert.deepEqual(timesOf(points([0, 4], [2, 4]), [0, 1, 2, 7]), [0, 0.25, 0.5, 1.75]);
  });

  test("of a step comes at the first rate before it and at the second after it", () => {
    assert.deepEqual(timesOf(points([0, 1], [2, 1], [2, 10], [3, 10]), [1, 2, 7]), [1, 2, 2.5]);
  });

  test("of a ramp comes when the square of the time has made it", () => {
    // 0 to 8 per second in 4 s: t² connections after t seconds.
    assert.deepEqual(timesOf(points([0, 0], [4, 8]), [1, 4, 9, 16]), [1, 2, 3, 4]);
    // And down again: 16 − (4 − t)².
    assert.deepEqual(timesOf(points([0, 8], [4, 0]), [7, 12, 15]), [1, 2, 3]);
  });

  test("waits while the rate is 0", () => {
    assert.deepEqual(timesOf(points([0, 1], [1, 1], [1, 0], [5, 0], [5, 1], [7, 1]), [0.5, 1.5, 2.5]), [0.5, 5.5, 6.5]);
  });

  test("never comes before the one before it, whatever the profile, and always within it", () => {
    const point = fc.tuple(fc.nat(100), fc.nat(1000));
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 20 }), fc.nat(1000), (steps, first) => {
        let seconds = 0;
        const profile = points([0, first]);
        for (const [gap, rate] of steps) {
          seconds += gap;
          profile.push({ seconds, connectionsPerSecond: rate });
        }
        const times = new RateProfile(profile);
        let before = 0;
        for (let connection = 0; connection < 200; connection++) {
          const at = times.timeOf(connection * 7.3);
          assert.ok(at >= before && at <= seconds * SECOND, `${at} after ${before}`);
          before = at;
        }
      }),
    );
  });
});

describe("a file of it", () => {
  test("has a heading or none, empty lines and comments", () => {
    const wanted = points([0, 100], [60.5, 1500]);
    for (const text of ["0,100\n60.5,1500\n", "seconds,rate\n\n0, 100\r\n# noon\n60.5, 1500"]) {
      assert.deepEqual(parseRateProfile(text, "day.csv"), wanted);
    }
  });

  for (const [what, text, sentence] of [
    [
      "a line of one value",
      "0,1\n5\n",
      /^day\.csv:2: expected two values, seconds and connections per second, .* got "5"/,
    ],
    [
      "a word for a rate",
      "0,1\n5,many\n",
      /^day\.csv:2: expected connections per second from 0 to 10000000, got "many"/,
    ],
    [
      "a time that goes back",
      "0,1\n5,1\n4,1\n",
      /^day\.csv:3: expected a time that is not before the last one, 5, got/,
    ],
    ["a first point that is not the start", "3,1\n5,1\n", /^day\.csv:1: expected a first point at 0 seconds/],
    ["a single point", "0,1\n", /^day\.csv: expected at least two points, got 1/],
  ] as const) {
    test(`with ${what} is refused with its line`, () => {
      assert.throws(() => parseRateProfile(text, "day.csv"), { message: sentence });
    });
  }
});

describe("a scenario", () => {
  const rateProfile = points([0, 100], [2, 100], [2, 500], [4, 500]);

  test("opens the connections of its profile, and echoes what repeats it", () => {
    const once = resolveScenario("flood", { rateProfile });
    assert.deepEqual([once.connections, once.ratePerSecond], [1200, 300]);
    assert.deepEqual(resolveScenario("flood", once as never), once);
  });

  test("opens them when the profile says", () => {
    const run = finished(resolveScenario("flood", { rateProfile, arrivals: "constant", flush: false, packets: 6 }));
    for (const [at, active] of run.timeline.rows) {
      if (at! > 4) break;
      const opened = at! <= 2 ? 100 * at! : 200 + 500 * (at! - 2);
      assert.ok(Math.abs(active! - opened) <= 2, `${active} opened after ${at} s, expected ${opened}`);
    }
    assert.equal(run.kernel.table.counters.created, 1200);
    assert.deepEqual(run.invariants.violated, []);
  });

  test("has no rate, no duration and no other number of connections beside it", () => {
    for (const others of [
      { ratePerSecond: 5 },
      { durationSeconds: 5 },
      { connections: 7 },
      { traffic: [{ script: "short" as const }] },
    ]) {
      assert.throws(() => resolveScenario("flood", { rateProfile, ...others }), /rateProfile/);
    }
  });
});
