/**
 * A survey of a host, as text and JSON: kernel and table, a block for each listener with what a flush would do to it,
 * what the simulations took for granted and what could not be read; and the rows of a watch, one below the other, so
 * that they read the same on a terminal and in a file.
 */
import type { HostFacts, HostListener, HostReport, HostSample, HostVerdict } from "../report/host.js";
import type { TimeoutKey } from "../scenario/scenario.js";
import { formatSeconds } from "../scenario/units.js";
import { count, duration, percent, plural, size, UNKNOWN } from "./text/numbers.js";
import { field, hanging, legibleWidth, wrap } from "./text/paragraph.js";
import { type Theme, themeOf } from "./text/theme.js";

interface HostRenderOptions {
  format: "text" | "json";
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
  /** Of the release that the kernel is modelled as. */
  standardTimeouts: Partial<Record<TimeoutKey, number>>;
}

export function renderHost(report: HostReport, options: HostRenderOptions): string {
  if (options.format === "json") return `${JSON.stringify(report, null, 2)}\n`;
  const { facts, verdicts, assumed } = report;
  const theme = themeOf(options.colour);
  const columns = legibleWidth(options.width);
  const fields = (rows: readonly Row[]): string[] =>
    rows.flatMap(([label, fact]) => field(label, fact, columns, theme));
  const { release, modelledAs, note } = facts.kernel;
  const title =
    modelledAs === null
      ? `Linux ${release}, which the model does not know`
      : `Linux ${release}, modelled as release ${modelledAs}`;
  const blocks = [
    [...wrap(title, columns).map((line) => theme.heading(line)), ...(note === null ? [] : wrap(note, columns))],
    fields(settingsOf(facts, options.standardTimeouts)),
    wrap(listenersTitle(facts), columns).map((line) => theme.heading(line)),
    ...facts.listeners.map((listener, index) => listenerBlock(listener, verdicts[index]!, { fields, columns, theme })),
    titled("Assumed", assumed, columns, theme),
    titled("Not read", facts.unread, columns, theme),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

type Row = readonly [label: string, fact: string];

function titled(title: string, sentences: readonly string[], columns: number, theme: Theme): string[] {
  if (sentences.length === 0) return [];
  return [theme.aside(title), ...sentences.flatMap((sentence) => hanging("- ", sentence, columns))];
}

const EVENTS = ["no event of any flow", "events of all flows", "of flows that are made while a program listens"];

function settingsOf(facts: HostFacts, standard: Partial<Record<TimeoutKey, number>>): Row[] {
  const { namespace, rmemDefaultBytes, rmemMaxBytes, table } = facts;
  const rows: Row[] = [["namespace", `${namespace ?? UNKNOWN}, of this process; others are not seen`]];
  if (table !== null) {
    const { events, counters } = table;
    const limit = table.max === 0 ? "no limit" : `${count(table.max)} at most`;
    const share = percent(table.count, table.max);
    rows.push(
      [
        "table",
        `${plural(table.count, "entry", "entries")}, ${limit}${share === "" ? "" : ` (${share})`}, ${count(table.buckets)} buckets`,
      ],
      [
        "events",
        events === null
          ? "this build has no nf_conntrack_events"
          : `nf_conntrack_events ${events}: ${EVENTS[events] ?? UNKNOWN}`,
      ],
      ["options", `nf_conntrack_acct ${onOff(table.acct)}, nf_conntrack_timestamp ${onOff(table.timestamp)}`],
      ["timeouts", timeoutsOf(table.timeoutsSeconds, standard)],
    );
    if (counters !== null) {
      rows.push([
        "since boot",
        `drop ${count(counters.drop)}, early_drop ${count(counters.earlyDrop)}, insert_failed ${count(counters.insertFailed)}`,
      ]);
    }
  }
  rows.push(["buffers", `rmem_default ${size(rmemDefaultBytes)}, rmem_max ${size(rmemMaxBytes)}`]);
  return rows;
}

function timeoutsOf(own: Partial<Record<TimeoutKey, number>>, standard: Partial<Record<TimeoutKey, number>>): string {
  const changed = (Object.entries(own) as [TimeoutKey, number][]).filter(
    ([key, seconds]) => standard[key] !== undefined && standard[key] !== seconds,
  );
  if (Object.keys(standard).length === 0) return "not compared, since the release is not known";
  if (changed.length === 0) return "those of the release";
  return changed
    .map(([key, seconds]) => `${key} ${formatSeconds(seconds)} (the release: ${formatSeconds(standard[key]!)})`)
    .join(", ");
}

function onOff(value: boolean | null): string {
  return value === null ? UNKNOWN : value ? "on" : "off";
}

function listenersTitle({ listeners }: HostFacts): string {
  if (listeners.length === 0) return "No program listens to conntrack's events in this namespace.";
  return listeners.length === 1 ? "One listener" : `${count(listeners.length)} listeners`;
}

interface Screen {
  fields(rows: readonly Row[]): string[];
  columns: number;
  theme: Theme;
}

function listenerBlock(listener: HostListener, verdict: HostVerdict, { fields, columns, theme }: Screen): string[] {
  const { groups, rcvbufBytes, rmemBytes, drops } = listener;
  const { flush } = verdict;
  const messages =
    flush === null ? "" : `, ${plural(flush.capacityMessages, "message", "messages")} of ${size(flush.truesizeBytes)}`;
  const effective = rcvbufBytes === null ? "not told" : `${size(rcvbufBytes)} effective${messages}`;
  return [
    ...wrap(holderOf(listener), columns).map((line) => theme.heading(line)),
    ...fields([
      ["groups", groups.map((group) => group.toUpperCase()).join(", ")],
      ["buffer", `${effective}; ${size(rmemBytes)} wait in it`],
      ["options", optionsOf(listener)],
      ["drops", `${count(drops)} so far`],
      ["on a flush", verdict.sentence],
    ]),
  ];
}

function holderOf({ holder, hidden, portid, portidName }: HostListener): string {
  if (holder !== null) return `${holder.name} (pid ${holder.pid})`;
  const why = hidden === "denied" ? "a program that only root sees" : "a program that is not seen here";
  const hint = portidName === null ? "" : `, the pid of ${portidName}, which by custom opened it`;
  return `${why} (port ${portid}${hint})`;
}

function optionsOf({ broadcastError, noEnobufs }: HostListener): string {
  if (broadcastError === null || noEnobufs === null) return "not told";
  return `NETLINK_BROADCAST_ERROR ${onOff(broadcastError)}, NETLINK_NO_ENOBUFS ${onOff(noEnobufs)}`;
}

const NARROWEST = 8;

/** The rows of a watch: the head first, then one for each sample, all with the same columns. */
export function sampleTable(listeners: readonly HostListener[]): { head: string; row(sample: HostSample): string } {
  const names = listeners.map(({ holder, portid }) => `${holder?.name ?? `port ${portid}`} drops/s`);
  const heads = ["interval", "entries", "drop/s", "early_drop/s", ...names];
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => cell.padStart(Math.max(NARROWEST, heads[index]!.length))).join("  ");
  return {
    head: line(heads),
    row: ({ seconds, count: entries, dropPerSecond, earlyDropPerSecond, listenerDropsPerSecond }) =>
      line([
        duration(seconds),
        count(entries),
        ...[dropPerSecond, earlyDropPerSecond, ...listenerDropsPerSecond].map(rate),
      ]),
  };
}

/** Few are told to the tenth, so that one drop in ten seconds is not none. */
function rate(perSecond: number | null): string {
  if (perSecond === null) return UNKNOWN;
  return perSecond < 10 ? String(Math.round(10 * perSecond) / 10) : count(Math.round(perSecond));
}
