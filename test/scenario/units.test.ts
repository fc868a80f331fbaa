import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { quoted, UsageError } from "../../src/scenario/errors.js";
import {
  DAY,
  formatCount,
  formatDuration,
  formatRate,
  formatSeconds,
  formatSize,
  GIB,
  LONGEST_DURATION,
  parseCount,
  parseDuration,
  parseRate,
  parseSize,
  parseWholeSeconds,
} from "../../src/scenario/units.js";

/** What no quantity is, whatever its kind. */
const NEVER = [
  "",
  " ",
  "abc",
  "-1",
  "-0",
  "+1",
  "Infinity",
  "-Infinity",
  "NaN",
  "1e5",
  "1e300",
  "0x10",
  "0b1",
  "1_000",
  "1,000",
  "1.",
  ".5",
  "007",
  "1 k",
  " 1",
  "1 ",
  "1\n",
  "1.2.3",
  "k",
  "１",
  "null",
  "1kk",
];

function sentence(parse: () => unknown): string {
  let caught: unknown;
  try {
    const value = parse();
    assert.fail(`expected a UsageError, got ${String(value)}`);
  } catch (error) {
    caught = error;
  }
  assert.ok(caught instanceof UsageError, String(caught));
  return caught.message;
}

describe("sizes", () => {
  test("k and KiB are 1024, kB is 1000, B changes nothing", () => {
    const cases: [string, number][] = [
      ["0", 0],
      ["2048", 2048],
      ["2048B", 2048],
      ["208k", 212992],
      ["208K", 212992],
      ["208KiB", 212992],
      ["208kB", 208000],
      ["8M", 8388608],
      ["8MiB", 8388608],
      ["8MB", 8000000],
      ["1G", GIB],
      ["1GiB", GIB],
      ["1GB", 1e9],
      ["1.5k", 1536],
      ["0.5kB", 500],
    ];
    for (const [text, bytes] of cases) assert.equal(parseSize(text), bytes, text);
  });

  test("what is no size is refused with an example of one", () => {
    for (const text of [...NEVER, "8KB", "8m", "8g", "8kib", "8mb", "8T", "15s", "50k/s"]) {
      assert.equal(
        sentence(() => parseSize(text)),
        `expected a size such as 2048, 208k or 8MiB, got ${quoted(text)}`,
      );
    }
  });

  test("there is no fraction of a byte", () => {
    assert.equal(
      sentence(() => parseSize("0.1k")),
      'expected a size of whole bytes, got "0.1k"',
    );
    assert.equal(
      sentence(() => parseSize("2048.5")),
      'expected a size of whole bytes, got "2048.5"',
    );
  });

  test("beyond its range a size is refused with the range, however large it is", () => {
    const range = { min: 256, max: GIB };
    for (const text of ["1.1GiB", "9007199254740993", "255", "0", `${"9".repeat(400)}`]) {
      assert.match(
        sentence(() => parseSize(text, range)),
        /^expected a size from 256 to 1GiB, got "/,
      );
    }
    assert.match(
      sentence(() => parseSize("9007199254740993")),
      /from 0 to 9007199254740991, got/,
    );
  });

  test("one canonical form: plain up to 16 KiB, then the largest binary unit that divides", () => {
    const cases: [number, string][] = [
      [0, "0"],
      [2048, "2048"],
      [8192, "8192"],
      [16384, "16k"],
      [212992, "208k"],
      [212993, "212993"],
      [8388608, "8MiB"],
      [GIB, "1GiB"],
    ];
    for (const [bytes, text] of cases) assert.equal(formatSize(bytes), text);
  });

  test("every size reads back as itself", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(1, 1024, 1024 ** 2, 1024 ** 3), (n, unit) => {
        const bytes = Math.floor(n / unit) * unit;
        assert.equal(parseSize(formatSize(bytes)), bytes);
      }),
    );
  });
});

