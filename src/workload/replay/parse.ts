/**
 * From the lines of a log to its steps. Two forms, told apart by the first line: what `conntrack -E -o timestamp`
 * prints, with `id` and `extended` or without, and comma-separated values (timestamp, event, protocol, lifetime), a
 * line for each connection.
 *
 * An UPDATE says what an entry has become, not which packet did that: the packet is taken for the one that leads there
 * (a reply, or the segment that the TCP state needs). Of what raised no event a log knows nothing.
 */
import type { Segment } from "../../kernel/conntrack/trackers/tcp-states.js";
import { quoted, UsageError } from "../../scenario/errors.js";
import { type Family, PROTOCOLS, type Protocol } from "../../scenario/parameters/load.js";
import { LONGEST_LOG_SECONDS } from "../../scenario/parameters/replay.js";
import { ASSURED, REPLIED, ReplayLog } from "./log.js";
import { ACK, FIN, ORIGINAL, REPLY, RST, SYN, SYN_ACK } from "./packet-kinds.js";

/** [seconds.microseconds] [EVENT] family-of-extended protocol number, and the rest. */
const EVENT_LINE =
  /^\[(\d{1,12})\.(\d{6})\s*\]\s+\[(NEW|UPDATE|DESTROY)\]\s+(?:(ipv4|ipv6)\s+\d+\s+)?([a-z0-9-]+)\s+\d+ (.*)$/;
/** Timeout and state, where there are any, and the two tuples. */
const REST = /^(?:\d+ )?(?:([A-Z][A-Z0-9_]*) )?(src=.*?)(?= \[UNREPLIED\]| src=)(.*)$/;
/** Behind it may stand who asked for a deletion. */
const EVENT_ID = / id=(\d+)(?: \[USERSPACE\].*)?$/;
/** What conntrack says on standard error, in a file that has both. */
const ENOBUFS_LINE = /ENOBUFS/;
const CHATTER = /^(?:conntrack v|This message means|Please, check)/;

/** The segment that leads to a state; ends are not told apart, since the states are the same. */
const LEADS_TO: Readonly<Record<string, Segment>> = {
  SYN_SENT: SYN,
  SYN_RECV: SYN_ACK,
  ESTABLISHED: ACK,
  FIN_WAIT: FIN,
  CLOSE_WAIT: ACK,
  LAST_ACK: FIN,
  TIME_WAIT: ACK,
  CLOSE: RST,
};

const EXPECTED = "a line of conntrack -E -o timestamp, such as [1700000000.000000] [NEW] udp 17 30 src=…";
const EXPECTED_CSV = "timestamp,event,protocol,lifetime in seconds, such as 12.5,NEW,udp,30";
const CSV_NUMBER = /^\d{1,12}(?:\.\d{1,9})?$/;

/** Takes lines, one after the other; `end` gives the log. Both throw UsageError with file:line. */
export class ReplayParser {
  private readonly file: string;
  private readonly log = new ReplayLog();
  private lineNumber = 0;
  private form: "conntrack" | "csv" | null = null;
  /** Of the first event: whole seconds, and nanoseconds behind them, so that no digit is lost. */
  private firstSeconds = -1;
  private firstNanoseconds = 0;
  private latest = 0;
  /** Entries that are alive, by conversation. */
  private readonly alive = new Map<string, number>();
  /** Rows of comma-separated values, whose first time is known at the end only. */
  private readonly rows: { at: number; ends: boolean; protocol: Protocol; lifetime: number | null }[] = [];

  constructor(file: string) {
    this.file = file;
  }

  line(text: string): void {
    this.lineNumber++;
    const line = text.endsWith("\r") ? text.slice(0, -1) : text;
    if (line === "" || line.startsWith("#") || line.trim() === "") return;
    if (ENOBUFS_LINE.test(line)) {
      this.log.remarks.enobufsLines++;
      return;
    }
    if (CHATTER.test(line)) return;
    this.form ??= line.trimStart().startsWith("[") ? "conntrack" : "csv";
    if (this.form === "csv") this.csvLine(line);
    else this.eventLine(line);
  }

