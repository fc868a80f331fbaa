/**
 * Every sentence of the text against the figures of the JSON, for random scenarios: an independent reader takes both as
 * a user gets them. It shares no code with the renderers. A sentence that it does not know fails the test, so that a
 * new one is given its rule here.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { renderJson } from "../../src/render/json.js";
import { renderText } from "../../src/render/text.js";
import type { Report } from "../../src/report/report.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { adviceOn } from "../../src/study/advice.js";
import { scenarios } from "./scenarios.js";

const COMMAND = "ct-reliable again";
const options = { colour: false, width: 80, command: COMMAND, timeline: false };

// What a person reads back from a figure. A rounded one has three digits.
const whole = (text: string): number => Number(text.replaceAll(",", ""));
const UNITS: Readonly<Record<string, number>> = { ns: 1e-9, µs: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600 };
const secondsOf = (text: string): number =>
  [...text.matchAll(/([\d.,]+) (ns|µs|ms|s|min|h)\b/g)].reduce(
    (sum, [, figure, unit]) => sum + whole(figure!) * UNITS[unit!]!,
    0,
  );
const parseDuration = (text: string): number =>
  [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, figure, unit]) => sum + Number(figure) * ({ s: 1, m: 60, h: 3600, d: 86_400 } as const)[unit as "s"],
    0,
  );
const near = (text: string, figure: number | null, read = secondsOf): void => {
  assert.ok(figure !== null, `expected a figure for ${text}, got none`);
  assert.ok(
    Math.abs(read(text) - figure) <= 0.006 * figure + 1e-9 || Math.abs(read(text) - figure) < 1,
    `${text}: ${figure}`,
  );
};
const same = (text: string | undefined, figure: number | null): void => assert.equal(whole(text ?? "0"), figure);
const share = (text: string, part: number | null, all: number | null): void => {
  assert.ok(part !== null && all !== null);
  const percent = (100 * part) / all;
  if (text === "none") assert.ok(all === 0);
  else if (text.startsWith("<0.1")) assert.ok(percent > 0 && percent < 0.1);
  else if (text.startsWith(">99.9")) assert.ok(percent > 99.9 && percent < 100);
  else assert.ok(Math.abs(Number(text.replace(/ %$/, "")) - percent) <= 0.051, `${text}: ${percent}`);
  if (text === "100 %") assert.equal(part, all);
  if (text === "0 %") assert.equal(part, 0);
};

const N = "([\\d,]+)";
const T = "((?:[\\d.,]+ (?:ns|µs|ms|s|min|h) ?)+)";
const P = "([<>]?[\\d.]+ %|none)";

type Rule = readonly [sentence: RegExp, holds: (found: readonly string[], report: Report) => void];
const rule = (pattern: string, holds: Rule[1]): Rule => [new RegExp(`^${pattern}$`), holds];
const reliable = ({ scenario }: Report): boolean =>
  ["reliable", "broadcast-error"].includes(scenario.listeners[0]!.policy);
const noneReliable = ({ scenario }: Report): boolean =>
  scenario.listeners.every(({ policy }) => policy === "lossy" || policy === "no-enobufs");
const cutBy = (word: string, report: Report): void => {
  if (word === "interruption") assert.equal(report.ended, "interrupted");
  else {
    assert.equal(report.ended, "limit");
    near(word, report.scenario.limitSeconds);
    assert.ok(report.endedAtSeconds >= report.scenario.limitSeconds - 1e-9);
  }
};
const everyDestroy = ({ events: { destroy } }: Report): void => {
  assert.ok(destroy.raised! > 0);
  assert.equal(destroy.delivered, destroy.raised);
  assert.equal(destroy.unread, 0);
};
const BY = `The (?:limit of ${T}|(interruption))`;

/** What the sentences at the top and at the bottom may be, and what must then be so. */
const RULES: readonly Rule[] = [
  rule("The reader stopped (at its first ENOBUFS|at the flush) and read nothing after that\\.", ([when], report) => {
    const listener = report.scenario.listeners[0]!;
    if (when === "at the flush") assert.equal(listener.heldAfterFlushNanoseconds, null);
    else assert.ok(listener.stopsAtEnobufs && report.daemon.enobufs! > 0);
  }),
  rule(
    `The conntrack -F at the end destroyed ${N} entr(?:y|ies) at once; --no-flush asks about the load alone\\.`,
    ([n], { scenario, flush, events }) => {
      assert.deepEqual([scenario.experiment, scenario.flush], ["flood", true]);
      same(n, flush!.entries);
      assert.ok(events.destroy.lost! > 0);
    },
  ),
  rule("Every NEW arrived\\.", (_, { events }) => {
    assert.ok(events.new.raised! > 0);
    assert.equal(events.new.delivered, events.new.raised);
  }),
  rule(`${P} of DESTROY never arrived\\.`, ([lost], { events: { destroy } }) => {
    assert.ok(destroy.lost! > 0);
    share(lost!, destroy.lost, destroy.raised);
  }),
  rule(
    `${N} (?:entry was|entries were) evicted from the full table to make room \\(early_drop\\)\\.`,
    ([n], { table }) => same(n, table.earlyDrop),
  ),
  rule("No connection was asked for, so there was no event to deliver\\.", (_, { scenario, table }) =>
    assert.deepEqual([scenario.connections, table.created], [0, 0]),
  ),
  rule("No connection was tracked before the run ended, so there was no event to deliver\\.", (_, { table }) =>
    assert.equal(table.created, 0),
  ),
  rule(`The table was full: ${N} packets? (?:was|were) dropped\\.`, ([n], { table }) => {
    same(n, table.dropped.full);
    assert.ok(table.dropped.full! > 0 && table.dropped.full! <= table.drop);
  }),
  rule(
    `When that began, it held ${N} entr(?:y|ies) alive(?:, ${N} expired that the gc had not met yet)? and ${N} on the dying list\\.`,
    ([alive, expired, dying], { table: { full, max, peakCount } }) => {
      same(alive, full!.alive);
      same(expired, full!.expired);
      same(dying, full!.dying);
      // Some releases do not count what could not be delivered as taking room when early_drop looks.
      assert.ok(full!.alive + full!.expired + full!.dying <= Math.max(max, peakCount!));
    },
  ),
  rule(
    `The reader stopped (at its first ENOBUFS|at the flush), and ${N} entr(?:y waits|ies wait) on the dying list for as long as its socket stays open\\.`,
    ([when, n], report) => {
      const listener = report.scenario.listeners[0]!;
      same(n, report.dying.final);
      assert.ok(reliable(report));
      if (when === "at the flush") assert.equal(listener.heldAfterFlushNanoseconds, null);
      else assert.ok(listener.stopsAtEnobufs && report.daemon.enobufs! > 0);
    },
  ),
  rule(
    `When the run ended, ${P} of DESTROY had arrived and ${N} entr(?:y was|ies were) still on the dying list\\.`,
    ([part, n], { events, dying }) => {
      share(part!, events.destroy.delivered, events.destroy.raised);
      same(n, dying.final);
    },
  ),
  rule(`${N} DESTROY (?:is|are) lost\\.`, ([n], { events }) => same(n, events.destroy.lost)),
  rule(
    "The reader closed its socket, and what it did not have then is not sent again\\.",
    (_, { scenario, flush, endedAtSeconds }) => {
      const after = scenario.listeners[0]!.closesAfterFlushNanoseconds!;
      assert.ok(flush!.atSeconds + after / 1e9 <= endedAtSeconds);
    },
  ),
  rule(`${P} of DESTROY never arrived although the listener asked for reliable delivery\\.`, ([part], report) => {
    share(part!, report.events.destroy.lost, report.events.destroy.raised);
    assert.ok(reliable(report) && report.events.destroy.lost! > 0);
  }),
  rule(
    `${P} of DESTROY never arrived and the daemon still believes in ${N} dead entr(?:y|ies)\\.`,
    ([part, n], { events, daemon }) => {
      share(part!, events.destroy.lost, events.destroy.raised);
      same(n, daemon.stale);
    },
  ),
  rule(
    `${P} of DESTROY never arrived; the daemon asked for the whole table ${N} times? and believes in no dead entry\\.`,
    ([part, n], { events, daemon }) => {
      share(part!, events.destroy.lost, events.destroy.raised);
      same(n, daemon.resyncs);
      assert.equal(daemon.stale, 0);
    },
  ),
  rule(
    `${P} of DESTROY never arrived, though the daemon believes in no dead entry\\.`,
    ([part], { events, daemon, scenario }) => {
      share(part!, events.destroy.lost, events.destroy.raised);
      assert.deepEqual([daemon.stale, daemon.resyncs], [0, 0]);
      const { groups, poll, resyncAfterNanoseconds } = scenario.listeners[0]!;
      assert.ok(groups.includes("new") || poll !== null || resyncAfterNanoseconds !== null);
    },
  ),
  rule("The listener did not ask for DESTROY, so none was sent to it\\.", (_, { scenario, daemon, events }) => {
    assert.ok(!scenario.listeners[0]!.groups.includes("destroy"));
    assert.deepEqual([daemon.received.destroy, events.destroy.raised, events.destroy.delivered], [0, 0, 0]);
  }),
  rule(
    `${N} entr(?:y|ies) died, and no DESTROY was raised for any of them(: net\\.netfilter\\.nf_conntrack_events is 0)?\\.`,
    ([n, off], { table, events, scenario }) => {
      same(n, table.destroyed);
      assert.equal(events.destroy.raised, 0);
      assert.equal(off !== undefined, scenario.nfConntrackEvents === 0);
    },
  ),
  rule(
    `That is a load of ${T}; one that goes on has more entries at once(?: and larger bursts of DESTROY)?: ask with --duration (\\S+) or more\\.`,
    ([lasts, wanted], { scenario, flush, load }) => {
      assert.equal(flush, null);
      assert.equal(load.ended, "done");
      const asked = scenario.connections / scenario.ratePerSecond!;
      near(lasts!, asked);
      assert.ok(parseDuration(wanted!) > asked);
    },
  ),
  rule(`About ${N} live at once then, more than nf_conntrack_max\\.`, ([entries], { scenario }) => {
    assert.ok(whole(entries!) > scenario.nfConntrackMax);
    const longest = Math.max(...Object.values(scenario.timeoutsSeconds)) + 1;
    assert.ok(whole(entries!) <= 1.05 * scenario.ratePerSecond! * longest + 1);
  }),
  rule(
    `No entry died: ${N} (?:is|are) still alive at the end, so no DESTROY was put to the test\\.`,
    ([n], { table, dying, events }) => {
      same(n, table.active);
      assert.deepEqual([table.created, events.destroy.raised, dying.final], [table.active, 0, 0]);
    },
  ),
  rule(
    `${N} of ${N} DESTROY arrived; ${N} (?:was|were) in the socket and never read\\.`,
    ([arrived, raised, unread], { events }) => {
      same(arrived, events.destroy.delivered);
      same(raised, events.destroy.raised);
      same(unread, events.destroy.unread);
    },
  ),
  rule(`${P} of DESTROY arrived before the run ended\\.`, ([part], { events }) => {
    share(part!, events.destroy.delivered, events.destroy.raised);
    assert.ok(events.destroy.delivered! < events.destroy.raised!);
  }),
  rule("Every DESTROY arrived at the first attempt, and no entry ever waited on the dying list\\.", (_, report) => {
    everyDestroy(report);
    assert.deepEqual([report.resends.entries, report.dying.peak, report.dying.final], [0, 0, 0]);
  }),
  rule("Every DESTROY arrived: nothing was refused\\.", (_, report) => {
    everyDestroy(report);
    assert.equal(report.socket.drops, 0);
  }),
  rule("With this policy, what is refused is lost\\.", (_, report) => assert.ok(noneReliable(report))),
  rule("Every DESTROY arrived, but no refused one would have been sent again\\.", (_, report) => {
    everyDestroy(report);
    assert.ok(noneReliable(report));
  }),
  rule(
    `Every DESTROY arrived: (none|${N}) of them needed a resend, and (nothing is left on the dying list|the flush left nothing on the dying list|the dying list was empty ${T} after the flush)(?:; (?:under load at most|even under load up to) ${N} of ${N} waited)?\\.`,
    ([needed, , rest, empty, waited, created], report) => {
      everyDestroy(report);
      const { resends, dying, table } = report;
      assert.equal(needed === "none" ? 0 : whole(needed!), resends.entries);
      if (rest!.startsWith("nothing")) assert.equal(dying.final, 0);
      if (rest!.startsWith("the flush")) assert.equal(dying.afterFlush, 0);
      if (empty !== undefined) near(empty, dying.emptyAfterFlushSeconds);
      if (waited === undefined) assert.equal(dying.peakDuringFlood, 0);
      else {
        same(waited, dying.peakDuringFlood);
        same(created, table.created);
      }
    },
  ),
  rule(
    `${N} SYNs? (?:was|were) dropped that reopened a connection whose DESTROY had been refused\\.`,
    ([n], { table, scenario }) => {
      same(n, table.dropped.reopening);
      assert.equal(scenario.protocol, "tcp");
    },
  ),
  rule(
    `${N} packets? (?:was|were) dropped because the entry could not be inserted \\(insert_failed\\)\\.`,
    ([n], { table }) => same(n, table.insertFailed),
  ),
  rule(`The daemon does not know ${N} entr(?:y that is|ies that are) alive\\.`, ([n], { daemon }) =>
    same(n, daemon.missing),
  ),
  rule(`(?:${P} of NEW)?(?: and )?(?:${P} of UPDATE)? were lost\\.`, ([created, update], { events }) => {
    if (created === undefined) assert.equal(events.new.lost, 0);
    else share(created, events.new.lost, events.new.raised);
    if (update === undefined) assert.equal(events.update.lost, 0);
    else share(update, events.update.lost, events.update.raised);
  }),
  rule(`${N} NEW (?:or UPDATE was|and UPDATE were) in the socket and never read\\.`, ([n], { events }) =>
    same(n, events.new.unread! + events.update.unread!),
  ),
  rule(
    `${N} NEW (?:or|and) UPDATE went inside a later message(?:: of NEW ${P} in the DESTROY)?\\.`,
    ([n, part], { events }) => {
      same(n, events.new.merged! + events.update.merged!);
      assert.equal(part !== undefined, events.new.merged! > 0);
      if (part !== undefined) share(part, events.new.merged, events.new.raised);
    },
  ),
  rule(
    `${BY} ended the flood: ${N} of ${N} connections? were opened(; there was no flush)?\\.`,
    ([limit, signal, opened, asked, none], report) => {
      cutBy(signal ?? limit!, report);
      same(opened, report.load.openedConnections);
      same(asked, report.scenario.connections);
      assert.equal(report.load.ended, "limit");
      assert.equal(none !== undefined, report.scenario.flush);
      assert.equal(report.flush, null);
    },
  ),
  rule(`${BY} came before the flush: there was none\\.`, ([limit, signal], report) => {
    cutBy(signal ?? limit!, report);
    assert.deepEqual([report.load.ended, report.flush, report.scenario.flush], ["done", null, true]);
  }),
  rule(`${BY} ended the flush: it had deleted ${N} entr(?:y|ies)\\.`, ([limit, signal, n], report) => {
    cutBy(signal ?? limit!, report);
    same(n, report.flush!.entries);
    assert.equal(report.flush!.ended, "limit");
  }),
  rule(
    `${BY} came before the second flood: none of its ${N} connections? was opened\\.`,
    ([limit, signal, n], report) => {
      cutBy(signal ?? limit!, report);
      same(n, report.scenario.secondFlood!.connections);
      assert.equal(report.load.secondFlood!.openedConnections, 0);
    },
  ),
  rule(
    `${BY} ended the second flood: ${N} of ${N} connections? were opened\\.`,
    ([limit, signal, opened, asked], report) => {
      cutBy(signal ?? limit!, report);
      same(opened, report.load.secondFlood!.openedConnections);
      same(asked, report.scenario.secondFlood!.connections);
    },
  ),
  rule(
    `${BY} ended the run with (?:${N} entr(?:y|ies) alive)?(?: and )?(?:${N} on the dying list)?(?: and )?(?:${N} events? unread)?(a reader that was not done)?\\.`,
    ([limit, signal, alive, dying, unread], report) => {
      cutBy(signal ?? limit!, report);
      const { events } = report;
      same(alive, report.table.active);
      same(dying, report.dying.final);
      same(unread, events.new.unread! + events.update.unread! + events.destroy.unread!);
    },
  ),
  rule(
    `([\\d,.]+) connections per second were asked for; the (?:one CPU that sends|(\\d+) CPUs that send) the packets made ([\\d,.]+)(?: \\(--packet-cpus sets how many\\))?\\.`,
    ([asked, cpus, made], { load, scenario }) => {
      assert.equal(Number(cpus ?? 1), scenario.packetCpus);
      near(asked!, load.askedRatePerSecond, whole);
      near(made!, load.achievedRatePerSecond, whole);
      assert.ok(load.achievedRatePerSecond! < 0.98 * load.askedRatePerSecond!);
    },
  ),
  rule("The figures are about those\\.", () => {}),
];