describe("durations", () => {
  test("every unit, and fractions of it", () => {
    const cases: [string, number][] = [
      ["0", 0],
      ["0s", 0],
      ["1ns", 1],
      ["200us", 200_000],
      ["200\u00b5s", 200_000],
      ["200\u03bcs", 200_000],
      ["1.5ms", 1_500_000],
      ["0.000000001s", 1],
      ["15s", 15e9],
      ["2m", 120e9],
      ["1h", 3600e9],
      ["5d", 5 * DAY],
      ["0.1s", 1e8],
    ];
    for (const [text, nanoseconds] of cases) assert.equal(parseDuration(text), nanoseconds, text);
  });

  test("a number needs its unit, except 0", () => {
    for (const text of [...NEVER, "5", "0.0", "00", "1.5", "5S", "5sec", "5M", "1h30m", "5min", "5k"]) {
      assert.equal(
        sentence(() => parseDuration(text)),
        `expected a duration such as 200us, 15s or 2m, got ${quoted(text)}`,
      );
    }
  });

  test("there is no fraction of a nanosecond, and nothing beyond the clock's 104 days", () => {
    assert.equal(
      sentence(() => parseDuration("0.5ns")),
      'expected a duration of whole nanoseconds, got "0.5ns"',
    );
    assert.equal(
      sentence(() => parseDuration("105d")),
      'expected a duration from 0s to 104d, got "105d"',
    );
    assert.equal(parseDuration("104d"), LONGEST_DURATION);
    assert.ok(Number.isSafeInteger(LONGEST_DURATION));
  });

  test("a zero out of range is quoted as it was given", () => {
    assert.equal(
      sentence(() => parseDuration("0", { min: 1, max: DAY })),
      'expected a duration from 1ns to 1d, got "0"',
    );
  });

  test("what the kernel keeps in seconds is whole seconds", () => {
    const range = { min: 1, max: 3600 };
    assert.equal(parseWholeSeconds("15s", range), 15);
    assert.equal(parseWholeSeconds("1m", range), 60);
    assert.equal(parseWholeSeconds("2000ms", range), 2);
    assert.equal(
      sentence(() => parseWholeSeconds("1.5s", range)),
      'expected a duration of whole seconds, got "1.5s"',
    );
    assert.equal(
      sentence(() => parseWholeSeconds("2h", range)),
      'expected a duration from 1s to 1h, got "2h"',
    );
    assert.equal(
      sentence(() => parseWholeSeconds("15", range)),
      'expected a duration such as 15s or 2m, got "15"',
    );
  });

  test("one canonical form: the largest unit that divides", () => {
    const cases: [number, string][] = [
      [0, "0s"],
      [1, "1ns"],
      [200_000, "200us"],
      [1_500_000, "1500us"],
      [15e9, "15s"],
      [90e9, "90s"],
      [120e9, "2m"],
      [432000e9, "5d"],
    ];
    for (const [nanoseconds, text] of cases) assert.equal(formatDuration(nanoseconds), text);
    assert.equal(formatSeconds(2147483), "2147483s");
  });

  test("every duration reads back as itself", () => {
    const units = [1, 1e3, 1e6, 1e9, 60e9, 3600e9, DAY];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LONGEST_DURATION }), fc.constantFrom(...units), (n, unit) => {
        const nanoseconds = Math.floor(n / unit) * unit;
        assert.equal(parseDuration(formatDuration(nanoseconds)), nanoseconds);
      }),
    );
  });

  test("a decimal is read exactly, not nearly", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), fc.nat({ max: 999_999_999 }), (seconds, rest) => {
        const text = `${seconds}.${String(rest).padStart(9, "0")}s`;
        assert.equal(parseDuration(text), seconds * 1e9 + rest);
      }),
    );
  });
});

