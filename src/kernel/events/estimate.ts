/**
 * How large the kernel believes a ctnetlink event may become: E, the result of ctnetlink_nlmsg_size
 * (nf_conntrack_netlink.c), which is asked before a byte is written. The socket buffer is allocated for E and the
 * listener is charged for the allocation, so E and not the real length (message.ts) decides how many events a receive
 * buffer holds. E depends on release, configuration, protocol and family alone, never on the type of the event. The
 * rows of the release table bring the terms that changed, the terms that did not are here; truesize itself
 * (__alloc_skb, netlink_trim) belongs to kernel/netlink.
 */

import type { Family, KernelConfig, Protocol } from "../../scenario/scenario.js";
import { NFGENMSG_BYTES, NLMSG_HDRLEN, netlinkAlign, nlaTotalSize } from "../../wire/netlink.js";
import type { EstimateFacts } from "../release.js";

/** One attribute of 32 bits with its header. */
const U32_BYTES = nlaTotalSize(4);
const U64_BYTES = nlaTotalSize(8);
const NEST_BYTES = nlaTotalSize(0);
const NF_CT_HELPER_NAME_LEN = 16;

/** CTA_TUPLE_ORIG, _REPLY and _MASTER: room for the master is asked for although few flows have one. */
const TUPLES = 3;
/** The nest of a tuple, those of its addresses and its protocol, and CTA_PROTO_NUM. */
const TUPLE_FRAME_BYTES = 3 * NEST_BYTES + nlaTotalSize(1);
/** CTA_PROTOINFO and CTA_HELP, empty, and CTA_HELP_NAME. */
const PROTOINFO_HELP_BYTES = 2 * NEST_BYTES + nlaTotalSize(NF_CT_HELPER_NAME_LEN);
/** CTA_ID, CTA_STATUS and CTA_TIMEOUT complete what every release asks for: 116. */
const FIXED_BYTES = NFGENMSG_BYTES + TUPLES * TUPLE_FRAME_BYTES + 3 * U32_BYTES + PROTOINFO_HELP_BYTES;

/** CTA_COUNTERS_ORIG and _REPLY, packets and bytes in each: 56. */
const COUNTERS_BYTES = 2 * (NEST_BYTES + 2 * U64_BYTES);
/** CTA_TIMESTAMP with start and stop: 28. */
const TIMESTAMP_BYTES = NEST_BYTES + 2 * U64_BYTES;
/** CTA_NAT_SEQ_ADJ_ORIG and _REPLY (later CTA_SEQ_ADJ_*), three numbers in each: 56. */
const NAT_SEQ_ADJ_BYTES = 2 * (NEST_BYTES + 3 * U32_BYTES);
/** What the TCP tracker still adds where nla_policy_len counts nothing: the nest CTA_PROTOINFO_TCP. */
const TCP_NEST_BYTES = NEST_BYTES;

/** E in bytes, without the nlmsghdr. */
export function estimateBytes(facts: EstimateFacts, protocol: Protocol, family: Family, config: KernelConfig): number {
  return FIXED_BYTES + configBytes(facts, config) + protoBytes(facts, protocol, family, config.nlaPolicyLenCounts);
}

/** Attributes that a build option or a sysctl puts into the sum, and those that the release alone does. */
function configBytes(facts: EstimateFacts, config: KernelConfig): number {
  return (
    (config.acct ? COUNTERS_BYTES : 0) +
    (config.timestamp && facts.hasTimestamp ? TIMESTAMP_BYTES : 0) +
    (config.nat ? NAT_SEQ_ADJ_BYTES : 0) +
    (config.mark ? U32_BYTES : 0) +
    (config.secmark ? facts.secmarkBytes : 0) +
    facts.zoneBytes +
    facts.labelBytes +
    facts.eventTimestampBytes
  );
}

/**
 * ctnetlink_proto_size: addresses, ports and TCP state, as the attribute policies measure them. Up to 2.6.38
 * nla_policy_len looks at the first entry of a policy again and again, and that entry is empty.
 */
function protoBytes(facts: EstimateFacts, protocol: Protocol, family: Family, policiesCount: boolean): number {
  if (!policiesCount) return protocol === "tcp" ? TCP_NEST_BYTES : 0;
  const tupleBytes = protocol === "icmp" ? facts.icmpTuplePolicyBytes : facts.portTuplePolicyBytes;
  const trackerBytes = protocol === "tcp" ? facts.tcpProtoinfoBytes : 0;
  return facts.l3PolicyBytes[family] + tupleBytes + trackerBytes;
}

/** n: what nlmsg_new asks the allocator for, the header and E. */
export function allocatedPayloadBytes(estimate: number): number {
  return netlinkAlign(NLMSG_HDRLEN + estimate);
}
