import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProgramPace } from "../../src/report/program.js";
import { serviceTimes } from "../../src/report/service-times.js";

const RECV = 1000;

function paceOf(kinds: Partial<Record<keyof ProgramPace["kinds"], number>>): ProgramPace {
  const kindPace = (microseconds: number | undefined): ProgramPace["kinds"]["new"] =>
    microseconds === undefined
      ? null
      : { microsecondsPerMessage: microseconds, clockMicrosecondsPerMessage: microseconds, messages: 100 };
  return {
    ...kindPace(9)!,
    fastMicroseconds: null,
    slowMicroseconds: null,
    messagesPerSecond: 1e6 / 9,
    kinds: { new: kindPace(kinds.new), update: kindPace(kinds.update), destroy: kindPace(kinds.destroy) },
  };
}

test("a recv is not counted twice, and two digits are what a measurement is worth", () => {
  assert.deepEqual(serviceTimes({ pace: paceOf({ new: 24.449 }) }, RECV), {
    serviceNanoseconds: 23_000,
    portidServiceNanoseconds: null,
  });
});

test("the DESTROY of a flush has a time of its own where it differs by more than a measurement varies", () => {
  const portid = (destroy: number): unknown =>
    serviceTimes({ pace: paceOf({ new: 10, destroy }) }, RECV)!.portidServiceNanoseconds;
  assert.equal(portid(11), null);
  assert.equal(portid(16), 15_000);
  assert.equal(portid(5), 4000);
});

test("where messages of packets never waited, all messages have the pace of those that did", () => {
  assert.deepEqual(serviceTimes({ pace: paceOf({ destroy: 9 }) }, RECV), {
    serviceNanoseconds: 8000,
    portidServiceNanoseconds: null,
  });
});

test("a queue read in one go goes before a pace under load", () => {
  const round = (microseconds: number): { microsecondsPerMessage: number } & Record<string, number> => ({
    microsecondsPerMessage: microseconds,
    fastMicroseconds: microseconds,
    slowMicroseconds: microseconds,
    rounds: 25,
  });
  const backlog = { new: round(3), destroy: round(16) } as never;
  assert.deepEqual(serviceTimes({ pace: paceOf({ new: 7, destroy: 30 }), backlog }, RECV), {
    serviceNanoseconds: 2000,
    portidServiceNanoseconds: 15_000,
  });
});

test("without a pace it is the processor time, and without that nothing is known", () => {
  assert.equal(serviceTimes({ pace: null, cpuMicrosecondsPerMessage: 5 }, RECV)!.serviceNanoseconds, 4000);
  assert.equal(serviceTimes({ pace: null }, RECV), null);
});
