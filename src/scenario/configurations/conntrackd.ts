/**
 * conntrackd.conf as conntrackd reads it (src/read_config_lex.l, read_config_yy.y and netlink.c of conntrack-tools):
 * words, numbers and blocks in braces, a comment from `#` to the end of the line. What it says of the event socket
 * becomes the first listener; conntrackd's two sizes are what getsockopt shows, twice what is asked for, and it asks
 * with SO_RCVBUFFORCE first. Blocks that say nothing of that socket are read over.
 */
import { UsageError } from "../errors.js";
import { PROTOCOLS, type Protocol } from "../parameters/load.js";
import { DEFAULT_REQUEST_BYTES } from "../parameters/preset.js";
import { SECOND } from "../units.js";
import { type Configuration, mistakeAt, type Placed, withoutEffect } from "./configuration.js";

/** The statements of General that are one word and one value, by what the value is. */
const GENERAL: Readonly<Record<string, "number" | "switch" | "switch or number" | "anything">> = {
  HashSize: "number",
  HashLimit: "number",
  LogFile: "anything",
  Syslog: "anything",
  LockFile: "anything",
  NetlinkBufferSize: "number",
  NetlinkBufferSizeMaxGrowth: "number",
  EventIterationLimit: "number",
  PollSecs: "number",
  NetlinkOverrunResync: "switch or number",
  NetlinkEventsReliable: "switch",
  Nice: "anything",
  Systemd: "switch",
};
const GENERAL_BLOCKS = ["UNIX", "Filter", "Scheduler"];
const BLOCKS = ["General", "Sync", "Stats", "Helper"];
/** Spellings that conntrackd still takes. */
const ALIASES: Readonly<Record<string, string>> = {
  SocketBufferSize: "NetlinkBufferSize",
  SocketBufferSizeMaxGrown: "NetlinkBufferSizeMaxGrowth",
  SocketBufferSizeMaxGrowth: "NetlinkBufferSizeMaxGrowth",
};
const SWITCHES: Readonly<Record<string, boolean>> = { on: true, yes: true, off: false, no: false };
const USUAL_RESYNC_SECONDS = 30;
/** What sets the event socket up. The rest of what is given does nothing to a run. */
const EFFECTIVE = new Set([
  "NetlinkBufferSize",
  "NetlinkBufferSizeMaxGrowth",
  "NetlinkOverrunResync",
  "NetlinkEventsReliable",
  "PollSecs",
]);

/** As getprotobyname() knows them. */
const PROTOCOLS_BY_NAME: Readonly<Record<string, Protocol>> = {
  TCP: "tcp",
  UDP: "udp",
  ICMP: "icmp",
  "IPV6-ICMP": "icmp",
};

interface Statement {
  name: Placed;
  value: Placed;
}

/** `file`: for the places of mistakes. Throws UsageError. */
export function conntrackdConfiguration(text: string, file: string): Configuration {
  const read = new Reader(tokensOf(text), file);
  read.file();
  return configurationOf(read, file);
}

