import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Schema, Validator } from "@cfworker/json-schema";
import { libraryFiles } from "../../scripts/library.js";
import { renderAnnotations } from "../../src/render/annotations.js";
import { renderJunit } from "../../src/render/junit.js";
import { renderMarkdown } from "../../src/render/markdown.js";
import { renderSuiteText, summaryText } from "../../src/render/suite-text.js";
import { SUITE } from "../../src/report/suite.js";
import type { Overrides } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import { readScenarioFiles } from "../../src/scenario/file.js";
import { published } from "../../src/scenario/json-schema.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { keptOf } from "../../src/study/kept.js";
import type { RunAll } from "../../src/study/pool.js";
import { planSuite, refuseTooMany, runSuite, type SuiteOptions } from "../../src/study/suite.js";

const HEAD = "title: t\nscenario:\n  experiment: flood\n  connections: 20\n  ratePerSecond: 100\n";

function plan(source: string, options: Partial<SuiteOptions> = {}) {
  return planSuite(readScenarioFiles(source, "f.yaml", "f"), {
    over: {},
    nameOf: (parameter) => `--${parameter}`,
    runs: 1,
    only: null,
    backend: "simulation",
    ...options,
  });
}

/** In any order, a run for each. */
const inOrder =
  (order: (indices: number[]) => number[] = (indices) => indices): RunAll =>
  async ({ count, scenario, keep }, { done, signal }) => {
    for (const index of order([...Array(count).keys()])) {
      if (!signal.aborted) await done(index, keptOf(simulate(scenario(index)), keep));
    }
  };

const judge = (
  plans: ReturnType<typeof plan>,
  {
    runAll = inOrder(),
    bail = false,
    signal = new AbortController().signal,
    progress = () => {},
  }: {
    runAll?: RunAll;
    bail?: boolean;
    signal?: AbortSignal;
    progress?: (done: number, of: number) => void;
  } = {},
) => runSuite(plans, runAll, { bail, watch: { progress, signal } });

describe("a scenario of which runs are missing", () => {
  const missingSeed =
    (seed: string): RunAll =>
    async ({ count, scenario, keep }, { done, missing }) => {
      for (let index = 0; index < count; index++) {
        if (scenario(index).seed === seed) missing(index, "two workers ended in it");
        else await done(index, keptOf(simulate(scenario(index)), keep));
      }
    };
  const expecting = (seed: string) =>
    plan(`${HEAD}  seed: "${seed}"\nexpectations:\n  - table.created == 20\n`, { runs: 2 })[0]!;

  test("is not judged and not ok, though every expectation holds in the others; the rest is judged", async () => {
    const report = await judge([expecting("a"), expecting("b"), expecting("c")], { runAll: missingSeed("b-2") });
    assert.deepEqual(
      report.scenarios.map(({ ok, expectations, missing }) => [ok, expectations.length, missing]),
      [
        [true, 1, undefined],
        [false, 0, ["f with seed b-2: two workers ended in it"]],
        [true, 1, undefined],
      ],
    );
    assert.deepEqual([report.ok, report.interrupted, report.summary.failedExpectations], [false, undefined, 0]);
    const validator = new Validator(published(SUITE, "canonical") as Schema, "7", false);
    assert.deepEqual(validator.validate(JSON.parse(JSON.stringify(report))).errors, []);
    assert.match(summaryText(report), /: no verdict on all; runs of 1 scenario are missing$/);
    const origins = report.scenarios.map(() => ({ path: "f.yaml", line: 3, expectationLines: [9], command: "again" }));
    const suite = { report, origins };
    assert.match(renderJunit(suite), /errors="1"[\s\S]*<error message="f with seed b-2: two workers ended in it"/);
    assert.equal(
      renderAnnotations(suite),
      "::error file=f.yaml,line=3,title=ct-reliable f::a run is missing: f with seed b-2: two workers ended in it\n",
    );
    assert.match(renderMarkdown(suite), /- missing: f with seed b-2: two workers ended in it/);
    const options = { colour: false, width: 80, quiet: true, command: "" };
    assert.match(
      renderSuiteText(suite, options as Parameters<typeof renderSuiteText>[1]),
      /✗ missing f with seed b-2: two/,
    );
  });
});

