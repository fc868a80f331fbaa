/**
 * The report that a person sees first: the setting, what became of the events, the dying list over time, the daemon's
 * verdict, a sentence that says what it means, advice where a run was made for it, the command that repeats it. It fits
 * a screen of 80 columns and bends down to 40. This file owns the order of the screen; its parts are in text/.
 */

import type { DeletesReport, QueueReport, Report } from "../report/report.js";
import { verdictText } from "./measured.js";
import type { RenderOptions } from "./renderer.js";
import { adviceTexts } from "./text/advice.js";
import { terminalCharts } from "./text/chart.js";
import { dumpsText, polledText, pollsOnly } from "./text/dumps.js";
import { endingOf } from "./text/endings.js";
import { rateMissed, some, unaskedGroups } from "./text/facts.js";
import { hiddenRulesText } from "./text/hidden-rules.js";
import { meaningOf, troublesOf } from "./text/meaning.js";
import { count, duration, percent, plural, size, UNKNOWN } from "./text/numbers.js";
import { field, hanging, LABEL_COLUMNS, legibleWidth, wrap } from "./text/paragraph.js";
import { programFacts } from "./text/program.js";
import { bufferOf, loadOf, policyOf, presetText, readerOf, titleOf } from "./text/setting.js";
import { dyingChart } from "./text/sparkline.js";
import { eventTable, listenerTable } from "./text/table.js";
import { type Paint, type Theme, themeOf } from "./text/theme.js";
import { whatIfLines } from "./text/what-if.js";

interface Screen {
  width: number;
  theme: Theme;
}

export function renderText(report: Report, options: RenderOptions): string {
  const screen: Screen = {
    width: legibleWidth(options.width),
    theme: themeOf(options.colour),
  };
  const blocks = options.quiet
    ? [verdict(report, screen)]
    : [
        warnings(report, screen),
        setting(report, screen),
        events(report, screen),
        measures(report, screen),
        listeners(report, screen),
        program(report, screen),
        expectations(report, screen),
        options.chart === undefined ? [] : terminalCharts(report, { width: screen.width, ...options.chart }),
        conclusion(report, screen),
        [screen.theme.aside("Repeat it with"), options.command],
        report.whatIf === undefined ? [] : whatIfLines(report.whatIf, screen.width, screen.theme),
      ];
  const filled = blocks.filter((block) => block.length > 0).map((block) => block.join("\n"));
  return `${filled.join("\n\n")}\n`;
}

/** `--quiet`: one line for a log, and a second one only when something is wrong beside the delivery. */
function verdict(report: Report, { width, theme }: Screen): string[] {
  const { daemon, events, expectations } = report;
  const { delivered, raised } = events.destroy;
  const share = percent(delivered, raised);
  const polled = pollsOnly(report) && daemon.dumps !== null ? polledText(daemon.dumps) : null;
  const begin = report.interrupted === true ? "interrupted — " : "";
  const { unread } = events.destroy;
  const arrived = `DESTROY ${count(delivered)} of ${count(raised)} delivered${share === "" ? "" : ` (${share})`}`;
  const line = `${begin}${syncOf(report)}; ${polled ?? `${arrived}${some(unread) ? `, ${count(unread)} unread` : ""}`}`;
  const failed = expectations.filter(({ ok }) => !ok);
  const ending = endingOf(report);
  const problems = [
    ...(ending === null ? [] : [ending]),
    ...rateSentence(report),
    ...troublesOf(report),
    ...(report.invariants.violated.length > 0 ? [`invariant violated: ${report.invariants.violated.join("; ")}`] : []),
    ...(failed.length > 0 ? [`failed: ${failed.map(verdictText).join("; ")}`] : []),
  ];
  return [
    ...painted(wrap(line, width), colourOf(report, theme)),
    ...problems.flatMap((problem) => painted(wrap(problem, width), theme.bad)),
  ];
}

function warnings(report: Report, { width, theme }: Screen): string[] {
  const { violated } = report.invariants;
  const lines: string[] = [];
  if (report.interrupted === true) {
    lines.push(...painted(wrap("interrupted — the summary so far", width), theme.warning));
  }
  for (const sentence of caveatsOf(report)) {
    lines.push(...painted(wrap(sentence, width), theme.warning));
  }
  if (violated.length > 0) {
    const rules = plural(violated.length, "rule", "rules");
    const begin = `INVARIANT VIOLATED: ${rules} of the model broke, a bug of ct-reliable and no finding about the kernel. Please report it with the command below.`;
    lines.push(...painted(wrap(begin, width), theme.bad));
    for (const rule of violated) lines.push(...painted(hanging("✗ ", rule, width), theme.bad));
  }
  return lines;
}