  end(): ReplayLog {
    const { log } = this;
    if (this.form === "csv") this.endRows();
    else log.remarks.entriesAtEnd += this.alive.size;
    if (log.length === 0) {
      throw new UsageError(`${this.file}: expected at least one event of udp, tcp or icmp, got none`);
    }
    if (log.timeOf(log.length - 1) > LONGEST_LOG_SECONDS * 1e9) {
      throw new UsageError(
        `${this.file}: expected a log of at most 30 days, got ${log.timeOf(log.length - 1) / 1e9} seconds`,
      );
    }
    return log;
  }

  private fail(expected: string, line: string): never {
    throw new UsageError(`${this.file}:${this.lineNumber}: expected ${expected}, got ${quoted(line)}`);
  }

  private eventLine(line: string): void {
    const match = EVENT_LINE.exec(line);
    if (match === null) {
      const without = /^\s*\[(?:NEW|UPDATE|DESTROY)\]/.test(line);
      this.fail(without ? "a time at its beginning, which conntrack -E prints with -o timestamp" : EXPECTED, line);
    }
    const [, seconds, microseconds, event, family, word, behind] = match as unknown as string[];
    const rest = REST.exec(behind!);
    if (rest === null) this.fail("two tuples, src=… dst=… and those of the reply", line);
    const [, state, tuple, others] = rest as unknown as [string, string | undefined, string, string];
    const at = this.timeOf(Number(seconds), Number(microseconds) * 1000);
    const protocol = protocolOf(word!);
    if (protocol === null) {
      this.log.remarks.linesLeftOut++;
      return;
    }
    const ipv6 = family === undefined ? tuple.includes(":") : family === "ipv6";
    const kind = { protocol, family: (ipv6 ? "ipv6" : "ipv4") as Family };
    // The tuples of an echo have an id of their own.
    const id = protocol === "icmp" ? undefined : EVENT_ID.exec(others)?.[1];
    const conversation = id === undefined ? `${protocol} ${tuple}` : `${protocol} ${tuple} ${id}`;
    const isReplied = !others.startsWith(" [UNREPLIED]");
    if (event === "NEW") this.opened(at, kind, conversation, state === "ESTABLISHED" ? ACK : SYN);
    else if (event === "DESTROY") this.destroyed(at, kind, conversation, isReplied, others.includes("[ASSURED]"));
    else this.updated(at, kind, conversation, { state, isReplied });
  }

  private opened(at: number, kind: { protocol: Protocol; family: Family }, conversation: string, first: Segment): void {
    const { alive, log } = this;
    if (alive.has(conversation)) {
      log.remarks.madeAgain++;
      log.remarks.entriesAtEnd++;
    }
    const entry = log.entry(kind);
    alive.set(conversation, entry);
    log.remarks.newEvents++;
    log.opens(at, entry, kind.protocol === "tcp" ? first : ACK);
  }

  private destroyed(
    at: number,
    kind: { protocol: Protocol; family: Family },
    conversation: string,
    isReplied: boolean,
    isAssured: boolean,
  ): void {
    const { alive, log } = this;
    const known = alive.get(conversation);
    alive.delete(conversation);
    const entry = known ?? log.entry(kind);
    if (known === undefined) log.wasThere(entry, (isReplied ? REPLIED : 0) | (isAssured ? ASSURED : 0));
    log.remarks.destroyEvents++;
    log.ends(at, entry);
  }

