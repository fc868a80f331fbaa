/**
 * ulogd.conf as ulogd reads it (src/conffile.c and input/flow/ulogd_inpflow_NFCT.c of ulogd2): sections in brackets,
 * `key=value` lines, a comment from `#` on. The first NFCT instance of a stack is the first listener. It asks
 * SO_RCVBUFFORCE for its size if that is below the maximum, and getsockopt shows twice as much; at an ENOBUFS it asks
 * for twice what getsockopt showed, so that the buffer grows by four, if that request is below the maximum.
 */
import { UsageError } from "../errors.js";
import type { EventGroup } from "../parameters/listener.js";
import { PROTOCOLS } from "../parameters/load.js";
import { DEFAULT_REQUEST_BYTES } from "../parameters/preset.js";
import { SECOND } from "../units.js";
import { type Configuration, mistakeAt, type Placed, withoutEffect } from "./configuration.js";

/** The keys of an NFCT instance. */
const KEYS = [
  "pollinterval",
  "hash_enable",
  "hash_buckets",
  "hash_max_entries",
  "event_mask",
  "netlink_socket_buffer_size",
  "netlink_socket_buffer_maxsize",
  "netlink_resync_timeout",
  "reliable",
  "accept_src_filter",
  "accept_dst_filter",
  "accept_proto_filter",
];
const ADDRESS_FILTERS = new Set(["accept_src_filter", "accept_dst_filter"]);
/** A socket filter (nfct_filter_attach()), as the others are. */
const PROTOCOL_FILTER = "accept_proto_filter";
const SILENT = new Set(["hash_buckets", "hash_max_entries"]);
/** Of the file that ulogd comes with. */
const USUAL_INSTANCE = "ct1";
const USUAL_RESYNC_SECONDS = 60;
/** NF_NETLINK_CONNTRACK_*: bits of event_mask. */
const MASK: readonly (readonly [EventGroup, number])[] = [
  ["new", 1],
  ["update", 2],
  ["destroy", 4],
];
const USUAL_MASK = 1 | 4;
interface Entry {
  key: Placed;
  value: string;
}

/** `file`: for the places of mistakes. Throws UsageError. */
export function ulogdConfiguration(text: string, file: string): Configuration {
  const sections = sectionsOf(text, file);
  const instances = instancesInStacks(sections);
  const inStack = instances[0] ?? null;
  if (inStack === null && !sections.has(USUAL_INSTANCE)) {
    throw new UsageError(`${file}: expected a stack with an instance of NFCT, as in stack=ct1:NFCT,…, got none`);
  }
  const entries = sections.get(inStack ?? USUAL_INSTANCE) ?? [];
  const read = configurationOf(new Map(entries.map((entry) => [entry.key.text, entry])), file);
  const notes = inStack === null ? [withoutStack(file, entries.length > 0)] : otherInstances(file, instances);
  return { ...read, notes: [...notes, ...read.notes] };
}

function sectionsOf(text: string, file: string): Map<string, Entry[]> {
  const sections = new Map<string, Entry[]>();
  let current: Entry[] | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.replace(/#.*/, "").trim();
    if (content === "") continue;
    const placed = { text: content, line: index + 1 };
    const section = /^\[(.+)\]$/.exec(content)?.[1];
    const pair = /^([^=\s]+)\s*=\s*(.*)$/.exec(content);
    if (section !== undefined) {
      current = sections.get(section) ?? [];
      sections.set(section, current);
    } else if (pair !== null && current !== null) {
      current.push({ key: { text: pair[1]!, line: index + 1 }, value: pair[2]!.replace(/^"(.*)"$/, "$1") });
    } else {
      throw mistakeAt(file, placed, current === null ? "a section such as [global]" : "key=value or a [section]");
    }
  }
  return sections;
}