/** What the figures are not about: what was cut short, and a load that was not reached. */
export function caveatsOf(report: Report): string[] {
  const ending = endingOf(report);
  return [...(ending === null ? [] : [ending]), ...rateSentence(report)];
}

/** The load that was asked for is not the one that the figures are about. */
function rateSentence(report: Report): string[] {
  if (!rateMissed(report)) return [];
  const { askedRatePerSecond, achievedRatePerSecond } = report.load;
  const { cpus, packetCpus } = report.scenario;
  const sends =
    packetCpus === 1 ? "the one CPU that sends the packets" : `the ${packetCpus} CPUs that send the packets`;
  const who = report.backend === "live" ? "this machine" : sends;
  const more = report.backend === "live" || cpus === 1 ? "" : " (--packet-cpus sets how many)";
  return [
    `${count(askedRatePerSecond)} connections per second were asked for; ${who} made ${count(achievedRatePerSecond)}${more}. The figures are about those.`,
  ];
}

function setting(report: Report, { width, theme }: Screen): string[] {
  const fact = (label: string, text: string) => field(label, text, width, theme);
  const preset = presetText(report);
  return [
    ...painted(wrap(titleOf(report), width), theme.heading),
    ...fact("load", loadOf(report)),
    ...(preset === null ? [] : fact("preset", preset)),
    ...fact("buffer", bufferOf(report)),
    ...fact("reader", whoReads(report)),
    ...(report.program === null && !pollsOnly(report) ? fact("policy", policyOf(report)) : []),
  ];
}

function whoReads(report: Report): string {
  const { program, daemon } = report;
  if (program !== null) return `\`${program.command}\`, as fast as it is`;
  return daemon.conntrackd === undefined ? readerOf(report) : "conntrackd, as fast as it is";
}

function events(report: Report, { width, theme }: Screen): string[] {
  if (pollsOnly(report)) return [];
  const { new: created, update, destroy } = report.events;
  const unread = [created, update, destroy].some((counts) => some(counts.unread)) ? " + unread (in the socket)" : "";
  const identity =
    `raised = delivered${unread} + merged (inside a later message) + lost + pending (kept for a resend); ` +
    "refused: attempts that found no room";
  const others = [
    { name: "NEW", counts: created },
    { name: "UPDATE", counts: update },
    { name: "DESTROY", counts: destroy },
  ].filter(({ counts }) => some(counts.notSubscribed));
  const unasked = others.map(({ name, counts }) => `${count(counts.notSubscribed)} ${name}`).join(", ");
  return [
    ...eventTable(report, width, theme),
    ...painted(wrap(identity, width), theme.aside),
    ...(unasked === "" ? [] : painted(wrap(`not asked for by the listener: ${unasked}`, width), theme.aside)),
  ];
}

function measures(report: Report, { width, theme }: Screen): string[] {
  const paints: Readonly<Record<string, Paint | undefined>> = {
    table: report.table.drop + report.table.insertFailed > 0 ? theme.bad : undefined,
    daemon: colourOf(report, theme),
  };
  const chart = dyingChart(report, width - LABEL_COLUMNS);
  const margin = " ".repeat(LABEL_COLUMNS);
  return measuresOf(report).flatMap(([label, text]) => {
    const paint = paints[label];
    return [
      ...field(label, text, width, { label: theme.label, ...(paint === undefined ? {} : { text: paint }) }),
      ...(label === "dying list" && chart !== null
        ? [margin + theme.chart(chart.line), margin + theme.aside(chart.axis)]
        : []),
    ];
  });
}

/** What was measured, in words: labels and sentences. */
export function measuresOf(report: Report): [label: string, text: string][] {
  const { deletes, daemon } = report;
  const listens = !pollsOnly(report);
  const facts: (readonly [string, string] | null)[] = [
    ...kindsOf(report).map((text, index): [string, string] => [index === 0 ? "kinds" : "", text]),
    listens ? ["resends", resendsOf(report)] : null,
    listens ? ["latency", latencyOf(report)] : null,
    listens ? ["dying list", dyingOf(report)] : null,
    deletes === null ? null : ["deletes", deletesOf(deletes)],
    ["flush", flushOf(report)],
    ["table", tableOf(report)],
    listens ? ["socket", socketOf(report)] : null,
    daemon.queue === null ? null : ["queue", queueOf(daemon.queue)],
    daemon.dumps === null ? null : ["dumps", dumpsText(report, daemon.dumps)],
    ["daemon", daemonOf(report)],
  ];
  return facts.filter((fact) => fact !== null).map(([label, text]) => [label, text]);
}