function check(sentence: string, report: Report): void {
  const [found] = RULES.flatMap(([pattern, holds]) => {
    const match = pattern.exec(sentence);
    return match === null ? [] : [{ match, holds }];
  });
  assert.ok(found !== undefined, `expected a sentence with a rule, got "${sentence}"`);
  try {
    found.holds([...found.match].slice(1), report);
  } catch (error) {
    throw new Error(`"${sentence}": ${(error as Error).message}`);
  }
}

/** A full stop, a space, and what begins a sentence. */
const sentencesOf = (block: string): string[] => block.split(/(?<=\.) (?=[A-Z0-9<>])/);
const blocksOf = (text: string): string[] => text.split("\n\n").map((block) => block.replace(/\s+/g, " ").trim());
/** The text of a fact: from its label to the next one. */
const factOf = (block: string, label: string, next: string): string =>
  new RegExp(`(?:^| )${label} (.*?)(?: ${next} |$)`).exec(block)![1]!;

function checkScreen(report: Report): void {
  const blocks = blocksOf(renderText(report, { ...options, quiet: false }));
  const title = blocks.findIndex((block) => block.startsWith("ct-reliable "));
  for (const block of blocks.slice(0, title)) for (const sentence of sentencesOf(block)) check(sentence, report);
  const conclusion = blocks.at(-2)!;
  const [meaning, advice] = conclusion.split(/ (?=Try --)/);
  for (const sentence of sentencesOf(meaning!)) check(sentence, report);
  assert.equal(advice !== undefined, (report.advice ?? []).length > 0);
  checkLoad(factOf(blocks[title]!, "load", "buffer"), report);
  const measures = blocks.find((block) => block.startsWith("resends "))!;
  checkDaemon(factOf(measures, "daemon", "$"), report);
  checkTable(factOf(measures, "table", "socket"), report);
  // Whatever began early to end is said before anything else, and all is well where nothing is said.
  assert.equal(
    blocks.slice(0, title).some((block) => /^The (limit|interruption)/.test(block)),
    report.ended !== "settled",
  );
}