describe("rates", () => {
  test("per second with or without /s, decimal multipliers, max", () => {
    const cases: [string, number | null][] = [
      ["50k/s", 50_000],
      ["200/s", 200],
      ["3000", 3000],
      ["1M/s", 1e6],
      ["0.5/s", 0.5],
      ["2.5k", 2500],
      ["max", null],
    ];
    for (const [text, rate] of cases) assert.equal(parseRate(text), rate, text);
  });

  test("what is no rate is refused with an example of one", () => {
    for (const text of [...NEVER, "50k/m", "50 k/s", "50k/s/s", "/s", "MAX", "max/s", "5G/s", "50k/"]) {
      assert.equal(
        sentence(() => parseRate(text)),
        `expected a rate such as 50k/s, 200/s or max, got ${quoted(text)}`,
      );
    }
  });

  test("zero is no rate, and ten million a second is the end", () => {
    for (const text of ["0", "0/s", "0.0001", "10000001/s", "11M/s", "9".repeat(400), `0.${"0".repeat(400)}1`]) {
      assert.equal(
        sentence(() => parseRate(text)),
        `expected a rate from 0.001/s to 10M/s or max, got ${quoted(text)}`,
      );
    }
  });

  test("every rate reads back as itself", () => {
    const rates = fc.oneof(
      fc.double({ min: 0.001, max: 1e7, noNaN: true }),
      fc.integer({ min: 1, max: 1e7 }),
      fc.integer({ min: 1, max: 1e4 }).map((n) => n * 1000),
      fc.constant(null),
    );
    fc.assert(fc.property(rates, (rate) => assert.equal(parseRate(formatRate(rate)), rate)));
  });

  test("one canonical form", () => {
    assert.deepEqual([50_000, 200, 3000, 1e6, 0.5, null].map(formatRate), [
      "50k/s",
      "200/s",
      "3000/s",
      "1M/s",
      "0.5/s",
      "max",
    ]);
  });
});

describe("counts", () => {
  test("k and M are decimal", () => {
    const cases: [string, number][] = [
      ["0", 0],
      ["5000", 5000],
      ["20k", 20_000],
      ["20K", 20_000],
      ["1M", 1e6],
      ["1.5k", 1500],
    ];
    for (const [text, count] of cases) assert.equal(parseCount(text), count, text);
  });

  test("what is no count is refused with an example of one", () => {
    for (const text of [...NEVER, "20Ki", "1G", "20kB", "5s", "max"]) {
      assert.equal(
        sentence(() => parseCount(text)),
        `expected a count such as 200, 20k or 1M, got ${quoted(text)}`,
      );
    }
  });

  test("whole numbers, in their range", () => {
    assert.equal(
      sentence(() => parseCount("1.5")),
      'expected a whole number, got "1.5"',
    );
    assert.equal(
      sentence(() => parseCount("0", { min: 1, max: 1e6 })),
      'expected a count from 1 to 1M, got "0"',
    );
  });

  test("every count reads back as itself", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(1, 1e3, 1e6), (n, unit) => {
        const count = Math.floor(n / unit) * unit;
        assert.equal(parseCount(formatCount(count)), count);
      }),
    );
  });

  test("one canonical form: plain below 10 000", () => {
    assert.deepEqual([5000, 20_000, 65_536, 1e6, 1_500_000].map(formatCount), ["5000", "20k", "65536", "1M", "1500k"]);
  });
});

test("arbitrary text is a quantity or a sentence on one line, never another exception", () => {
  const parsers = [parseSize, parseDuration, parseRate, parseCount];
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), fc.constantFrom(...parsers), (text, parse) => {
      try {
        const value = parse(text);
        assert.ok(value === null || (Number.isFinite(value) && value >= 0));
      } catch (error) {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /^expected [^\p{Cc}\p{Zl}\p{Zp}]*, got "[^\p{Cc}\p{Zl}\p{Zp}]*"$/u);
        assert.ok(error.message.length < 600);
      }
    }),
  );
});
