/**
 * Which optional attributes an event carries, before anything is encoded: the release, the configuration of the kernel
 * and the occasion decide, the entry's values do not. It follows the branches of ctnetlink_conntrack_event
 * (nf_conntrack_netlink.c): counters and timestamps for DESTROY alone, PROTOINFO for NEW and UPDATE only when its bit
 * is in the merged mask, and since 5.15 the timeout and the TCP state in DESTROY too. What a message looks like
 * (message.ts) and how much the kernel allocates for it (estimate.ts) are elsewhere.
 */

import type { EventGroup, Family, KernelConfig, Protocol } from "../../scenario/scenario.js";
import type { MessageLayout } from "../release.js";

/** The occasion of a message. */
export interface MessageOccasion {
  type: EventGroup;
  protocol: Protocol;
  family: Family;
  /** NEW and UPDATE: the merged mask has IPCT_PROTOINFO. Only TCP has something to send then. */
  protoinfoChanged: boolean;
  /** DESTROY: the entry goes with a second or more of its timeout left, as in a flush. */
  timeLeft: boolean;
}

export interface MessageContent {
  timeout: boolean;
  protoinfo: "full" | "state" | null;
  counters: boolean;
  timestamp: boolean;
  eventTimestamp: boolean;
}

/** The optional attributes of one message. A flow of the simulation has no mark, zone, secmark, helper or label. */
export function messageContent(occasion: MessageOccasion, layout: MessageLayout, config: KernelConfig): MessageContent {
  const destroy = occasion.type === "destroy";
  const hasTstampExtension = config.timestamp && layout.hasTimestamp;
  return {
    timeout: destroy ? layout.destroyTimeout === "when-left" && occasion.timeLeft : true,
    protoinfo: protoinfoOf(occasion, layout),
    counters: destroy && config.acct,
    timestamp: destroy && hasTstampExtension,
    eventTimestamp: hasTstampExtension && layout.eventTimestampBytes > 0,
  };
}

function protoinfoOf(occasion: MessageOccasion, layout: MessageLayout): "full" | "state" | null {
  if (occasion.protocol !== "tcp") return null;
  if (occasion.type === "destroy") return layout.destroyProtoinfo === "state" ? "state" : null;
  return occasion.protoinfoChanged ? "full" : null;
}