function checkLoad(text: string, { scenario, load, events }: Report): void {
  const [, connections, packets] = new RegExp(`^${N} \\S+ (?:\\(IPv6\\) )?connections? of ${N} packets? `).exec(text)!;
  same(connections, scenario.connections);
  same(packets, scenario.packets);
  const asked = / at ([\d,.]+)\/s/.exec(text)?.[1];
  assert.equal(asked === undefined, scenario.ratePerSecond === null);
  const made = /(?:asked, |makes them: )([\d,.]+)\/s/.exec(text)?.[1];
  if (made !== undefined) near(made, load.achievedRatePerSecond, whole);
  else if (asked !== undefined && load.achievedRatePerSecond !== null) {
    assert.ok(Math.abs(load.achievedRatePerSecond - scenario.ratePerSecond!) <= 0.02 * scenario.ratePerSecond! + 1e-9);
  }
  assert.equal(/conntrack -F/.test(text), scenario.flush);
  assert.ok(events.new.raised !== null);
}

/** Of what it did not ask for it says that, and nothing of being in sync; a dump tells it all. */
function checkUnasked(text: string, { scenario }: Report): boolean {
  const [, one, other] =
    /^does not know which entries live: it asked for no (NEW|DESTROY)(?: and no (DESTROY))?/.exec(text) ?? [];
  const { groups, poll, resyncAfterNanoseconds } = scenario.listeners[0]!;
  const isTold = poll !== null || resyncAfterNanoseconds !== null;
  assert.equal(one === "NEW", !isTold && !groups.includes("new"));
  assert.equal(one === "DESTROY" || other === "DESTROY", !isTold && !groups.includes("destroy"));
  return one !== undefined;
}

