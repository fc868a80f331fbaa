import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { UsageError } from "../../src/scenario/errors.js";
import { type Expectation, parseExpectation } from "../../src/scenario/expectation.js";

const value = (text: string) => ({ kind: "value", text }) as const;
const share = (part: number, of: string | null = null) => ({ kind: "share", share: part, of }) as const;
const metric = (name: string, factor = 1, variant: string | null = null) =>
  ({ kind: "metric", factor, metric: name, variant }) as const;
const quantile = (part: number) => ({ kind: "quantile", share: part }) as const;

/** What is not said: the metric is `drain`, the operator `<=`, neither aggregate nor seeds. */
const GOOD: readonly (readonly [written: string, parts: Partial<Expectation>])[] = [
  ["drain <= 20s", { limit: value("20s") }],
  ["drain<=20s", { limit: value("20s") }],
  ["  drain  <=\n20 s ", { expression: "drain <= 20 s", limit: value("20s") }],
  ["drain <= 2 0s", { limit: value("2 0s") }],
  ["drain <= never", { limit: value("never") }],
  ["drain == true", { operator: "==", limit: value("true") }],
  ["drain != false", { operator: "!=", limit: value("false") }],
  ["drain < 4", { operator: "<", limit: value("4") }],
  ["drain > 20k", { operator: ">", limit: value("20k") }],
  ["drain >= 208 KiB", { operator: ">=", limit: value("208KiB") }],
  ["drain <= 100%", { limit: share(1) }],
  ["drain <= 0.7%", { limit: share(0.007) }],
  ["drain <= 99.9 %", { limit: share(0.999) }],
  ["drain <= 150%", { limit: share(1.5) }],
  ["drain <= 5% of table.max", { limit: share(0.05, "table.max") }],
  ["drain <= other", { limit: metric("other") }],
  ["drain <= 2 * other", { limit: metric("other", 2) }],
  ["drain <= 1.5*other in a-b_c.d", { limit: metric("other", 1.5, "a-b_c.d") }],
  ["drain <= drain in 5.10", { limit: metric("drain", 1, "5.10") }],
  ["otherListeners[0].socket.drops <= 4", { metric: "otherListeners[0].socket.drops", limit: value("4") }],
  ["drain <= 20s over 1 seed", { limit: value("20s"), seeds: 1 }],
  ["drain <= 5% over 10000 seeds", { limit: share(0.05), seeds: 10_000 }],
  ["drain <= 2 * drain in a over 20 seeds", { limit: metric("drain", 2, "a"), seeds: 20 }],
  ["mean(drain) <= 20s over 20 seeds", { aggregate: { kind: "mean" }, limit: value("20s"), seeds: 20 }],
  ["min( drain ) <= 20s over 20 seeds", { aggregate: quantile(0), limit: value("20s"), seeds: 20 }],
  ["median(drain) <= 20s over 20 seeds", { aggregate: quantile(0.5), limit: value("20s"), seeds: 20 }],
  ["max(drain) <= 20s over 20 seeds", { aggregate: quantile(1), limit: value("20s"), seeds: 20 }],
  ["p90(drain) <= 20s over 20 seeds", { aggregate: quantile(0.9), limit: value("20s"), seeds: 20 }],
  ["p99.9(drain) <= 20s over 20 seeds", { aggregate: quantile(0.999), limit: value("20s"), seeds: 20 }],
];

