import assert from "node:assert/strict";
import { test } from "node:test";
import { measurementRenderers } from "../../../src/render/measurement.js";
import type { Measurement, MeasurementStage } from "../../../src/report/measurement.js";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import { run } from "../harness.js";

const stage: MeasurementStage = {
  kind: "flood",
  askedPerSecond: 10_000,
  achievedPerSecond: 9_999.6,
  seconds: 0.5,
  offered: 5000,
  read: 4000,
  lost: 1000,
  cpuShare: 0.25,
};

function measurement(pace: Measurement["program"]["sockets"][number]["pace"]): Measurement {
  return {
    schemaVersion: 1,
    tool: { name: "ct-reliable", version: "1" },
    kernel: { release: "6.18.44" },
    stages: [stage, { ...stage, kind: "flush", askedPerSecond: null }],
    program: {
      command: "collector",
      sockets: [
        {
          process: { pid: 4, name: "collector" },
          groups: ["new", "destroy"],
          broadcastError: false,
          noEnobufs: false,
          rcvbufBytes: 212_992,
          rcvbufBytesAtEnd: 212_992,
          capacityMessages: 166,
          offered: 10_000,
          admitted: 8000,
          drops: 2000,
          unread: 0,
          peakRmemBytes: 212_480,
          fullSeconds: 0.1,
          openedSeconds: -0.1,
          closedSeconds: null,
          pace,
        },
      ],
      processes: 1,
      cpuSeconds: 0.3,
      cpuMicrosecondsPerMessage: 37.5,
      memoryBytes: 4_000_000,
      ended: null,
    },
    costs: {
      packetNanoseconds: 3213,
      flushEntryNanoseconds: 910,
      attemptNanoseconds: 500,
      recvNanoseconds: 774,
      wakeupNanoseconds: 88_000,
    },
    listener: {
      ...resolveScenario("flood", {}).listeners[0]!,
      serviceNanoseconds: 38_000,
      groups: ["new", "destroy"],
      policy: "lossy",
    },
    backlog: { new: null, destroy: null },
    interrupted: false,
  };
}

const PACE = {
  microsecondsPerMessage: 38.5,
  clockMicrosecondsPerMessage: 40,
  fastMicroseconds: 30,
  slowMicroseconds: 50,
  messagesPerSecond: 25_974,
  messages: 7000,
  kinds: { new: null, update: null, destroy: null },
};

test("measure without a command is a mistake that shows what one looks like", async () => {
  const { code, stderr } = await run(["measure"]);
  assert.equal(code, 2);
  assert.equal(stderr, "ct-reliable: expected a command behind --, as in measure -- conntrack -E, got none\n");
});

test("a measurement is a table, what a message takes, and the commands to go on with", () => {
  const text = measurementRenderers.text(measurement(PACE), { colour: false, width: 100 });
  assert.match(text, /^10,000\/s +10,000 +5,000 +4,000 +1,000 +20 % +25 %$/m);
  assert.match(text, /^flush /m);
  assert.match(
    text,
    /A message takes 38\.5 µs, nine tenths of the time between 30 µs and 50 µs, taken from 7,000 messages/,
  );
  assert.match(
    text,
    /--reader 38us --policy lossy --groups new\+destroy --cost-packet 3200ns --cost-flush-entry 910ns/,
  );
  assert.match(text, /--cost-attempt 500ns --cost-recv 770ns --cost-wakeup 88us --buffer 2048 --connections 20k$/m);
});

test("what others took of the CPU is told where it is more than a fifth", () => {
  const busy = { ...PACE, clockMicrosecondsPerMessage: 90 };
  const sentence = /By the clock it was 90 µs: others had the CPU meanwhile/;
  assert.match(measurementRenderers.text(measurement(busy), { colour: false, width: 300 }), sentence);
  assert.doesNotMatch(measurementRenderers.text(measurement(PACE), { colour: false, width: 300 }), /By the clock/);
});

test("where messages never waited the processor time is named as the least that one costs", () => {
  const text = measurementRenderers.text(measurement(null), { colour: false, width: 200 });
  assert.match(text, /A message takes 37\.5 µs of the processor; .* the least that\none costs\.$/m);
});

test("of a queue read in one go it tells a message of a packet from one of a flush", () => {
  const of = measurement(PACE);
  const backlog = {
    new: { microsecondsPerMessage: 2.4, fastMicroseconds: 2.3, slowMicroseconds: 2.9, rounds: 25 },
    destroy: { microsecondsPerMessage: 15, fastMicroseconds: 14, slowMicroseconds: 25, rounds: 24 },
  };
  const listener = { ...of.listener, serviceNanoseconds: 1600, portidServiceNanoseconds: 14_000 };
  const text = measurementRenderers.text({ ...of, backlog, listener }, { colour: false, width: 300 });
  assert.match(text, /A message takes 2\.4 µs \(2\.3 µs to 2\.9 µs\), one of a flush, .*, 15 µs \(14 µs to 25 µs\)/);
  assert.match(text, /flush --kernel \S+ --reader 1600ns --reader-portid 14us --policy lossy/);
});