/** Words, numbers and paths; braces by themselves. */
function tokensOf(text: string): Placed[] {
  return text
    .split(/\r?\n/)
    .flatMap((content, index) =>
      (content.replace(/#.*/, "").match(/[{}]|[^\s{}]+/g) ?? []).map((token) => ({ text: token, line: index + 1 })),
    );
}

class Reader {
  /** Of General, by the name that conntrackd has today; the last of several holds, as in conntrackd. */
  readonly general = new Map<string, Statement>();
  readonly other: Placed[] = [];
  kernelFilter: Placed | null = null;
  /** What the kernel's filter lets pass; null: it does not look at protocols. */
  protocols: readonly Protocol[] | null = null;
  /** Parts of it that a run cannot follow. */
  readonly unfollowed: Placed[] = [];
  /** Whether the cache that a resync needs is there. */
  hasCache = true;
  mode: Placed | null = null;
  private at = 0;
  private readonly tokens: readonly Placed[];
  private readonly name: string;

  constructor(tokens: readonly Placed[], file: string) {
    this.tokens = tokens;
    this.name = file;
  }

  file(): void {
    while (this.at < this.tokens.length) {
      const block = this.next("a block");
      if (!BLOCKS.includes(block.text)) throw mistakeAt(this.name, block, `a block (${BLOCKS.join(", ")})`, BLOCKS);
      if (block.text === "General") {
        this.open();
        this.generalBlock();
      } else {
        if (block.text !== "Helper") this.mode = this.modeOf(block);
        this.skipBlock(block);
      }
    }
  }

  private modeOf(block: Placed): Placed {
    if (this.mode === null || this.mode.text === block.text) return block;
    throw mistakeAt(this.name, block, `one of Sync and Stats, after ${this.mode.text} in line ${this.mode.line}`);
  }

  private generalBlock(): void {
    const known = [...Object.keys(GENERAL), ...Object.keys(ALIASES), ...GENERAL_BLOCKS];
    for (;;) {
      const word = this.next("a statement of General or }");
      if (word.text === "}") return;
      if (word.text === "Filter") this.filter(word);
      else if (GENERAL_BLOCKS.includes(word.text)) {
        this.other.push(word);
        this.skipBlock(word);
      } else {
        const name = ALIASES[word.text] ?? word.text;
        const kind = GENERAL[name];
        if (kind === undefined) throw mistakeAt(this.name, word, "a statement of General that conntrackd knows", known);
        this.general.set(name, { name: word, value: this.value(word, kind) });
      }
    }
  }

  private value(name: Placed, kind: string): Placed {
    const value = this.next(`a value for ${name.text}`);
    const isNumber = /^\d+$/.test(value.text);
    const isSwitch = value.text.toLowerCase() in SWITCHES;
    const fits = kind === "anything" || (kind.includes("number") && isNumber) || (kind.includes("switch") && isSwitch);
    if (fits && value.text !== "{" && value.text !== "}") return value;
    const wanted = { number: "a number", switch: "On or Off", "switch or number": "On, Off or a number" }[kind];
    throw mistakeAt(this.name, value, `${wanted ?? "a value"} for ${name.text}`);
  }

  private filter(word: Placed): void {
    if (this.tokens[this.at]?.text === "From") {
      this.at++;
      const where = this.next("Userspace or Kernelspace");
      if (where.text === "Kernelspace") this.kernelFilter = word;
      else if (where.text !== "Userspace") {
        throw mistakeAt(this.name, where, "Userspace or Kernelspace", ["Userspace", "Kernelspace"]);
      }
    }
    if (this.kernelFilter !== word) {
      this.other.push(word);
      this.skipBlock(word);
      return;
    }
    const from = this.at;
    this.skipBlock(word);
    this.kernelFilterBlock(this.tokens.slice(from + 1, this.at - 1));
  }

  /** `Protocol Accept { TCP }`, `Address Ignore { … }`, `State Accept { … } for TCP`. */
  private kernelFilterBlock(tokens: readonly Placed[]): void {
    for (let at = 0; at < tokens.length; at++) {
      const { text } = tokens[at]!;
      if (text === "Address" || text === "State") this.unfollowed.push(tokens[at]!);
      if (text !== "Protocol") continue;
      const policy = tokens[at + 1]?.text;
      const end = tokens.findIndex(({ text: brace }, index) => index > at && brace === "}");
      if ((policy !== "Accept" && policy !== "Ignore") || end < 0) {
        throw mistakeAt(this.name, tokens[at + 1] ?? tokens[at]!, "Accept or Ignore after Protocol", [
          "Accept",
          "Ignore",
        ]);
      }
      const named = tokens.slice(at + 3, end).flatMap((word) => PROTOCOLS_BY_NAME[word.text.toUpperCase()] ?? []);
      this.protocols = PROTOCOLS.filter((protocol) => named.includes(protocol) === (policy === "Accept"));
      at = end;
    }
  }

  /** From whatever stands before its brace to the brace that closes it. */
  private skipBlock(block: Placed): void {
    let depth = 0;
    for (let token = this.next(`{ after ${block.text}`); ; token = this.next(`} for ${block.text}`)) {
      if (token.text === "{") depth++;
      else if (token.text === "}" && --depth === 0) return;
      if (depth < 0) throw mistakeAt(this.name, token, `{ after ${block.text}`);
      const next = this.tokens[this.at]?.text.toLowerCase();
      if (token.text === "DisableInternalCache" && next !== undefined && SWITCHES[next]) this.hasCache = false;
    }
  }

  private open(): void {
    const brace = this.next("{");
    if (brace.text !== "{") throw mistakeAt(this.name, brace, "{ after General");
  }

  private next(expected: string): Placed {
    const token = this.tokens[this.at++];
    if (token !== undefined) return token;
    const line = this.tokens.at(-1)?.line ?? 1;
    throw new UsageError(`${this.name}:${line}: expected ${expected}, got the end of the file`);
  }
}

function configurationOf(read: Reader, file: string): Configuration {
  const { general } = read;
  if (read.mode === null) {
    throw new UsageError(
      `${file}: expected a block Sync or Stats, without which conntrackd opens no event socket, got neither`,
    );
  }
  const number = (name: string): number | null => {
    const statement = general.get(name);
    return statement === undefined ? null : Number(statement.value.text);
  };
  const poll = number("PollSecs") ?? 0;
  const notes: string[] = [];
  const size = number("NetlinkBufferSize");
  const most = number("NetlinkBufferSizeMaxGrowth") ?? 0;
  const reliable = general.get("NetlinkEventsReliable")?.value.text.toLowerCase() ?? "off";
  const isSet = size !== null && size > 0 && size <= most;
  if (!isSet) {
    notes.push(
      `${file}: NetlinkBufferSize is not set or above NetlinkBufferSizeMaxGrowth, so that conntrackd keeps the system's ` +
        "default buffer",
    );
  }
  if (read.unfollowed.length > 0) {
    const parts = read.unfollowed.map(({ text, line }) => `${text} (line ${line})`).join(", ");
    notes.push(`${file}: of Filter From Kernelspace the protocols are followed, and not simulated: ${parts}`);
  }
  if (read.protocols?.length === 0) {
    notes.push(
      `${file}:${read.kernelFilter!.line}: this filter lets no protocol pass that is modelled, and is left out: every event meets the buffer`,
    );
  }
  const bufferBytes = isSet ? Math.floor(size / 2) : DEFAULT_REQUEST_BYTES;
  const given = [...general].filter(([name]) => !EFFECTIVE.has(name)).map(([, { name }]) => name);
  return {
    listener: {
      preset: "conntrackd",
      groups: ["new", "update", "destroy"],
      policy: SWITCHES[reliable] ? "reliable" : "lossy",
      bufferBytes,
      // It asks for as much as it has while twice that is within the limit. Reliable, it gets no ENOBUFS and never
      // asks.
      bufferMaxBytes: Math.floor(most / 2) >= bufferBytes ? Math.floor(most / 2) : null,
      ...(read.protocols === null || read.protocols.length === 0 ? {} : { filter: read.protocols }),
      ...(poll === 0 ? {} : { poll: { everyNanoseconds: poll * SECOND, withEvents: false } }),
      resyncAfterNanoseconds:
        read.hasCache && poll === 0 ? resyncOf(general.get("NetlinkOverrunResync")?.value.text) : null,
    },
    overrides: {},
    notes: [...notes, ...withoutEffect(file, [...given, ...read.other])],
  };
}

/** Off is never; 0 and absence are the default. */
function resyncOf(text: string | undefined): number | null {
  const isOn = SWITCHES[(text ?? "on").toLowerCase()];
  if (isOn === false) return null;
  const seconds = isOn ? USUAL_RESYNC_SECONDS : Number(text);
  return (seconds === 0 ? USUAL_RESYNC_SECONDS : seconds) * SECOND;
}
