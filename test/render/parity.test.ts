import assert from "node:assert/strict";
import { test } from "node:test";
import { parityRenderers } from "../../src/render/parity.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import type { Parity, ParityMetric } from "../../src/study/parity.js";

const INSIDE: ParityMetric = {
  metric: "events.destroy.delivered",
  live: { min: 1000, median: 1000, max: 1000 },
  simulated: { low: 1000, median: 1000, high: 1000 },
  tested: { low: 1000, high: 1000 },
  inside: true,
  insideWithoutRoom: true,
  equality: true,
  cause: null,
};
const OUTSIDE: ParityMetric = {
  metric: "dying.emptyAfterFlushSeconds",
  live: { min: 5.4, median: 6.5, max: 7 },
  simulated: { low: 5, median: 5.2, high: 5.35 },
  tested: { low: 4.5, high: 5.9 },
  inside: false,
  insideWithoutRoom: false,
  equality: false,
  cause: "not explained",
};

const PARITY: Parity = {
  kernel: "6.18.44",
  runs: 5,
  seeds: 40,
  costs: [
    { packetNanoseconds: 8000, recvNanoseconds: 1000 },
    { packetNanoseconds: 9000, recvNanoseconds: 2000 },
    { packetNanoseconds: 70_000, recvNanoseconds: 3000 },
  ],
  cases: [{ name: "drain", scenario: resolveScenario("flush", {}), metrics: [INSIDE, OUTSIDE], dyingCurve: null }],
  compared: 2,
  inside: 1,
  equalities: { compared: 1, zero: 0, inside: 1 },
  others: { compared: 1, inside: 0, insideWithoutRoom: 0 },
  interrupted: false,
};
const PLAIN = { colour: false, width: 100 };

test("the text begins with one sentence, tells the median costs, and names what lies outside with its cause", () => {
  const text = parityRenderers.text(PARITY, PLAIN);
  assert.ok(text.startsWith("1 of 2 figures of Linux 6.18.44 (50 %) lie where the simulator expects them.\n"));
  assert.match(text, /packet\s9 µs, .* recv 2 µs/s);
  assert.match(text, /^drain +2 +1$/m);
  assert.match(text, /^dying\.emptyAfterFlushSeconds +5\.4 s to 7 s +6\.5 s +5 s to 5\.35 s +4\.5 s to 5\.9 s$/m);
  assert.match(text, /^not explained$/m);
  const flowed = text.replaceAll("\n", " ");
  assert.match(
    flowed,
    /1 of them are the same under every seed \(0 are 0 on both sides\) and have to be equal: 1 are\./,
  );
  assert.match(flowed, /Of the 1 that could have differed 0 lie inside/);
  assert.doesNotMatch(text, /events\.destroy\.delivered/);
});

for (const width of [40, 60, 80, 200]) {
  test(`no line of the text is wider than ${width} columns`, () => {
    const lines = parityRenderers.text(PARITY, { colour: false, width }).split("\n");
    assert.ok(
      lines.every((line) => [...line].length <= width),
      lines.join("\n"),
    );
  });
}

test("an interrupted study says so first", () => {
  assert.match(parityRenderers.text({ ...PARITY, interrupted: true }, PLAIN), /^Interrupted; so far 1 of 2/);
});

test("Markdown has every figure in one table", () => {
  const text = parityRenderers.markdown(PARITY, PLAIN);
  assert.match(
    text,
    /^\| drain \| `events\.destroy\.delivered` \| 1,000 \| 1,000 \| 1,000 \| 1,000 \| 1,000 \| inside \|$/m,
  );
  assert.match(text, /\| 5 s to 5\.35 s \| 4\.5 s to 5\.9 s \| \*\*outside\*\*: not explained \|$/m);
});

test("JSON is the whole result", () => {
  assert.deepEqual(JSON.parse(parityRenderers.json(PARITY, PLAIN)), PARITY);
});