describe("what is kept of many runs", () => {
  test("is enough to judge the whole library as its reports are judged, at a tenth of the size", async () => {
    for (const { scenario, text } of libraryFiles()) {
      const plans = planSuite(readScenarioFiles(text, "f", scenario.name), { runs: 2, over: { limitSeconds: 5 } });
      const watch = { progress() {}, signal: new AbortController().signal };
      const whole = await runSuite(plans, inOrder(), { bail: false, watch });
      const part = await runSuite(plans, inOrder(), { bail: false, watch, keep: "verdicts" });
      const verdicts = ({ ok, summary, scenarios }: typeof whole) => ({
        ok,
        summary,
        scenarios: scenarios.map(({ name, expectations }) => ({ name, expectations })),
      });
      assert.deepEqual(verdicts(part), verdicts(whole), scenario.name);
      const sizeOf = ({ scenarios }: typeof whole) => JSON.stringify(scenarios.map(({ reports }) => reports)).length;
      assert.ok(sizeOf(part) < sizeOf(whole) / 10, scenario.name);
    }
  });

  test("is refused before it starts where it would not fit, with what would need less", () => {
    const plans = plan(VARIANTS, { runs: 10_000 });
    assert.throws(
      () => refuseTooMany(plans, "reports", 500e6),
      /30k, which would need 3448 MiB: .*, or a format that shows no/,
    );
    refuseTooMany(plans, "verdicts", 500e6);
    assert.throws(() => refuseTooMany(plans, "verdicts", 1e6), /expected runs that fit into 1 MiB of memory, got 30k/);
  });
});

const VARIANTS = `${HEAD}expectations: [destroy.delivered == 100%, drain <= 2 * drain in a over 2 seeds]
variants:
  a: {}
  b: {scenario: {kernel: 5.10}, expectations: [redelivery.runs >= 0]}
  c: {expectations: [table.created == 20]}
`;

describe("the plan", () => {
  test("has every variant of a file with the seeds that any of them asks for", () => {
    const plans = plan(
      `${HEAD}expectations: [drain <= 20s over 3 seeds]\nvariants: {a: {}, b: {scenario: {seed: x}}}\n`,
    );
    assert.deepEqual(
      plans.map(({ scenarios }) => scenarios.map(({ seed }) => seed)),
      [
        ["1", "1-2", "1-3"],
        ["x", "x-2", "x-3"],
      ],
    );
    assert.equal(plan(`${HEAD}runs: 4\n`, { runs: 2 })[0]!.scenarios.length, 4);
    assert.equal(plan(HEAD, { runs: 5 })[0]!.scenarios.length, 5);
  });

  test("does not compare a variant with itself, and keeps the lines of what is left", () => {
    const plans = plan(VARIANTS);
    assert.deepEqual(
      plans.map(({ expectations }) =>
        expectations.map(({ expression, place }) => `${place.line}:${place.column} ${expression}`),
      ),
      [
        ["6:16 destroy.delivered == 100%"],
        ["6:16 destroy.delivered == 100%", "6:43 drain <= 2 * drain in a over 2 seeds", "9:48 redelivery.runs >= 0"],
        ["6:16 destroy.delivered == 100%", "6:43 drain <= 2 * drain in a over 2 seeds", "10:22 table.created == 20"],
      ],
    );
  });

  const ONLY: readonly (readonly [pattern: string, names: string[]])[] = [
    ["f", ["f/a", "f/b", "f/c"]],
    ["/b", ["f/b"]],
    ["f/*", ["f/a", "f/b", "f/c"]],
    ["*b", ["f/b"]],
    ["f*c", ["f/c"]],
    ["*", ["f/a", "f/b", "f/c"]],
  ];
  for (const [only, names] of ONLY) {
    test(`--only ${only}`, () =>
      assert.deepEqual(
        plan(VARIANTS, { only }).map((one) => one.case.name),
        names,
      ));
  }

  for (const only of ["g", "b*", "F/A", "f.a", "f/[a]*", ""]) {
    if (only === "") continue;
    test(`--only ${only} finds nothing and says so`, () => {
      assert.throws(
        () => plan(VARIANTS, { only }),
        /^UsageError: --only: expected a part of the name of a scenario, got "/,
      );
    });
  }
});

