/** Chance: one seed, one stream per name. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Stream, Streams } from "../../src/scenario/streams.js";

const draws = (stream: Stream, count = 20): number[] => Array.from({ length: count }, () => stream.uint32());

describe("a stream", () => {
  test("is the same for the same seed and name", () => {
    assert.deepEqual(draws(new Streams("7").of("grace")), draws(new Streams("7").of("grace")));
  });

  test("is another one for another name, and for another seed", () => {
    const streams = ["7/grace", "7/arrivals", "8/grace", "7/grace ", "/grace", "77/grace"].map((text) => {
      const [seed, name] = text.split("/");
      return draws(new Streams(seed!).of(name!)).join();
    });
    assert.equal(new Set(streams).size, streams.length);
  });

  test("does not move when another one is drawn from, or exists at all", () => {
    const alone = draws(new Streams("7").of("grace"));
    const streams = new Streams("7");
    const other = streams.of("arrivals");
    draws(other);
    const grace = streams.of("grace");
    const mixed = Array.from({ length: 20 }, () => {
      other.exponential();
      return grace.uint32();
    });
    assert.deepEqual(mixed, alone);
  });

  test("begins with known numbers, on every machine and every Node", () => {
    assert.deepEqual(draws(new Streams("1").of("grace"), 4), [1657192373, 730545913, 3269755940, 3678362642]);
  });

  test("is not correlated with one of a neighbouring seed or name", () => {
    const signs = (seed: string, name: string): number[] => {
      const stream = new Streams(seed).of(name);
      return Array.from({ length: 10_000 }, () => (stream.uniform() < 0.5 ? -1 : 1));
    };
    const first = signs("1", "reader 0");
    for (const [seed, name] of [
      ["2", "reader 0"],
      ["1", "reader 1"],
    ] as const) {
      const second = signs(seed, name);
      const agreement = first.reduce((sum, sign, i) => sum + sign * second[i]!, 0);
      assert.ok(Math.abs(agreement) < 4 * Math.sqrt(10_000), `${seed} ${name}: ${agreement}`);
    }
  });
});

describe("the numbers", () => {
  test("uint32 is unsigned, whole, and uses all 32 bits evenly", () => {
    const stream = new Streams("bits").of("x");
    const ones = new Array<number>(32).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const value = stream.uint32();
      assert.ok(Number.isInteger(value) && value >= 0 && value < 2 ** 32);
      for (let bit = 0; bit < 32; bit++) ones[bit]! += (value >>> bit) & 1;
    }
    for (const [bit, count] of ones.entries()) assert.ok(Math.abs(count - 10_000) < 5 * 70.7, `bit ${bit}: ${count}`);
  });

  test("uniform is in [0, 1)", () => {
    const stream = new Streams("unit").of("x");
    let [least, most, sum] = [1, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const value = stream.uniform();
      [least, most, sum] = [Math.min(least, value), Math.max(most, value), sum + value];
    }
    assert.ok(least >= 0 && least < 0.001 && most < 1 && most > 0.999);
    assert.ok(Math.abs(sum / 20_000 - 0.5) < (5 * 0.289) / Math.sqrt(20_000));
  });

  test("exponential has mean 1, variance 1 and the tail of an exponential", () => {
    const stream = new Streams("exponential").of("x");
    const count = 50_000;
    const values = Array.from({ length: count }, () => stream.exponential());
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    assert.ok(Math.abs(mean - 1) < 4 / Math.sqrt(count), `mean ${mean}`);
    // The fourth central moment of an exponential is 9: the variance of the sample variance is 8 / count.
    assert.ok(Math.abs(variance - 1) < 4 * Math.sqrt(8 / count), `variance ${variance}`);
    for (const x of [0.1, 0.5, 1, 1.5, 2, 3, 5]) {
      const expected = Math.exp(-x);
      const share = values.filter((value) => value > x).length / count;
      const error = Math.sqrt((expected * (1 - expected)) / count);
      assert.ok(Math.abs(share - expected) < 4 * error, `beyond ${x}: ${share}, expected ${expected}`);
    }
  });
});