const BAD: readonly (readonly [written: string, sentence: RegExp])[] = [
  ["", /^expected METRIC OPERATOR VALUE such as .*, got ""$/],
  ["drain", /^expected METRIC OPERATOR VALUE/],
  ["drain <=", /^expected METRIC OPERATOR VALUE/],
  ["<= 20s", /^expected METRIC OPERATOR VALUE/],
  ["drain = 20s", /^expected METRIC OPERATOR VALUE/],
  ["drain === 20s", /^expected METRIC OPERATOR VALUE/],
  ["drain => 20s", /^expected METRIC OPERATOR VALUE/],
  ["drain <= 20s <= 30s", /^expected METRIC OPERATOR VALUE/],
  ["20s >= drain", /^expected METRIC OPERATOR VALUE/],
  ["drain is 20s", /^expected METRIC OPERATOR VALUE/],
  ["2 * drain <= 20s", /^expected METRIC OPERATOR VALUE/],
  ["mean(drain <= 20s over 20 seeds", /^expected METRIC OPERATOR VALUE/],
  ["mean(mean(drain)) <= 20s over 20 seeds", /^expected METRIC OPERATOR VALUE/],
  ["mean(drain) <= 20s", /^expected "over N seeds" behind mean\(drain\), got "mean\(drain\) <= 20s"$/],
  ["avg(drain) <= 20s over 20 seeds", /^expected mean, min, max, median or a quantile such as p90, got "avg"$/],
  ["p100(drain) <= 20s over 20 seeds", /^expected mean, min, .* got "p100"$/],
  ["p(drain) <= 20s over 20 seeds", /^expected mean, min, .* got "p"$/],
  ["drain <= 20s over 0 seeds", /^expected over 1 to 10000 seeds, got "0"$/],
  ["drain <= 20s over 20k seeds", /^expected over 1 to 10000 seeds, got "20k"$/],
  ["drain <= 20s over 10001 seeds", /^expected over 1 to 10000 seeds, got "10001"$/],
  ["drain <= 20s over 1.5 seeds", /^expected over 1 to 10000 seeds, got "1.5"$/],
];

describe("the grammar takes", () => {
  for (const [written, parts] of GOOD) {
    test(JSON.stringify(written), () => {
      const standard = { expression: written, metric: "drain", aggregate: null, operator: "<=", seeds: null };
      assert.deepEqual(parseExpectation(written), { ...standard, ...parts });
    });
  }
});

describe("the grammar refuses, in one sentence,", () => {
  for (const [written, sentence] of BAD) {
    test(JSON.stringify(written), () => {
      assert.throws(
        () => parseExpectation(written),
        (error) => error instanceof UsageError && sentence.test(error.message) && !error.message.includes("\n"),
      );
    });
  }

  test("a very long one at once", { timeout: 2000 }, () => {
    const long = 200_000;
    for (const written of [
      `${"a".repeat(long)} <`,
      `a < ${"1 ".repeat(long)}`,
      `a < 1${" over".repeat(long)}`,
      "(".repeat(long),
    ]) {
      assert.throws(() => bothWays(written), UsageError);
    }
  });
});

/** Of a long text a limit may be made that no metric takes: that is refused where it is bound. */
function bothWays(written: string): void {
  const { limit } = parseExpectation(written);
  throw new UsageError(`${limit.kind}`);
}

test("what was read is written so that it reads the same again", () => {
  const space = fc.constantFrom("", " ", "  ", "\t", "\n ");
  const name = fc.constantFrom("drain", "dying.peak", "otherListeners[0].socket.drops", "never.mind", "trueness");
  const number = fc.oneof(
    fc.nat().map(String),
    fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `${a}.${b}`),
  );
  const limit = fc.oneof(
    fc.tuple(number, fc.constantFrom("", "s", " ms", "k", "%", " %", "% of table.max")).map((parts) => parts.join("")),
    fc.constantFrom("true", "false", "never"),
    fc
      .tuple(number, name, fc.constantFrom("", " in other", " in 5.10"))
      .map(([by, of, where]) => `${by} * ${of}${where}`),
  );
  const operator = fc.constantFrom("==", "!=", "<", "<=", ">", ">=");
  const head = fc.tuple(
    fc.constantFrom(null, "mean", "min", "p99.9"),
    name,
    fc.integer({ min: 1, max: 10_000 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(
      fc.array(space, { minLength: 4, maxLength: 4 }),
      head,
      operator,
      limit,
      (spaces, [made, of, seeds, over], by, to) => {
        const left = made === null ? of : `${made}(${of})`;
        const tail = made === null && !over ? "" : ` over ${seeds} seeds`;
        const first = parseExpectation(`${spaces[0]}${left}${spaces[1]}${by}${spaces[2]}${to}${tail}${spaces[3]}`);
        assert.deepEqual(parseExpectation(first.expression), first);
        assert.equal(first.metric, of);
        assert.equal(first.seeds, tail === "" ? null : seeds);
      },
    ),
  );
});