/** Of several kinds of flow what came of each; nothing of the only one. */
function kindsOf({ classes }: Report): string[] {
  if (classes.length < 2) return [];
  return classes.map(({ name, openedConnections, events }) => {
    const opened = `${name}: ${plural(openedConnections, "connection", "connections")}`;
    if (events === null) return opened;
    const told = [
      ["NEW", events.new],
      ["UPDATE", events.update],
      ["DESTROY", events.destroy],
    ] as const;
    const delivered = told
      .filter(([, { raised }]) => some(raised))
      .map(([kind, counts]) => {
        const lost = some(counts.lost) ? ` (${count(counts.lost)} lost)` : "";
        return `${count(counts.delivered)} of ${count(counts.raised)} ${kind}${lost}`;
      });
    return delivered.length === 0 ? opened : `${opened}, ${delivered.join(", ")} delivered`;
  });
}

function resendsOf({ resends }: Report): string {
  if (resends.entries === null) return UNKNOWN;
  if (resends.entries === 0) return "none: no DESTROY had a second attempt";
  const { p50, p99, max } = resends.perEntry;
  return `${count(resends.total)} for ${plural(resends.entries, "entry", "entries")}; per entry p50 ${count(p50)}, p99 ${count(p99)}, max ${count(max)}`;
}

function latencyOf({ latency, events }: Report): string {
  if (events.destroy.delivered === 0) return `${UNKNOWN} (no DESTROY was delivered)`;
  const { p50Seconds, p99Seconds, maxSeconds } = latency.destroy;
  if (p50Seconds === null) return UNKNOWN;
  return `of DESTROY p50 ${duration(p50Seconds)}, p99 ${duration(p99Seconds)}, max ${duration(maxSeconds)}`;
}

function dyingOf({ dying, flush }: Report): string {
  if (dying.peak === null && dying.afterFlush === null) return UNKNOWN;
  if (dying.peak === 0) return "peak 0: no entry ever waited for a resend";
  const peak =
    dying.peak === null
      ? "unknown under load"
      : `peak ${count(dying.peak)} at ${duration(dying.peakAtSeconds)}; under load ${count(dying.peakDuringFlood)} (mean ${count(dying.meanDuringFlood)} entries)`;
  if (flush === null) return `${peak}; ${count(dying.final)} at the end`;
  if (dying.afterFlush === 0 && dying.final === 0) return `${peak}; none after the flush`;
  if (dying.afterFlush === null) return `${peak}; ${count(dying.final)} at the end`;
  const after = `${peak}; ${count(dying.afterFlush)} after the flush, `;
  if (dying.emptyAfterFlushSeconds === null) return `${after}never empty: ${count(dying.final)} at the end`;
  return `${after}empty in ${duration(dying.emptyAfterFlushSeconds)}`;
}

function flushOf({ flush }: Report): string {
  if (flush === null) return "none";
  return `${plural(flush.entries, "entry", "entries")} at ${duration(flush.atSeconds)}, took ${duration(flush.durationSeconds)} and ${plural(flush.attempts, "attempt", "attempts")}`;
}

function queueOf({ peakMessages, dropped, fullSeconds }: QueueReport): string {
  const full = fullSeconds > 0 ? `full for ${duration(fullSeconds)}` : "never full";
  const drops = dropped === 0 ? "" : `; ${plural(dropped, "message", "messages")} read and dropped`;
  return `peak ${plural(peakMessages, "message", "messages")}, ${full}${drops}`;
}

function deletesOf(deletes: DeletesReport): string {
  const { entries, atSeconds, durationSeconds, attempts, deliveredAtOnce, dyingAfter, absent } = deletes;
  const dying = some(dyingAfter) ? `, ${count(dyingAfter)} on the dying list after it` : "";
  const late = some(absent) ? `; ${count(absent)} more came too late` : "";
  return `${plural(entries, "entry", "entries")} one by one from ${duration(atSeconds)} on, took ${duration(durationSeconds)} and ${plural(attempts, "attempt", "attempts")}; ${count(deliveredAtOnce)} DESTROY delivered at once${dying}${late}`;
}

