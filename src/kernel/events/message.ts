/**
 * How many bytes a ctnetlink event takes on the wire (nlmsg_len). The answer comes from a message that is encoded for
 * it and not from a table, so that the size and the bytes of a capture cannot disagree. Which attributes a release
 * sends is message-content.ts, how they are laid out wire/conntrack-event.ts, what the kernel allocates beforehand
 * estimate.ts. Encoding makes objects and belongs to set-up: whoever needs a size on the hot path keeps the answer.
 */

import type { KernelConfig } from "../../scenario/scenario.js";
import { type EventEntry, type EventProtoinfo, type EventTuple, encodeEvent } from "../../wire/conntrack-event.js";
import { ADDRESS_BYTES } from "../../wire/ctnetlink.js";
import type { MessageLayout } from "../release.js";
import { type MessageContent, type MessageOccasion, messageContent } from "./message-content.js";

/** nlmsg_len of a message on this occasion, from an encoded one: the values in an entry do not change its size. */
export function messageBytes(occasion: MessageOccasion, layout: MessageLayout, config: KernelConfig): number {
  return encodeEvent(occasion.type, sampleEntry(occasion, messageContent(occasion, layout, config))).length;
}

/** An entry of zeros that carries what `content` names. A DESTROY has the stop time: it is set before the event. */
function sampleEntry({ family, protocol }: MessageOccasion, content: MessageContent): EventEntry {
  const address = new Uint8Array(ADDRESS_BYTES[family]);
  const tuple: EventTuple = {
    source: address,
    destination: address,
    sourcePort: 0,
    destinationPort: 0,
    icmpType: 0,
    icmpCode: 0,
    icmpId: 0,
  };
  const none = { packets: 0n, bytes: 0n };
  return {
    family,
    protocol,
    original: tuple,
    reply: tuple,
    id: 0,
    status: 0,
    timeoutSeconds: content.timeout ? 0 : null,
    protoinfo: sampleProtoinfo(content.protoinfo),
    counters: content.counters ? { original: none, reply: none } : null,
    timestamp: content.timestamp ? { startNanoseconds: 0n, stopNanoseconds: 0n } : null,
    mark: 0,
    zone: 0,
    secmark: null,
    eventTimestampNanoseconds: content.eventTimestamp ? 0n : null,
    portid: 0,
  };
}

function sampleProtoinfo(layout: MessageContent["protoinfo"]): EventProtoinfo | null {
  if (layout === "full") return { layout, state: 0, scaleOriginal: 0, scaleReply: 0, flagsOriginal: 0, flagsReply: 0 };
  return layout === null ? null : { layout, state: 0 };
}