function checkDaemon(text: string, report: Report): void {
  const { daemon } = report;
  if (!checkUnasked(text, report)) {
    assert.equal(text.startsWith("in sync"), daemon.inSync);
    const after = new RegExp(`^in sync ${T}after the flush`).exec(text)?.[1];
    if (after !== undefined) near(after, daemon.inSyncAfterFlushSeconds);
    const [, stale, missing] = new RegExp(`${N} stale.*? ${N} missing`).exec(text) ?? ["", "0", "0"];
    same(stale, daemon.stale);
    same(missing, daemon.missing);
  }
  for (const [word, figure] of [
    ["ENOBUFS", daemon.enobufs],
    ["resyncs", daemon.resyncs],
    ["duplicates", daemon.duplicates],
    ["reordered", daemon.reordered],
  ] as const) {
    same(new RegExp(`; ${word} ${N}`).exec(text)?.[1], figure);
  }
}

function checkTable(text: string, { table, socket }: Report): void {
  const of = (words: string): string | undefined => new RegExp(`${N} ${words}`).exec(text)?.[1];
  same(of("packets? dropped because it was full"), table.dropped.full);
  same(of("packets? dropped because they reopened"), table.dropped.reopening);
  same(of("packets? dropped because the entry could not be inserted"), table.insertFailed);
  same(of("alive at the end"), table.active);
  same(of("of them expired and not removed yet"), table.expired.final);
  assert.equal(/no packet dropped/.test(text), table.drop + table.insertFailed === 0);
  assert.ok(socket.drops >= 0);
}