function tableOf({ table }: Report): string {
  const { dropped, drop, earlyDrop, expired } = table;
  const reasons = [
    { packets: dropped.full, why: "because it was full" },
    { packets: dropped.reopening, why: "because they reopened a connection whose DESTROY had been refused" },
    { packets: dropped.insertion, why: "because the entry could not be inserted (insert_failed)" },
  ].filter(({ packets }) => some(packets));
  const drops =
    dropped.full === null
      ? [`${plural(drop, "packet", "packets")} dropped (the kernel's counter drop)`]
      : reasons.length === 0
        ? ["no packet dropped"]
        : [];
  return [
    `peak ${count(table.peakCount)} of ${count(table.max)}`,
    ...drops,
    ...reasons.map(({ packets, why }) => `${plural(packets, "packet", "packets")} dropped ${why}`),
    ...(earlyDrop > 0 ? [`${plural(earlyDrop, "entry", "entries")} evicted to make room (early_drop)`] : []),
    ...(some(table.active) ? [`${count(table.active)} alive at the end`] : []),
    ...(some(expired.final) ? [`${count(expired.final)} of them expired and not removed yet`] : []),
  ].join("; ");
}

function socketOf({ socket }: Report): string {
  const { drops, enobufs, congestions } = socket;
  return (
    `peak ${size(socket.peakRmemBytes)} queued; ${plural(drops, "drop", "drops")} (messages refused), ` +
    `${count(enobufs)} ENOBUFS (errors that told the reader), congested (shut until empty) ${plural(congestions, "time", "times")}`
  );
}

/** Null: it can be in sync. */
function followsNone(report: Pick<Report, "scenario">): string | null {
  const names = unaskedGroups(report).map((group) => `no ${group.toUpperCase()}`);
  return names.length === 0 ? null : `does not know which entries live: it asked for ${names.join(" and ")}`;
}

function colourOf(report: Report, theme: Theme): Paint | undefined {
  if (followsNone(report) !== null) return undefined;
  return report.daemon.inSync ? theme.good : theme.bad;
}

function syncOf(report: Pick<Report, "daemon" | "scenario">): string {
  const { daemon } = report;
  const blind = followsNone(report);
  if (blind !== null) return blind;
  if (daemon.inSync === null) return "whether in sync is not known";
  if (daemon.inSync) return "in sync";
  return `out of sync: ${count(daemon.stale)} stale, ${count(daemon.missing)} missing`;
}

/** The verdict with its words explained, and of the rest what is not as it should be. */
function daemonOf(report: Report): string {
  const { daemon } = report;
  const after = daemon.inSyncAfterFlushSeconds;
  const { stale, missing } = daemon;
  if (daemon.inSync === null && daemon.conntrackd === undefined) return syncOf(report);
  const blind = followsNone(report);
  const verdict =
    blind ??
    (daemon.inSync
      ? `in sync${after === null ? "" : ` ${duration(after)} after the flush`}`
      : `out of sync: ${count(stale)} stale${some(stale) ? " (dead, but believed alive)" : ""}, ` +
        `${count(missing)} missing${some(missing) ? " (alive, but unknown)" : ""}`);
  const blemishes = [
    { figure: daemon.enobufs, name: "ENOBUFS" },
    { figure: daemon.resyncs, name: "resyncs" },
    { figure: daemon.duplicates, name: "duplicates" },
    { figure: daemon.reordered, name: "reordered" },
    { figure: daemon.newAfterDestroy, name: "NEW read when the entry had ended" },
  ].filter(({ figure }) => some(figure));
  const { conntrackd } = daemon;
  const own =
    conntrackd === undefined
      ? []
      : [`conntrackd counts ${count(conntrackd.created)} created and ${count(conntrackd.destroyed)} destroyed`];
  return [verdict, ...blemishes.map(({ figure, name }) => `${name} ${count(figure)}`), ...own].join("; ");
}

function listeners(report: Report, { width, theme }: Screen): string[] {
  return report.otherListeners.length === 0 ? [] : listenerTable(report, width, theme);
}

function program(report: Report, { width, theme }: Screen): string[] {
  return programFacts(report).flatMap(([label, text]) => field(label, text, width, theme));
}

function expectations(report: Report, { width, theme }: Screen): string[] {
  return report.expectations.flatMap((expectation) =>
    painted(
      hanging(expectation.ok ? "✓ " : "✗ ", verdictText(expectation), width),
      expectation.ok ? theme.good : theme.bad,
    ),
  );
}

function conclusion(report: Report, { width, theme }: Screen): string[] {
  const advice = adviceTexts(report).flatMap((sentence, index) =>
    wrap(sentence, width).map((line) =>
      line.replace(report.advice![index]?.flags ?? "--what-if", (found) => theme.flag(found)),
    ),
  );
  const hidden = hiddenRulesText(report);
  const doubt = hidden === "" ? [] : ["", ...wrap(hidden, width)];
  return [...painted(wrap(meaningOf(report), width), theme.heading), ...advice, ...doubt];
}

function painted(lines: readonly string[], paint: Paint | undefined): string[] {
  return paint === undefined ? [...lines] : lines.map((line) => paint(line));
}
