import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Pacing } from "../../../src/live/readers/pacing.js";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import type { ListenerScenario } from "../../../src/scenario/scenario.js";

const SERVICE = 1_000_000;
const RECV = 2000;

function pacing(listener: Partial<ListenerScenario> = {}): Pacing {
  const scenario = resolveScenario("flood", { listeners: [{ serviceNanoseconds: SERVICE, ...listener }] });
  return new Pacing(scenario.listeners[0]!, { exponential: () => 2 });
}

describe("a reader that is slow from the start", () => {
  test("may read again one service time after its recv was done", () => {
    const reader = pacing();
    reader.read(1000, 1000 + RECV, 0);
    assert.equal(reader.earliest(1000 + RECV), 1000 + RECV + SERVICE);
  });

  test("that wakes late makes up for it at the next message, so that its mean stays what was asked for", () => {
    const reader = pacing();
    let at = 0;
    reader.read(at, at + RECV, 0);
    for (let message = 0; message < 1000; message++) {
      at = reader.earliest(at) + 25_000;
      reader.read(at, at + RECV, 0);
    }
    assert.ok(Math.abs(at / 1000 - (SERVICE + RECV)) < 100, `${at / 1000} ns per message`);
  });

  test("that was off the CPU for long makes up for one service time only", () => {
    const reader = pacing();
    reader.read(0, RECV, 0);
    const late = RECV + 50 * SERVICE;
    reader.read(late, late + RECV, 0);
    assert.equal(reader.earliest(late), late + RECV);
    reader.read(late + RECV, late + 2 * RECV, 0);
    assert.ok(reader.earliest(late) >= late + 2 * RECV);
  });

  test("that had to wait for a message starts afresh: waiting is not being late", () => {
    const reader = pacing();
    reader.read(0, RECV, 0);
    reader.waits();
    assert.equal(reader.earliest(5), 5);
    reader.read(70 * SERVICE, 70 * SERVICE + RECV, 0);
    assert.equal(reader.earliest(0), 70 * SERVICE + RECV + SERVICE);
  });

  test("draws its service times when they are exponential", () => {
    const reader = pacing({ serviceDistribution: "exponential" });
    reader.read(0, 0, 0);
    assert.equal(reader.earliest(0), 2 * SERVICE);
  });

  test("stalls once a period, counted from the first packet, and not in the first period", () => {
    const reader = pacing({ serviceNanoseconds: 0, stall: { everyNanoseconds: 10_000, forNanoseconds: 3000 } });
    reader.startNanoseconds = 500;
    assert.equal(reader.earliest(501), 501);
    assert.equal(reader.earliest(10_500), 13_500);
    assert.equal(reader.earliest(13_499), 13_500);
    assert.equal(reader.earliest(13_500), 13_500);
  });
});

describe("a reader that is slow from the flush on", () => {
  test("has no service time before it", () => {
    const reader = pacing({ slowFrom: "flush" });
    reader.read(0, RECV, 0);
    assert.equal(reader.earliest(RECV), RECV);
    reader.flushBegins(10_000);
    reader.read(10_000, 10_000 + RECV, 0);
    assert.equal(reader.earliest(0), 10_000 + RECV + SERVICE);
  });

  test("is held for as long as the scenario says, and then is not late", () => {
    const reader = pacing({ slowFrom: "flush", heldAfterFlushNanoseconds: 7000 });
    reader.flushBegins(100);
    assert.equal(reader.earliest(200), 7100);
    assert.equal(reader.earliest(8000), 8000);
  });

  test("never reads again where the scenario says so", () => {
    const reader = pacing({ heldAfterFlushNanoseconds: null });
    assert.equal(reader.heldForEver, false);
    reader.flushBegins(100);
    assert.equal(reader.heldForEver, true);
    assert.equal(reader.earliest(1e12), Number.POSITIVE_INFINITY);
  });
});

describe("a reader that needs another time for what a program asked for", () => {
  test("takes it for a message that names the program, and for no other", () => {
    const reader = pacing({ portidServiceNanoseconds: 7 * SERVICE });
    reader.read(0, RECV, 0);
    assert.equal(reader.earliest(RECV), RECV + SERVICE);
    const next = RECV + SERVICE;
    reader.read(next, next + RECV, 4242);
    assert.equal(reader.earliest(next), next + RECV + 7 * SERVICE);
  });

  test("and none for the others is busy with those alone", () => {
    const reader = pacing({ serviceNanoseconds: 0, portidServiceNanoseconds: SERVICE });
    reader.read(0, RECV, 4242);
    reader.read(RECV + SERVICE, 2 * RECV + SERVICE, 0);
    assert.equal(reader.earliest(2 * RECV + SERVICE), 2 * RECV + SERVICE);
  });
});