function checkQuiet(report: Report): void {
  const line = renderText(report, { ...options, quiet: true })
    .trimEnd()
    .replace(/\n/g, " ");
  const found = new RegExp(
    `^(in sync|out of sync: ${N} stale, ${N} missing|does not know [^;]*); DESTROY ${N} of ${N} delivered(?: \\(${P}\\))?(?:, ${N} unread)?(?: (.*))?$`,
  ).exec(line);
  assert.ok(found, line);
  const [, verdict, stale, missing, delivered, raised, part, unread, more = ""] = found;
  const rest = more === "" ? [] : sentencesOf(more);
  // A clean line is one about a run in which nothing else went wrong.
  const { table, daemon: reader } = report;
  const silent = report.scenario.nfConntrackEvents === 0 ? table.destroyed : 0;
  const wrong = [
    silent,
    table.drop,
    table.insertFailed,
    table.earlyDrop,
    reader.queue?.dropped,
    report.events.new.lost,
  ];
  if (wrong.some((figure) => (figure ?? 0) > 0)) assert.ok(rest.length > 0, line);
  const { daemon, events } = report;
  if (!checkUnasked(line!, report)) {
    assert.equal(verdict === "in sync", daemon.inSync);
    same(stale, daemon.stale);
    same(missing, daemon.missing);
  }
  same(delivered, events.destroy.delivered);
  same(raised, events.destroy.raised);
  same(unread, events.destroy.unread);
  if (part !== undefined) share(part, events.destroy.delivered, events.destroy.raised);
  for (const sentence of rest) check(sentence, report);
  assert.equal(
    rest.some((sentence) => /^The (limit|interruption)/.test(sentence)),
    report.ended !== "settled",
  );
}

