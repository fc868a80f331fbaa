/** Command lines that were once answered with a sentence that was not so, each with what it must say now. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { readFlags } from "../../src/cli/flag.js";
import { renderJson } from "../../src/render/json.js";
import { renderText } from "../../src/render/text.js";
import type { Report } from "../../src/report/report.js";
import { bindExpectation } from "../../src/report/verdict.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { parseExpectation } from "../../src/scenario/expectation.js";
import type { Experiment } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { adviceOn } from "../../src/study/advice.js";
import { knowledgeOf } from "../../src/study/suite.js";

interface Answer {
  report: Report;
  /** The whole first screen on one line, and what --quiet leaves of it. */
  screen: string;
  quiet: string;
  advice: string | null;
}

/** What a command line answers, without a process. */
async function answer(line: string): Promise<Answer> {
  const [experiment, ...words] = line.split(" ");
  const given = words.flatMap((word, at) => {
    if (!word.startsWith("--")) return [];
    const flag = EXPERIMENT_FLAGS.find(({ name }) => `--${name}` === word);
    assert.ok(flag, word);
    return [{ flag, text: flag.value === null ? "" : words[at + 1]! }];
  });
  const { overrides } = readFlags(EXPERIMENT_FLAGS, given);
  const ran = simulate(resolveScenario(experiment as Experiment, overrides));
  const report: Report = { ...ran, advice: await adviceOn(ran) };
  const options = { colour: false, width: 80, command: line, timeline: false };
  const said = (quiet: boolean) => renderText(report, { ...options, quiet }).replace(/\s+/g, " ");
  return { report, screen: said(false), quiet: said(true), advice: report.advice?.[0]?.flags ?? null };
}

const holds = (expression: string, report: Report): boolean =>
  bindExpectation(parseExpectation(expression), knowledgeOf(report.scenario, "simulation")).judge([
    { report, variants: new Map() },
  ]).ok;

describe("a message that lies unread in the socket has not arrived", () => {
  const line = "flush --connections 300 --kernel 6.18.44 --buffer 208k --reader 1h --policy reliable";
  test(line, async () => {
    const { report, screen, quiet } = await answer(line);
    const { raised, delivered, unread } = report.events.destroy;
    assert.deepEqual([raised, delivered, unread], [300, 1, 299]);
    assert.equal(holds("destroy.delivered == 100%", report), false);
    assert.equal(holds("destroy.unread == 0", report), false);
    assert.doesNotMatch(screen, /Every DESTROY arrived/);
    assert.match(screen, /1 of 300 DESTROY arrived; 299 were in the socket and never read\./);
    assert.match(screen, /^The limit of 10 min ended the run with 299 events unread\./);
    assert.match(quiet, /DESTROY 1 of 300 delivered \(0\.3 %\), 299 unread/);
  });
});

describe("what a limit ended is said first, with --quiet, and in JSON", () => {
  test("flood --limit 10s", async () => {
    const { report, screen, quiet, advice } = await answer("flood --limit 10s");
    const sentence = /The limit of 10 s ended the flood: 962 of 20,000 connections were opened; there was no flush\./;
    for (const text of [screen, quiet]) assert.match(text, sentence);
    const json = JSON.parse(renderJson(report)) as Report;
    assert.deepEqual(
      [json.ended, json.endedDuring, json.load.ended, json.load.openedConnections],
      ["limit", "flood", "limit", 962],
    );
    assert.match(advice!, /^--limit /);
  });

  test("flush --second-flood 5@900s", async () => {
    const { report, screen, quiet } = await answer("flush --second-flood 5@900s");
    const sentence = /The limit of 10 min came before the second flood: none of its 5 connections was opened\./;
    for (const text of [screen, quiet]) assert.match(text, sentence);
    assert.deepEqual(report.load.secondFlood, { askedConnections: 5, openedConnections: 0, ended: "limit" });
  });

  test("flush --limit 800ms", async () => {
    const { report, screen } = await answer("flush --limit 800ms");
    assert.equal(report.flush!.ended, "limit");
    assert.match(screen, /^The limit of 800 ms ended the flush: it had deleted [\d,]+ entries\./);
  });
});

test("a SYN that reopens a connection does not make the table full", async () => {
  const { report, screen } = await answer("flood --tuples 200 --connections 5000 --rate 200/s --kernel 5.4");
  const { dropped, drop, full, peakCount } = report.table;
  assert.deepEqual([dropped.full, dropped.reopening, drop, full], [0, 270, 270, null]);
  assert.ok(peakCount! < 300);
  assert.doesNotMatch(screen, /table was full|live entries/);
  assert.match(screen, /270 SYNs were dropped that reopened a connection whose DESTROY had been refused\./);
});