  private updated(
    at: number,
    kind: { protocol: Protocol; family: Family },
    conversation: string,
    { state, isReplied }: { state: string | undefined; isReplied: boolean },
  ): void {
    const { alive, log } = this;
    const tcp = kind.protocol === "tcp";
    let entry = alive.get(conversation);
    if (entry === undefined) {
      entry = log.entry(kind);
      // What a TCP connection is told by this line is its next state, and that of another may be its reply.
      log.wasThere(entry, tcp && state !== "SYN_RECV" ? REPLIED : 0);
      alive.set(conversation, entry);
    }
    log.remarks.updateEvents++;
    const first = isReplied && !log.isReplied(entry);
    if (first) {
      log.reply(entry);
      log.packet(at, entry, REPLY, tcp ? SYN_ACK : ACK);
      if (!tcp || state === "SYN_RECV") return;
    }
    if (!tcp) {
      log.packet(at, entry, ORIGINAL, ACK);
      return;
    }
    const segment = state === undefined ? ACK : LEADS_TO[state];
    // An RST before any reply ends the entry, which is a DESTROY and no UPDATE.
    if (segment === undefined || (segment === RST && !isReplied)) return;
    log.packet(at, entry, segment === SYN_ACK ? REPLY : ORIGINAL, segment);
  }

  /** Nanoseconds from the first event, never before the event before. */
  private timeOf(seconds: number, nanoseconds: number): number {
    if (this.firstSeconds < 0) {
      this.firstSeconds = seconds;
      this.firstNanoseconds = nanoseconds;
    }
    const at = (seconds - this.firstSeconds) * 1e9 + (nanoseconds - this.firstNanoseconds);
    if (at < this.latest) this.log.remarks.backwardSteps++;
    else this.latest = at;
    return this.latest;
  }

  private csvLine(line: string): void {
    if (this.rows.length === 0 && /^timestamp\b/i.test(line)) return;
    const cells = line.split(",").map((cell) => cell.trim());
    const [time = "", event = "", word = "", lifetime = ""] = cells;
    if (cells.length < 3 || cells.length > 4) this.fail(EXPECTED_CSV, line);
    if (!CSV_NUMBER.test(time)) this.fail("a timestamp in seconds, such as 12.5 or 1700000000.000001", time);
    if (event !== "NEW" && event !== "DESTROY") this.fail("NEW or DESTROY", event);
    if (lifetime !== "" && !CSV_NUMBER.test(lifetime)) this.fail("a lifetime in seconds, or nothing", lifetime);
    const protocol = protocolOf(word);
    if (protocol === null) {
      if (!/^[a-z][a-z0-9-]*$/.test(word)) this.fail(`a protocol such as ${PROTOCOLS.join(", ")}`, word);
      this.log.remarks.linesLeftOut++;
      return;
    }
    const at = this.timeOfRow(time);
    this.rows.push({ at, ends: event === "DESTROY", protocol, lifetime: lifetime === "" ? null : Number(lifetime) });
  }

  /** A row of another time may come first: nothing is clamped here, since rows are put in order. */
  private timeOfRow(time: string): number {
    const [whole = "", part = ""] = time.split(".");
    if (this.firstSeconds < 0) this.firstSeconds = Number(whole);
    return (Number(whole) - this.firstSeconds) * 1e9 + Number(part.padEnd(9, "0"));
  }

  private endRows(): void {
    const { log, rows } = this;
    const { remarks } = log;
    const first = rows.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
    for (const { at, ends, protocol, lifetime } of rows) {
      const entry = log.entry({ protocol, family: "ipv4" });
      const nanoseconds = lifetime === null ? null : Math.round(lifetime * 1e9);
      const from = ends ? (nanoseconds === null ? Number.NEGATIVE_INFINITY : at - nanoseconds) : at;
      const to = ends ? at : nanoseconds === null ? null : at + nanoseconds;
      if (from >= first) {
        remarks.newEvents++;
        log.opens(from - first, entry, protocol === "tcp" ? SYN : ACK);
      } else log.wasThere(entry, 0);
      if (to === null) remarks.entriesAtEnd++;
      else {
        remarks.destroyEvents++;
        log.ends(to - first, entry);
      }
    }
    log.sort();
  }
}

/** ICMPv6 is ICMP over IPv6; null: not modelled. */
function protocolOf(word: string): Protocol | null {
  if (word === "icmpv6") return "icmp";
  return (PROTOCOLS as readonly string[]).includes(word) ? (word as Protocol) : null;
}
