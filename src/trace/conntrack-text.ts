/**
 * A ctnetlink message in the form in which `conntrack -E -o id,timestamp` prints it (conntrack-tools 1.4.7 with
 * libnetfilter_conntrack 1.0.9), from the bytes of the message alone. A program that reads the output of conntrack
 * reads this.
 */

import { IPS_ASSURED, IPS_SEEN_REPLY } from "../kernel/conntrack/status.js";
import type { EventGroup, Family, Protocol } from "../scenario/scenario.js";
import { type EventEntry, type EventTuple, parseEvent } from "../wire/conntrack-event.js";
import { IPPROTO } from "../wire/ctnetlink.js";
import { TCP_STATES } from "./names.js";

const NANOSECONDS_PER_SECOND = 1_000_000_000n;
const TYPE_COLUMNS = 9;
const PROTOCOL_COLUMNS = 8;
const PROTOCOL_NAMES: Record<Family, Record<Protocol, string>> = {
  ipv4: { udp: "udp", tcp: "tcp", icmp: "icmp" },
  ipv6: { udp: "udp", tcp: "tcp", icmp: "icmpv6" },
};

/**
 * The line without its end. `progname`: which program has the port of a requester. Throws where the bytes are no event.
 */
export function conntrackLine(nanoseconds: number, bytes: Uint8Array, progname: string): string {
  const parsed = parseEvent(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (parsed === null) throw new Error("expected the bytes of a ctnetlink event");
  return `[${stamp(nanoseconds)}]\t${fieldsOf(parsed.type, parsed.entry, progname).join(" ")}`;
}

/** Seconds, and microseconds with their zeros. */
function stamp(nanoseconds: number): string {
  const microseconds = Math.floor(nanoseconds / 1000);
  return `${Math.floor(microseconds / 1e6)}.${String(microseconds % 1e6).padStart(6, "0")}`;
}

function fieldsOf(type: EventGroup, entry: EventEntry, progname: string): string[] {
  const { family, protocol, original, reply, counters, status } = entry;
  return [
    `[${type.toUpperCase()}]`.padStart(TYPE_COLUMNS),
    PROTOCOL_NAMES[family][protocol].padEnd(PROTOCOL_COLUMNS),
    `${IPPROTO[family][protocol]}`,
    ...(entry.timeoutSeconds === null ? [] : [`${entry.timeoutSeconds}`]),
    ...(entry.protoinfo === null ? [] : [TCP_STATES[entry.protoinfo.state] ?? "NONE"]),
    ...tupleFields(original, family, protocol),
    ...counterFields(counters?.original),
    ...((status & IPS_SEEN_REPLY) === 0 ? ["[UNREPLIED]"] : []),
    ...tupleFields(reply, family, protocol),
    ...counterFields(counters?.reply),
    ...((status & IPS_ASSURED) === 0 ? [] : ["[ASSURED]"]),
    ...(entry.mark === 0 ? [] : [`mark=${entry.mark}`]),
    ...(entry.zone === 0 ? [] : [`zone=${entry.zone}`]),
    ...deltaFields(entry.timestamp),
    `id=${entry.id}`,
    ...(entry.portid === 0 ? [] : ["[USERSPACE]", `portid=${entry.portid}`, `progname=${progname}`]),
  ];
}

function tupleFields(tuple: EventTuple, family: Family, protocol: Protocol): string[] {
  const addresses = [`src=${addressText(tuple.source, family)}`, `dst=${addressText(tuple.destination, family)}`];
  if (protocol === "icmp")
    return [...addresses, `type=${tuple.icmpType}`, `code=${tuple.icmpCode}`, `id=${tuple.icmpId}`];
  return [...addresses, `sport=${tuple.sourcePort}`, `dport=${tuple.destinationPort}`];
}

function counterFields(counters: { packets: bigint; bytes: bigint } | undefined): string[] {
  return counters === undefined ? [] : [`packets=${counters.packets}`, `bytes=${counters.bytes}`];
}

/** Whole seconds of both moments are taken before the difference. */
function deltaFields(timestamp: EventEntry["timestamp"]): string[] {
  if (timestamp === null || timestamp.stopNanoseconds === null) return [];
  const stop = timestamp.stopNanoseconds / NANOSECONDS_PER_SECOND;
  return [`delta-time=${stop - timestamp.startNanoseconds / NANOSECONDS_PER_SECOND}`];
}

export function addressText(address: Uint8Array, family: Family): string {
  if (family === "ipv4") return address.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => (address[2 * at]! << 8) | address[2 * at + 1]!);
  const zeros = longestZeros(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (zeros.length < 2) return text(groups);
  return `${text(groups.slice(0, zeros.at))}::${text(groups.slice(zeros.at + zeros.length))}`;
}

/** RFC 5952: of the runs of zeros the longest, of two the first, is left out. */
function longestZeros(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  return best;
}
