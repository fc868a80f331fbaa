/**
 * A stream of messages in the forms in which programs take it: the lines of `conntrack -E`, an object a line, a capture
 * for Wireshark, the bare messages one after the other. Refused attempts have a place in the first two alone: what a
 * socket refused is in no capture of what it got.
 */
import { parseEvent } from "../wire/conntrack-event.js";
import { addressText, conntrackLine } from "./conntrack-text.js";
import type { TracedMessage } from "./messages.js";
import { pcapHeader, pcapPacket } from "./pcap.js";

export interface StreamForm {
  begin: Uint8Array;
  message(message: TracedMessage): Uint8Array;
  /** Whether refused attempts have a place in it. */
  hasRefused: boolean;
}

export type StreamFormat = "events" | "jsonl" | "pcap" | "netlink";

/** Who has the port that a flush carries: the command that this experiment makes. */
const REQUESTER = "conntrack";
const NOTHING = new Uint8Array();

export const STREAM_FORMS: Readonly<Record<StreamFormat, StreamForm>> = {
  events: { begin: NOTHING, message: (message) => Buffer.from(`${eventLine(message)}\n`), hasRefused: true },
  jsonl: {
    begin: NOTHING,
    message: (message) => Buffer.from(`${JSON.stringify(eventObject(message))}\n`),
    hasRefused: true,
  },
  pcap: { begin: pcapHeader(), message: ({ nanoseconds, bytes }) => pcapPacket(nanoseconds, bytes), hasRefused: false },
  netlink: { begin: NOTHING, message: ({ bytes }) => bytes, hasRefused: false },
};

/** A refused attempt has a note behind it, which a parser of conntrack's output takes for what it does not know. */
function eventLine({ nanoseconds, bytes, refused }: TracedMessage): string {
  const line = conntrackLine(nanoseconds, bytes, REQUESTER);
  if (refused === null) return line;
  const { congested, queuedMessages, rmemBytes, rcvbufBytes } = refused;
  const why = congested ? "congested" : "full";
  return `${line} [REFUSED] ${why} queued=${queuedMessages} rmem=${rmemBytes} rcvbuf=${rcvbufBytes}`;
}

function eventObject({ nanoseconds, event, tuple, id, bytes, refused }: TracedMessage): object {
  const { entry } = parseEvent(Buffer.from(bytes))!;
  const { family, protocol, original, reply } = entry;
  const end = (side: typeof original) => ({
    source: addressText(side.source, family),
    destination: addressText(side.destination, family),
    ...(protocol === "icmp"
      ? { type: side.icmpType, code: side.icmpCode, id: side.icmpId }
      : { sourcePort: side.sourcePort, destinationPort: side.destinationPort }),
  });
  return {
    seconds: nanoseconds / 1e9,
    event,
    tuple,
    id,
    protocol,
    original: end(original),
    reply: end(reply),
    status: entry.status,
    timeoutSeconds: entry.timeoutSeconds,
    portid: entry.portid,
    refused:
      refused === null
        ? null
        : {
            reason: refused.congested ? "congested" : "full",
            queuedMessages: refused.queuedMessages,
            rmemBytes: refused.rmemBytes,
            rcvbufBytes: refused.rcvbufBytes,
          },
  };
}