/** As a program reads it. */
const jsonOf = (report: Report): Report => JSON.parse(renderJson(report)) as Report;

test("every sentence of the text says what the JSON says", () => {
  fc.assert(
    fc.property(scenarios, (scenario: Scenario) => {
      const report = jsonOf(simulate(scenario));
      checkScreen(report);
      checkQuiet(report);
    }),
    { numRuns: 400, seed: 7 },
  );
});

test("advice says what the JSON says", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const ran = simulate(scenario);
      const report = jsonOf({ ...ran, advice: await adviceOn(ran) });
      const text = blocksOf(renderText(report, { ...options, quiet: false })).at(-2)!;
      const [advice] = report.advice!;
      if (advice === undefined) return assert.doesNotMatch(text, /Try --/);
      const said = text.slice(text.indexOf(`Try ${advice.flags}: `) + `Try ${advice.flags}: `.length);
      const [gains, costs] = said.split(" Its cost: ");
      assert.equal(gains!.replace(/\.$/, "").split("; ").length, Math.min(2, advice.improves.length));
      assert.equal(costs?.replace(/\.$/, "").split("; ").length ?? 0, advice.costs.length);
      for (const { before, after, figure } of advice.improves.slice(0, 2)) {
        if (figure === "cut") continue;
        assert.ok(before === null || after! < before);
        if (figure === "drainSeconds") near(new RegExp(`empty ${T}after the flush`).exec(gains!)![1]!, after);
        else if (after !== 0) assert.ok(gains!.includes(after!.toLocaleString("en-US")), `${gains} lacks ${after}`);
      }
    }),
    { numRuns: 60, seed: 8 },
  );
});
