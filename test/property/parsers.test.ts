/**
 * Every parser of what a user writes, fed with text that is nearly right and with text that is nothing: it takes it, or
 * refuses it with a sentence. Anything else would be a bug to the command line (exit 4) or a stack trace.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { PARAMETER_FLAGS } from "../../src/cli/parameter-flags.js";
import { conntrackdConfiguration } from "../../src/scenario/configurations/conntrackd.js";
import { sysctlConfiguration } from "../../src/scenario/configurations/sysctl.js";
import { ulogdConfiguration } from "../../src/scenario/configurations/ulogd.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import { parseExpectation } from "../../src/scenario/expectation.js";
import { readScenarioFiles } from "../../src/scenario/file.js";
import { parseRateProfile } from "../../src/scenario/parameters/rate-profile.js";
import { ReplayParser } from "../../src/workload/replay/parse.js";

const SCENARIOS = new URL("../../scenarios/", import.meta.url);
const scenarioTexts = readdirSync(SCENARIOS)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => readFileSync(new URL(name, SCENARIOS), "utf8"));

const CONNTRACKD =
  "General {\n  NetlinkBufferSize 262142 # kept\n  UNIX {\n    Path /run/x\n  }\n  NetlinkEventsReliable on\n}\n";
const ULOGD = "[global]\nstack=mine:NFCT,ip2str1:IP2STR\n[mine]\nnetlink_socket_buffer_size=217088\n";
const SYSCTL = "# x\nnet.core.rmem_max = 212992\nnet.netfilter.nf_conntrack_udp_timeout=30\n";
const PROFILE = "# t,rate\n0,100\n10,5000\n10,100\n60,0\n";
const LOG =
  "[1700000000.000000]\t    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 id=7\n" +
  "[1700000031.000000]\t[DESTROY] udp      17 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 id=7\n";
const ROWS = "timestamp,event,protocol,lifetime\n12.5,NEW,udp,30\n13,NEW,tcp,5\n";
const EXPECTATIONS = [
  "destroy.delivered == 100%",
  "drain < 5s over 3 seeds",
  "dying.peak >= 90% of flush.entries in 5.10",
];

/** What is put into a text, or in the place of a part of it. */
const scrap = fc.oneof(
  fc.string({ maxLength: 6, unit: "binary" }),
  fc.constantFrom(
    "\n",
    "\t",
    "\u0000",
    "\u001b[2J",
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "&a ",
    "*a",
    "!!x ",
    "%",
    "=",
    ",",
    "#",
    "'",
    '"',
  ),
  fc.constantFrom("-1", "1e999", "NaN", "99999999999999999999", "0x1", "null", "true", "~", "__proto__", "constructor"),
);
const nearly = (texts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 8 }), scrap), { maxLength: 4 }),
    )
    .map(([text, edits]) =>
      edits.reduce((whole, [where, length, put]) => {
        const at = Math.floor(where * whole.length);
        return whole.slice(0, at) + put + whole.slice(at + length);
      }, text),
    );

function takesOrRefuses(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof UsageError, String((error as Error).stack));
    assert.doesNotMatch(error.message, /undefined|\[object/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would act on is looked for
    assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f]/);
  }
}

function replayed(text: string): void {
  const parser = new ReplayParser("log");
  for (const line of text.split("\n")) parser.line(line);
  parser.end();
}

/** A file's parameters go on to the rules between values. */
function resolved(text: string): void {
  for (const { cases } of readScenarioFiles(text, "a.yaml", "a")) {
    for (const { experiment, overrides } of cases) resolveScenario(experiment, overrides);
  }
}

const PARSERS: readonly (readonly [
  name: string,
  texts: readonly string[],
  parse: (text: string) => unknown,
  runs: number,
])[] = [
  ["scenario files", scenarioTexts, resolved, 600],
  ["expectations", EXPECTATIONS, parseExpectation, 2000],
  ["conntrackd.conf", [CONNTRACKD], (text) => conntrackdConfiguration(text, "f"), 2000],
  ["ulogd.conf", [ULOGD], (text) => ulogdConfiguration(text, "f"), 2000],
  ["sysctl files", [SYSCTL], (text) => sysctlConfiguration(text, "f"), 2000],
  ["rate profiles", [PROFILE], (text) => parseRateProfile(text, "f"), 2000],
  ["logs", [LOG, ROWS], replayed, 2000],
];

const VALUES = [
  "2048",
  "208k",
  "8MiB",
  "15s",
  "200us",
  "50k/s",
  "max",
  "100%",
  "50%@30s",
  "class=udp,200/s@10s",
  "short:rate=5k/s,packets=7",
  "buffer=8k,reader=1ms,policy=lossy,stall=500ms/10s,groups=new+destroy",
  "500ms/10s",
  "20k@5s",
  "udp=30s",
  "acct=on,sk-buff=232",
  "burst:50",
  "1ms,exponential",
  "new+update",
  "6.18.44",
  "broadcast-error",
];

describe("text that is nearly right is taken or refused with a sentence:", () => {
  for (const [name, texts, parse, runs] of PARSERS) {
    test(name, () => {
      fc.assert(
        fc.property(nearly(texts), (text) => takesOrRefuses(() => parse(text))),
        { numRuns: runs, seed: 1 },
      );
    });
  }

  test("the values of flags, and what they make together", () => {
    const given = fc.array(fc.tuple(fc.constantFrom(...PARAMETER_FLAGS), nearly(VALUES)), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(given, (flags) =>
        takesOrRefuses(() => {
          const overrides: Overrides = {};
          for (const [flag, text] of flags) flag.read(text).apply?.(overrides);
          resolveScenario("flood", overrides);
        }),
      ),
      { numRuns: 4000, seed: 1 },
    );
  });
});