test("entries that are expired and not yet removed are not called alive", async () => {
  const line = "flood --connections 1500 --rate 50/s --timeout tcp_time_wait=2s --nf-conntrack-max 500 --kernel 6.1";
  const { report, screen } = await answer(line);
  const { full, dropped } = report.table;
  assert.equal(Math.sign(dropped.full!), 1);
  assert.equal(Math.sign(full!.expired), 1);
  assert.match(
    screen,
    /When that began, it held [\d,]+ entr\w+ alive, [\d,]+ expired that the gc had not met yet and 0 on the dying list\./,
  );
});

test("a reader that lost four of five NEW did not keep up", async () => {
  const line =
    "flood --connections 2000 --kernel 5.0 --policy no-enobufs --protocol udp --rate 1M/s --buffer 208k --no-flush";
  const { screen, advice } = await answer(line);
  assert.doesNotMatch(screen, /kept up/);
  assert.match(screen, /80 % of NEW were lost\./);
  assert.equal(advice, "--policy reliable");
});

test("a rate that the machine did not make is said, asked and made", async () => {
  const { report, screen, quiet } = await answer("flood --rate 70k/s");
  const { askedRatePerSecond, achievedRatePerSecond } = report.load;
  assert.equal(askedRatePerSecond, 70_000);
  assert.ok(achievedRatePerSecond! < 20_000);
  const made = Math.round(achievedRatePerSecond!).toLocaleString("en-US");
  for (const text of [screen, quiet]) {
    assert.ok(
      text.includes(
        `70,000 connections per second were asked for; the one CPU that sends the packets made ${made} (--packet-cpus sets how many).`,
      ),
      text,
    );
  }
  assert.ok(screen.includes(`at 70,000/s asked, ${made}/s made`));
});

test("UPDATEs of a group that the listener did not join are not raised for it, and not lost", async () => {
  const ran = simulate(
    resolveScenario("flood", { connections: 500, flush: false, listeners: [{ groups: ["new", "destroy"] }] }),
  );
  const { raised, lost, notSubscribed } = ran.events.update;
  assert.deepEqual([raised, lost, notSubscribed], [0, 0, 3000]);
  assert.doesNotMatch(
    renderText(ran, { colour: false, width: 80, quiet: false, command: "", timeline: false }),
    /of UPDATE were lost/,
  );
});

describe("advice is a run that was made, and never what makes it worse:", () => {
  test("the smaller wait of 6.1 is a bigger buffer, and no other kernel", async () => {
    const { report, screen, advice } = await answer("flush --connections 5000 --kernel 6.1");
    assert.equal(advice, "--buffer 208k");
    const [effect] = report.advice![0]!.improves;
    const followed = await answer("flush --connections 5000 --kernel 6.1 --buffer 208k");
    assert.equal(effect!.before, report.dying.emptyAfterFlushSeconds);
    assert.equal(effect!.after, followed.report.dying.emptyAfterFlushSeconds);
    assert.match(screen, /Try --buffer 208k: the dying list is empty [\d.]+ m?s after the flush, in place of [\d.]+ s/);
  });

  test("no reader of 500 s, and none with the value that it has", async () => {
    for (const reader of ["500s", "100us", "1ms"]) {
      const { advice } = await answer(`flush --connections 300 --reader ${reader} --kernel 5.4`);
      assert.notEqual(advice, `--reader ${reader}`);
      assert.doesNotMatch(advice ?? "", /--reader \d+s/);
    }
  });

  test("after a limit that cut the flood, nothing but the limit", async () => {
    assert.match((await answer("flood --limit 10s --policy lossy")).advice!, /^--limit /);
  });

  test("a buffer within --buffer-max is not asked to be above it", async () => {
    const { advice } = await answer(
      "flood --connections 5000 --policy lossy --buffer 64k --buffer-max 128k --rate 5k/s",
    );
    assert.doesNotMatch(advice ?? "", /^--buffer \d/);
  });

  test("a reader of 20 µs that stalls gets a buffer, not a faster reader", async () => {
    const { advice } = await answer(
      "flood --connections 20000 --rate 5k/s --reader 20us --reader-stall 1s/10s --policy lossy --protocol udp --buffer 208k --no-flush --kernel 6.1",
    );
    assert.doesNotMatch(advice ?? "", /^--reader /);
  });

  test("where nothing was wrong there is none", async () => {
    const { report } = await answer("flush --connections 100 --buffer 208k --reader 1us");
    assert.deepEqual(report.advice, []);
  });
});