/** The sections of the NFCT instances in stacks, each once. */
function instancesInStacks(sections: Map<string, Entry[]>): string[] {
  const stacks = (sections.get("global") ?? []).filter(({ key }) => key.text === "stack");
  return [...new Set(stacks.flatMap(({ value }) => /(?:^|,)\s*([^:,\s]+):NFCT(?:,|$)/.exec(value)?.[1] ?? []))];
}

function otherInstances(file: string, [first, ...others]: readonly string[]): string[] {
  return others.map(
    (other) =>
      `${file}: [${other}] is not simulated: the run has the first instance of NFCT, [${first}], and ulogd reads all of them in one thread`,
  );
}

/** A file as ulogd comes with: its stacks of NFCT are comments. */
function withoutStack(file: string, hasKeys: boolean): string {
  const taken = hasKeys ? `the section [${USUAL_INSTANCE}]` : "ulogd's built-in defaults";
  return `${file}: no stack has an instance of NFCT, so that an ulogd with this file gets no conntrack events; the run has one with ${taken}`;
}

function configurationOf(given: Map<string, Entry>, file: string): Configuration {
  const notes: string[] = [];
  for (const { key, value } of given.values()) {
    if (!KEYS.includes(key.text)) throw mistakeAt(file, key, "a key of NFCT that ulogd knows", KEYS);
    if (key.text === PROTOCOL_FILTER) continue;
    if (ADDRESS_FILTERS.has(key.text))
      notes.push(`${file}:${key.line}: ${key.text} is not simulated: every event meets the buffer`);
    else if (!/^(0x[\da-f]+|\d+)$/i.test(value)) {
      throw mistakeAt(file, { text: value, line: key.line }, `a number for ${key.text}`);
    }
  }
  const number = (key: string, standard: number): number => Number(given.get(key)?.value ?? standard);
  const poll = number("pollinterval", 0);
  const accepted = given.get(PROTOCOL_FILTER);
  const words = (accepted?.value ?? "").split(",").map((word) => word.trim().toLowerCase());
  const filter = PROTOCOLS.filter((protocol) => words.includes(protocol));
  if (accepted !== undefined && filter.length === 0) {
    notes.push(
      `${file}:${accepted.key.line}: ${PROTOCOL_FILTER} names no protocol that is modelled and is left out: every event meets the buffer`,
    );
  }
  const size = number("netlink_socket_buffer_size", 0);
  const most = number("netlink_socket_buffer_maxsize", 0);
  const isSet = size > 0 && size < most;
  if (size > 0 && !isSet) {
    notes.push(
      `${file}:${given.get("netlink_socket_buffer_size")!.key.line}: netlink_socket_buffer_size is not below ` +
        "netlink_socket_buffer_maxsize, so that ulogd keeps the system's default buffer",
    );
  }
  if (most > 0 && size === 0) {
    notes.push(
      `${file}:${given.get("netlink_socket_buffer_maxsize")!.key.line}: netlink_socket_buffer_maxsize without ` +
        "netlink_socket_buffer_size makes ulogd ask for 0 bytes at its first ENOBUFS, which is not simulated",
    );
  }
  const mask = number("event_mask", USUAL_MASK);
  const resync = number("netlink_resync_timeout", USUAL_RESYNC_SECONDS);
  const silent = [...given.values()].map(({ key }) => key).filter(({ text }) => SILENT.has(text));
  return {
    listener: {
      preset: "ulogd",
      groups: MASK.filter(([, bit]) => (mask & bit) !== 0).map(([group]) => group),
      policy: number("reliable", 0) === 0 ? "lossy" : "reliable",
      bufferBytes: isSet ? size : DEFAULT_REQUEST_BYTES,
      bufferMaxBytes: isSet ? most : null,
      overrunAs: "ulogd",
      ...(filter.length === 0 ? {} : { filter }),
      ...(poll === 0 ? {} : { poll: { everyNanoseconds: poll * SECOND, withEvents: false } }),
      resyncAfterNanoseconds: number("hash_enable", 1) === 0 || poll !== 0 ? null : resync * SECOND,
    },
    overrides: {},
    notes: [...notes, ...withoutEffect(file, silent)],
  };
}