describe("a contradiction is said where it stands:", () => {
  const TABLE: readonly (readonly [what: string, source: string, over: Overrides, sentence: string])[] = [
    [
      "in the file",
      "title: t\nscenario:\n  experiment: flood\n  packets: 2\n",
      {},
      "f.yaml:4:3: packets: expected at least 6 with protocol tcp (handshake and close), got 2",
    ],
    [
      "in the file, for a variant",
      "title: t\nscenario:\n  experiment: flood\n  packets: 2\nvariants:\n  a: {scenario: {protocol: udp}}\n  b: {}\n",
      {},
      "f.yaml:4:3: packets: expected at least 6 with protocol tcp (handshake and close), got 2",
    ],
    [
      "in the variant",
      "title: t\nscenario: {experiment: flood}\nvariants:\n  a: {}\n  b: {scenario: {packets: 2}}\n",
      {},
      "f.yaml:5:18: packets: expected at least 6 with protocol tcp (handshake and close), got 2",
    ],
    [
      "behind an alias",
      "title: t\nscenario: {experiment: flood}\nvariants:\n  a: {scenario: &a {protocol: tcp, packets: 7}}\n  b: {scenario: *a}\n",
      { protocol: "tcp", packets: 2 },
      "--packets: expected at least 6 with --protocol tcp (handshake and close), got 2",
    ],
    [
      "in the file, because of a flag",
      "title: t\nscenario:\n  experiment: flush\n  packets: 2\n",
      { protocol: "tcp" },
      "f.yaml:4:3: packets: expected at least 6 with --protocol tcp (handshake and close), got 2",
    ],
    [
      "in a flag, because of the file",
      "title: t\nscenario:\n  experiment: flood\n",
      { packets: 2 },
      "--packets: expected at least 6 with protocol tcp (handshake and close), got 2",
    ],
    [
      "of a listener",
      "title: t\nscenario:\n  experiment: flood\n  listeners:\n    - {}\n    - bufferBytes: 4k\n      bufferMaxBytes: 2k\n",
      {},
      "f.yaml:7:7: listeners.1.bufferMaxBytes: expected at least listeners.1.bufferBytes (4096), got 2048",
    ],
    [
      "of a default, at the case",
      "title: t\nscenario:\n  experiment: flood\n  kernel: 2.4\n",
      {},
      'f.yaml:4:3: kernel: expected a Linux version from 2.6.31 to 7.3, such as 5.4 or 6.18.44, got "2.4"',
    ],
    [
      "of a limit that is no whole nanosecond",
      "title: t\nscenario: {experiment: flood, hz: 1000, limitSeconds: 8000000.1234567891}\n",
      {},
      "f.yaml:2:41: limitSeconds: expected at most",
    ],
    [
      "of a metric",
      `${HEAD}expectations:\n  - drian <= 20s\n`,
      {},
      'f.yaml:7:5: expected a metric (ct-reliable metrics lists them), got "drian", did you mean "drain"?',
    ],
    [
      "of a variant",
      `${HEAD}variants:\n  a: {}\n  b: {expectations: [drain < drain in c]}\n`,
      {},
      'f.yaml:8:22: expected another variant of the file, got "c"',
    ],
    [
      "of a variant without flush",
      `${HEAD}variants:\n  a: {scenario: {flush: false}}\n  b: {expectations: [drain < drain in a]}\n`,
      {},
      "f.yaml:8:22: expected a metric that this run has, got dying.emptyAfterFlushSeconds (there is no flush in this run)",
    ],
    [
      "of a metric that a flag takes away",
      `${HEAD}expectations: [drain <= 20s]\n`,
      { flush: false },
      "f.yaml:6:16: expected a metric that this run has, got dying.emptyAfterFlushSeconds (there is no flush in this run)",
    ],
  ];
  for (const [what, source, over, sentence] of TABLE) {
    test(what, () => {
      assert.throws(
        () => plan(source, { over }),
        (error) => {
          assert.ok(error instanceof UsageError, String(error));
          assert.equal(error.message.slice(0, sentence.length), sentence);
          return true;
        },
      );
    });
  }

  test("flags win over files, and of connections, rate and duration a third replaces one", () => {
    const [one] = plan(`${HEAD}variants: {a: {scenario: {durationSeconds: 5s}}}\n`, {
      over: { connections: 50, hz: 100 },
    });
    const { connections, ratePerSecond, hz } = one!.scenarios[0]!;
    assert.deepEqual([connections, ratePerSecond, hz], [50, 100, 100]);
    const [slower] = plan(HEAD, { over: { durationSeconds: 2 } });
    assert.equal(slower!.scenarios[0]!.connections, 200);
  });
});

