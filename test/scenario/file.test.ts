import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Schema, Validator } from "@cfworker/json-schema";
import { parse } from "yaml";
import type { Overrides } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import { SCENARIO_FILE } from "../../src/scenario/file/shape.js";
import { readScenarioFiles } from "../../src/scenario/file.js";
import { published } from "../../src/scenario/json-schema.js";
import { mergeParameters } from "../../src/scenario/merge.js";

/** Three lines; what a test adds stands at line 4, within `scenario` where it is indented. */
const HEAD = "title: t\nscenario:\n  experiment: flood\n";

const read = (source: string) => readScenarioFiles(source, "f.yaml", "f");

function overridesOf(source: string): Overrides {
  const [file] = read(source);
  return file!.cases[0]!.overrides;
}

function sentenceOf(source: string): string {
  try {
    read(source);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return assert.fail(`taken: ${source.slice(0, 200)}`);
}

/** What a person writes, and what it is inside. Every one is a good file for an editor, too. */
const GOOD: readonly (readonly [lines: string, overrides: Overrides])[] = [
  ["  kernel: 5.10", { kernel: "5.10" }],
  ["  kernel: 5.10.0", { kernel: "5.10.0" }],
  ["  kernel: '5.10'", { kernel: "5.10" }],
  ["  seed: 007", { seed: "007" }],
  ["  seed: 1e3", { seed: "1e3" }],
  ["  seed: 12345678901234567890", { seed: "12345678901234567890" }],
  ["  seed: 2020-01-01", { seed: "2020-01-01" }],
  ["  connections: 20k", { connections: 20_000 }],
  ["  connections: 0x10", { connections: 16 }],
  ["  ratePerSecond: max", { ratePerSecond: null }],
  ["  ratePerSecond: null", { ratePerSecond: null }],
  ["  ratePerSecond: 50k/s", { ratePerSecond: 50_000 }],
  ["  ratePerSecond: 0.5", { ratePerSecond: 0.5 }],
  ["  durationSeconds: 1.5", { durationSeconds: 1.5 }],
  ["  durationSeconds: 1500ms", { durationSeconds: 1.5 }],
  ["  packetGapNanoseconds: 500us", { packetGapNanoseconds: 500_000 }],
  ["  graceMaxSeconds: 15", { graceMaxSeconds: 15 }],
  ["  graceMaxSeconds: 2m", { graceMaxSeconds: 120 }],
  ["  tuples: null", { tuples: null }],
  ["  flush: false", { flush: false }],
  ["  timeoutsSeconds: {udp: 30s, icmp: 5}", { timeoutsSeconds: { udp: 30, icmp: 5 } }],
  ["  rmemMaxBytes: 208k", { rmemMaxBytes: 212_992 }],
  ["  traffic: [{script: short, share: 1}]", { traffic: [{ script: "short", share: 1 }] }],
  [
    "  secondFlood: {connections: 1k, afterFlushSeconds: 5s}",
    { secondFlood: { connections: 1000, afterFlushSeconds: 5 } },
  ],
  [
    "  listeners: [{stall: {everyNanoseconds: 10s, forNanoseconds: 500ms}}, {stall: null, groups: [new]}]",
    { listeners: [{ stall: { everyNanoseconds: 1e10, forNanoseconds: 5e8 } }, { stall: null, groups: ["new"] }] },
  ],
  ["  costs: {packetNanoseconds: 10us}", { costs: { packetNanoseconds: 10_000 } }],
  ["  kernelConfig: {acct: false, skBuffBytes: 208}", { kernelConfig: { acct: false, skBuffBytes: 208 } }],
];

/** The mistake at line 4, and the sentence about it without the path. */
const MISTAKES: readonly (readonly [lines: string, sentence: string])[] = [
  ["  conections: 5", '4:3: expected a key of scenario, got "conections", did you mean "connections"?'],
  [
    "conections: 5",
    '4:1: expected name, title, story, shows, sources, runs, scenario, expectations or variants, got "conections"',
  ],
  ["  title: x", '4:3: expected a key of scenario, got "title"'],
  [
    "  bufferBytes: 5",
    '4:3: expected a key of scenario, got "bufferBytes", did you mean "scenario.listeners[0].bufferBytes"?',
  ],
  ["connections: 5", 'did you mean "scenario.connections"?'],
  [
    "  listeners: [{connections: 5}]",
    '4:16: expected a key of listeners, got "connections", did you mean "scenario.connections"?',
  ],
  ["  timeoutsSeconds: {upd: 5}", '4:21: expected a key of timeoutsSeconds, got "upd", did you mean "udp"?'],
  ["  __proto__: {connections: 5}", '4:3: expected a key of scenario, got "__proto__"'],
  ["  constructor: 5", '4:3: expected a key of scenario, got "constructor"'],
  ["toString: 5", "4:1: expected name, title"],
  ['"\\e[31m\\u202e": 5', 'got "\\u001b[31m\\u202e"'],
  ["  <<: {connections: 5}", '4:3: expected a key of scenario, got "<<"'],
  ["  connections: 5 apples", '4:16: connections: expected a count such as 200, 20k or 1M, got "5 apples"'],
  ["  connections: 1_000", '4:16: connections: expected a count such as 200, 20k or 1M, got "1_000"'],
  ["  connections: 1e12", "4:16: connections: expected a value from 0 to 16777216, got 1000000000000"],
  ["  connections: -1", "4:16: connections: expected a value from 0 to 16777216, got -1"],
  ["  connections: 1.5", "4:16: connections: expected a whole number, got 1.5"],
  ["  connections: .nan", "4:16: connections: expected a whole number, got NaN"],
  ["  connections: null", "4:16: connections: expected a count such as 200, 20k or 1M, got nothing"],
  ["  connections:", "4:15: connections: expected a count such as 200, 20k or 1M, got nothing"],
  ["  connections: [5]", "4:16: connections: expected a count such as 200, 20k or 1M, got a list"],
  ["  connections: {a: 5}", "4:16: connections: expected a count such as 200, 20k or 1M, got keys with values"],
  ["  connections: true", "4:16: connections: expected a count such as 200, 20k or 1M, got true"],
  ["  graceMaxSeconds: 0", "4:20: graceMaxSeconds: expected a value from 1s to 2147483s, got 0"],
  ["  graceMaxSeconds: 0s", "4:20: graceMaxSeconds: expected at least 1s (the kernel draws a delay modulo"],
  ["  graceMaxSeconds: 1500ms", '4:20: graceMaxSeconds: expected a duration of whole seconds, got "1500ms"'],
  ["  packetGapNanoseconds: 1.5", "4:25: packetGapNanoseconds: expected a whole number, got 1.5"],
  ["  packetGapNanoseconds: 2h", '4:25: packetGapNanoseconds: expected a duration from 0s to 1h, got "2h"'],
  ["  durationSeconds: 0.0000001", "4:20: durationSeconds: expected a value from 1ms to 104d, got 1e-7"],
  ["  traffic: [{script: short, share: 2}]", "4:36: share: expected a value from 0 to 1, got 2"],
  ["  traffic: [{script: short, share: 70%}]", '4:36: share: expected a number, got "70%"'],
  ["  kernel: six", '4:11: kernel: expected a kernel release such as 3.6 or 6.18.44, got "six"'],
  ["  kernel: true", "4:11: kernel: expected a kernel release such as 3.6 or 6.18.44, got true"],
  ["  seed: ' a'", '4:9: seed: expected 1 to 100 printable characters, got " a"'],
  ["  seed: ''", '4:9: seed: expected 1 to 100 printable characters, got ""'],
  ['  seed: "a\\tb"', '4:9: seed: expected 1 to 100 printable characters, got "a\\tb"'],
  ["  hz: 200", "4:7: hz: expected 100, 250, 300 or 1000, got 200"],
  ["  protocol: utp", '4:13: protocol: expected udp, tcp or icmp, got "utp", did you mean "udp"?'],
  ["  flush: yes", '4:10: flush: expected true or false, got "yes"'],
  ["  listeners: []", "4:14: listeners: expected at least one item, got none"],
  ["  listeners: [null]", "4:15: listeners: expected keys with values, got nothing"],
  ["  listeners: [{groups: [new, new]}]", "4:24: groups: expected each item once, got one again"],
  ["  listeners: [{groups: [neww]}]", '4:25: groups: expected new, update or destroy, got "neww", did you mean "new"?'],
  ["  listeners: [{groups: new}]", '4:24: groups: expected a list, got "new"'],
  ["  listeners: [{stall: {everyNanoseconds: 1s}}]", "4:23: stall: expected the key forNanoseconds, got none"],
  [
    "  listeners: [{bufferBytes: 2 parsecs}]",
    '4:29: bufferBytes: expected a size such as 2048, 208k or 8MiB, got "2 parsecs"',
  ],
  ["  timeoutsSeconds:", "4:19: timeoutsSeconds: expected keys with values, got nothing"],
  ["expectations: drain <= 20s", '4:15: expectations: expected a list, got "drain <= 20s"'],
  [
    "expectations: [{drain: 20s}]",
    "4:16: expectations: expected an expectation such as destroy.delivered == 100%, got keys with values",
  ],
  ["sources: [ftp://a]", '4:11: sources: expected an address such as https://…, got "ftp://a"'],
  ["runs: 0", "4:7: runs: expected a value from 1 to 10k, got 0"],
  ["runs: 20k", '4:7: runs: expected a count from 1 to 10k, got "20k"'],
  ['name: "a\\nb"', '4:7: name: expected a name of printable characters, got "a\\nb"'],
  ["variants: [a]", "4:11: variants: expected keys with values, got a list"],
  ["variants: {a: }", "4:15: a: expected keys with values, got nothing"],
  ["variants: {a b: {}}", '4:12: expected a name of letters, digits, ., - and _, got "a b"'],
  ["variants: {__proto__: {}}", '4:12: expected a name of letters, digits, ., - and _, got "__proto__"'],
  [
    "variants: {a: {scenario: {conections: 5}}}",
    '4:27: expected a key of scenario, got "conections", did you mean "connections"?',
  ],
  ["variants: {constructor: {conections: 5}}", '4:26: expected title, scenario or expectations, got "conections"'],
];

/** Mistakes of which a JSON Schema knows nothing: the range of what has a unit, and what yaml alone tells apart. */
const BEYOND_SCHEMA = new Set([
  "  graceMaxSeconds: 0s",
  "  graceMaxSeconds: 1500ms",
  "  packetGapNanoseconds: 2h",
  "runs: 20k",
]);

describe("a parameter", () => {
  for (const [lines, overrides] of GOOD) {
    test(`${lines.trim()} is taken`, () => assert.deepEqual(overridesOf(`${HEAD}${lines}\n`), overrides));
  }
});

describe("a mistake is one sentence with its line and column", () => {
  for (const [lines, sentence] of MISTAKES) {
    test(JSON.stringify(lines.trim()), () => {
      const said = sentenceOf(`${HEAD}${lines}\n`);
      assert.ok(said.startsWith("f.yaml:4:") && said.includes(sentence), said);
      assert.doesNotMatch(said, /\n|\p{Cc}|\u202e/u);
    });
  }

  const WHOLE_FILES: readonly (readonly [what: string, source: string, sentence: string | RegExp])[] = [
    ["a tab", "title: t\nscenario:\n\texperiment: flood\n", "f.yaml:3:1: expected spaces to indent, got a tab"],
    ["an empty file", "", "f.yaml: expected a scenario with a title and parameters, got an empty file"],
    ["only a comment", "# hi\n", "f.yaml: expected a scenario with a title and parameters, got an empty file"],
    [
      "empty documents",
      "---\n---\nnull\n",
      "f.yaml: expected a scenario with a title and parameters, got an empty file",
    ],
    ["a word", "hello\n", 'f.yaml:1:1: expected keys with values, got "hello"'],
    ["a list", "- a\n", "f.yaml:1:1: expected keys with values, got a list"],
    ["zero bytes", "title: \0\n", "f.yaml: expected a scenario in YAML or JSON, got a binary file"],
    ["a key again", `${HEAD}  hz: 100\n  hz: 250\n`, 'f.yaml:5:3: expected each key once, got "hz" again'],
    ["a key again in JSON", '{"title": "a",\n"title": "b"}', 'f.yaml:2:1: expected each key once, got "title" again'],
    ["an open quote", "title: 'abc\n", /^f\.yaml:2:1: expected YAML or JSON, got a syntax error \(.*quote\)$/],
    ["an open brace", '{"title": "t"', /^f\.yaml:1:14: expected YAML or JSON, got a syntax error \(.*\)$/],
    ["a list as a key", `${HEAD}? [a]\n: 5\n`, /^f\.yaml:4:3: expected YAML or JSON, got a syntax error \(.*\)$/],
    ["no title", "scenario: {experiment: flood}\n", "f.yaml:1:1: expected the key title, got none"],
    ["no scenario", "title: t\n", "f.yaml:1:1: expected the key scenario, got none"],
    [
      "no experiment",
      "title: t\nscenario: {}\n",
      "f.yaml:2:1: scenario: expected the key experiment (flood or flush), got none",
    ],
    [
      "a title of two lines",
      'title: "a\\nb"\nscenario: {experiment: flood}\n',
      'f.yaml:1:8: title: expected a line of 1 to 100 printable characters, got "a\\nb"',
    ],
    [
      "a mistake in a later document",
      `${HEAD}---\n${HEAD}  foo: 1\n`,
      'f.yaml:8:3: expected a key of scenario, got "foo"',
    ],
    [
      "CRLF",
      `${HEAD}  conections: 5\n`.replaceAll("\n", "\r\n"),
      'f.yaml:4:3: expected a key of scenario, got "conections", did you mean "connections"?',
    ],
    [
      "an alias of nothing",
      "title: *nope\nscenario: {experiment: flood}\n",
      'f.yaml:1:8: expected an anchor above its alias, got "*nope"',
    ],
    ["a key that comes twice", `${HEAD}  hz: 100\n  hz: 250\n`, 'f.yaml:5:3: expected each key once, got "hz" again'],
    [
      "an alias of itself",
      `title: t\nscenario: &a {experiment: flood, listeners: [*a]}\n`,
      /^f\.yaml:2:\d+: expected a key of listeners, got "experiment"/,
    ],
    [
      "a mistake behind an alias",
      `title: t\nscenario: {experiment: flood, listeners: [&a {bufferBytes: x}, *a]}\n`,
      /^f\.yaml:2:60: bufferBytes: expected a size/,
    ],
  ];
  for (const [what, source, sentence] of WHOLE_FILES) {
    test(what, () => {
      const said = sentenceOf(source);
      if (typeof sentence === "string") assert.equal(said, sentence);
      else assert.match(said, sentence);
    });
  }

  test("that the name of the file cannot be the name of the scenario", () => {
    assert.throws(
      () => readScenarioFiles(HEAD, "a\nb.yaml", "a\nb"),
      /expected the key name, because that of the file is none/,
    );
  });
});

describe("a file made to do harm is refused quickly", () => {
  const layers = ["a: &l0 [x, x, x, x, x, x, x, x, x]"];
  for (let layer = 1; layer < 9; layer++)
    layers.push(`${"abcdefghij"[layer]}: &l${layer} [${Array(9).fill(`*l${layer - 1}`)}]`);
  const DEEP = 20_000;
  for (const [what, source] of [
    ["aliases of aliases", `title: t\n${layers.join("\n")}\n`],
    ["open brackets", `title: t\nscenario: ${"[".repeat(DEEP)}\n`],
    ["nested lists", `title: t\nscenario: ${"[".repeat(DEEP)}${"]".repeat(DEEP)}\n`],
    ["nested keys", `title: t\nscenario: ${"{a: ".repeat(DEEP)}1${"}".repeat(DEEP)}\n`],
    ["nested keys that are just read", `title: t\nscenario: ${"{a: ".repeat(300)}1${"}".repeat(300)}\n`],
  ] as const) {
    test(what, { timeout: 5000 }, () => assert.match(sentenceOf(source), /^f\.yaml:\d+:\d+: .*expected /));
  }
});

describe("what a file may look like", () => {
  test("JSON, indented with tabs", () => {
    const source = JSON.stringify({ title: "t", scenario: { experiment: "flood", kernel: 5.4 } }, null, "\t");
    assert.deepEqual(overridesOf(source), { kernel: "5.4" });
  });

  test("a byte order mark and CRLF", () => {
    assert.deepEqual(overridesOf(`\ufeff${HEAD}  hz: 100\n`.replaceAll("\n", "\r\n")), { hz: 100 });
  });

  test("several documents are several scenarios, and nothing behind --- is none", () => {
    assert.equal(read(`---\n${HEAD}---\n${HEAD}---\n`).length, 2);
  });

  test("texts that look like numbers stay as they are written", () => {
    const [file] = read("name: 5.10\ntitle: 007\nstory: 1e3\nshows: 0x10\nscenario: {experiment: flood}\n");
    assert.deepEqual([file!.name, file!.title, file!.story, file!.shows], ["5.10", "007", "1e3", "0x10"]);
    assert.equal(file!.cases[0]!.title, "007");
  });

  test("an alias is what it stands for: of a value, of parameters, of expectations", () => {
    const [file] = read(
      "title: &t t\nstory: *t\nscenario: {experiment: flood}\n" +
        "variants:\n  a: {scenario: &s {kernel: 5.10}, expectations: &e [drain <= 20s]}\n" +
        "  b: {scenario: *s, expectations: *e}\n",
    );
    assert.equal(file!.story, "t");
    for (const { overrides, expectations, placeOf } of file!.cases) {
      assert.deepEqual(overrides, { kernel: "5.10" });
      assert.deepEqual(expectations, [{ expression: "drain <= 20s", place: { line: 5, column: 54 } }]);
      assert.deepEqual(placeOf("kernel"), { line: 5, column: 21 });
    }
  });
});

describe("a variant", () => {
  const SOURCE = `title: base
scenario:
  experiment: flood
  connections: 100
  ratePerSecond: 10
  timeoutsSeconds: {udp: 5}
  costs: {packetNanoseconds: 1us}
  kernelConfig: {acct: false}
  listeners:
    - bufferBytes: 2k
      policy: lossy
    - bufferBytes: 4k
expectations: [drain <= 20s]
variants:
  same:
    {}
  other:
    title: other
    scenario:
      experiment: flush
      timeoutsSeconds: {icmp: 6}
      costs: {recvNanoseconds: 2us}
      kernelConfig: {nat: false}
      listeners: [{policy: reliable}, {}, {bufferBytes: 8k}]
    expectations: [drain > 1s]
`;
  const [same, other] = read(SOURCE)[0]!.cases;

  test("is the file with its changes: keys are merged, listeners by their place", () => {
    assert.deepEqual(same!.overrides, {
      connections: 100,
      ratePerSecond: 10,
      timeoutsSeconds: { udp: 5 },
      costs: { packetNanoseconds: 1000 },
      kernelConfig: { acct: false },
      listeners: [{ bufferBytes: 2048, policy: "lossy" }, { bufferBytes: 4096 }],
    });
    assert.deepEqual(other!.overrides, {
      connections: 100,
      ratePerSecond: 10,
      timeoutsSeconds: { udp: 5, icmp: 6 },
      costs: { packetNanoseconds: 1000, recvNanoseconds: 2000 },
      kernelConfig: { acct: false, nat: false },
      listeners: [{ bufferBytes: 2048, policy: "reliable" }, { bufferBytes: 4096 }, { bufferBytes: 8192 }],
    });
    assert.deepEqual([same!.experiment, other!.experiment], ["flood", "flush"]);
  });

  test("has the expectations of the file, then its own", () => {
    assert.deepEqual(
      same!.expectations.map(({ expression }) => expression),
      ["drain <= 20s"],
    );
    assert.deepEqual(other!.expectations, [
      { expression: "drain <= 20s", place: { line: 13, column: 16 } },
      { expression: "drain > 1s", place: { line: 25, column: 20 } },
    ]);
  });

  test("is named after the file and has its title if it has none of its own", () => {
    assert.deepEqual([same!.name, same!.title, other!.name, other!.title], ["f/same", "base", "f/other", "other"]);
  });

  test("knows where each of its parameters stands: in it, in the file, or nowhere", () => {
    assert.deepEqual(other!.placeOf("costs.recvNanoseconds"), { line: 22, column: 15 });
    assert.deepEqual(other!.placeOf("costs.packetNanoseconds"), { line: 7, column: 11 });
    assert.deepEqual(other!.placeOf("listeners.0.bufferBytes"), { line: 10, column: 7 });
    assert.deepEqual(other!.placeOf("hz"), { line: 17, column: 3 });
  });

  test("numbers as names stay in the order of the file", () => {
    const [file] = read(`${HEAD}variants: {1000: {}, 9: {}, 5.10: {}, constructor: {}}\n`);
    assert.deepEqual(
      file!.cases.map(({ variant }) => variant),
      ["1000", "9", "5.10", "constructor"],
    );
  });
});

describe("of connections, rate and duration what is said later wins", () => {
  const LAYERS: readonly (readonly [base: Overrides, over: Overrides, merged: Overrides])[] = [
    [{ connections: 5, ratePerSecond: 1 }, { durationSeconds: 9 }, { ratePerSecond: 1, durationSeconds: 9 }],
    [{ connections: 5, durationSeconds: 9 }, { ratePerSecond: 1 }, { ratePerSecond: 1, durationSeconds: 9 }],
    [{ ratePerSecond: 1, durationSeconds: 9 }, { connections: 5 }, { ratePerSecond: 1, connections: 5 }],
    [{ ratePerSecond: 1 }, { connections: 5, durationSeconds: 9 }, { connections: 5, durationSeconds: 9 }],
    [{ connections: 5 }, { ratePerSecond: 1 }, { connections: 5, ratePerSecond: 1 }],
    [{ connections: 5, ratePerSecond: 1 }, { connections: 6 }, { connections: 6, ratePerSecond: 1 }],
    [{ connections: 5, ratePerSecond: null }, { durationSeconds: 9 }, { connections: 5, durationSeconds: 9 }],
    [{ connections: 5, durationSeconds: 9 }, { ratePerSecond: null }, { connections: 5, ratePerSecond: null }],
    [{ connections: 5, ratePerSecond: 1, hz: 100 }, { hz: 250 }, { connections: 5, ratePerSecond: 1, hz: 250 }],
  ];
  for (const [base, over, merged] of LAYERS) {
    test(`${JSON.stringify(base)}, then ${JSON.stringify(over)}`, () => {
      assert.deepEqual(mergeParameters(base, over), merged);
    });
  }
});

describe("the published schema", () => {
  const validator = new Validator(published(SCENARIO_FILE, "written") as Schema, "7");
  const valid = (source: string): boolean => validator.validate(parse(source)).valid;

  test("takes every good file", () => {
    for (const [lines] of GOOD) assert.equal(valid(`${HEAD}${lines}\n`), true, lines);
  });

  test("refuses every bad one, except ranges of what has a unit", () => {
    for (const [lines] of MISTAKES) {
      const file = `${HEAD}${lines}\n`;
      assert.equal(valid(file), BEYOND_SCHEMA.has(lines), lines);
    }
  });
});