describe("the judged set", () => {
  test("is the same in whatever order the runs come", async () => {
    const plans = plan(VARIANTS, { runs: 2 });
    const [first, ...others] = await Promise.all(
      [
        inOrder(),
        inOrder((indices) => indices.reverse()),
        inOrder((indices) => indices.sort((a, b) => (a % 3) - (b % 3))),
      ].map((runAll) => judge(plans, { runAll })),
    );
    assert.equal(first!.ok, true);
    assert.deepEqual(first!.summary, {
      scenarios: 3,
      failedScenarios: 0,
      skippedScenarios: 0,
      expectations: 7,
      failedExpectations: 0,
      runs: 6,
    });
    for (const other of others) assert.deepEqual(other, first);
  });

  test("fits its published schema, and no other set does", async () => {
    const validator = new Validator(published(SUITE, "canonical") as Schema, "7", false);
    const report = JSON.parse(JSON.stringify(await judge(plan(VARIANTS))));
    assert.deepEqual(validator.validate(report).errors, []);
    assert.equal(validator.validate({ ...report, interrupted: true }).valid, true);
    for (const key of Object.keys(report)) {
      const { [key]: value, ...rest } = report;
      assert.equal(validator.validate(rest).valid, false, key);
      assert.equal(validator.validate({ ...rest, [`${key}X`]: value }).valid, false, key);
    }
    assert.equal(validator.validate({ ...report, scenarios: [{ ...report.scenarios[0], title: 5 }] }).valid, false);
    assert.equal(validator.validate({ ...report, interrupted: false }).valid, false);
  });

  test("gives each report the verdicts that it can answer by itself", async () => {
    const { scenarios } = await judge(
      plan(`${HEAD}expectations: [table.created == 20, mean(table.created) == 20 over 2 seeds]\n`),
    );
    assert.deepEqual(
      scenarios[0]!.expectations.map(({ expression }) => expression),
      ["table.created == 20", "mean(table.created) == 20 over 2 seeds"],
    );
    for (const { expectations } of scenarios[0]!.reports) {
      assert.deepEqual(
        expectations.map(({ expression, ok }) => [expression, ok]),
        [["table.created == 20", true]],
      );
    }
  });

  test("runs what is compared with, too, and once", async () => {
    const ran: Scenario[] = [];
    const runAll: RunAll = async (work, tell) => {
      ran.push(...Array.from({ length: work.count }, (_, index) => work.scenario(index)));
      return inOrder()(work, tell);
    };
    const { scenarios } = await judge(plan(VARIANTS, { only: "f/c" }), { runAll });
    assert.deepEqual(
      scenarios.map(({ name }) => name),
      ["f/c"],
    );
    assert.equal(ran.length, 4);
    await judge(plan(VARIANTS), { runAll });
    assert.equal(ran.length, 4 + 6);
  });

  const FAILS = `${HEAD}expectations: [table.created == 20]\nvariants: {a: {}, b: {scenario: {connections: 30}}, c: {}}\n`;

  test("with bail ends at the first that fails, whatever has run by then", async () => {
    for (const runAll of [inOrder(), inOrder((indices) => indices.reverse())]) {
      const report = await judge(plan(FAILS), { runAll, bail: true });
      assert.deepEqual(
        report.scenarios.map(({ name, ok }) => [name, ok]),
        [
          ["f/a", true],
          ["f/b", false],
        ],
      );
      assert.deepEqual([report.ok, report.summary.skippedScenarios, report.interrupted], [false, 1, undefined]);
    }
    assert.equal((await judge(plan(FAILS))).scenarios.length, 3);
  });

  test("interrupted has what is whole by then, and says so", async () => {
    const stop = new AbortController();
    const progress = (done: number): void => {
      if (done === 2) stop.abort();
    };
    const report = await judge(plan(FAILS), { signal: stop.signal, progress });
    assert.deepEqual(
      report.scenarios.map(({ name }) => name),
      ["f/a", "f/b"],
    );
    assert.deepEqual([report.interrupted, report.summary.skippedScenarios], [true, 1]);
  });

  test("interrupted when all is done is whole", async () => {
    const stop = new AbortController();
    const progress = (done: number, of: number): void => {
      if (done === of) stop.abort();
    };
    assert.equal((await judge(plan(FAILS), { signal: stop.signal, progress })).interrupted, undefined);
  });
});
