/**
 * The numbers of ctnetlink, once for everything that writes or reads it
 * (include/uapi/linux/netfilter/nfnetlink_conntrack.h, nfnetlink.h, nf_conntrack_common.h). What nothing here writes or
 * reads is left out.
 */
import type { EventGroup, Family, Protocol } from "../scenario/scenario.js";

const NFNL_SUBSYS_CTNETLINK = 1;
const typeOf = (command: number): number => (NFNL_SUBSYS_CTNETLINK << 8) | command;

/** nlmsg_type: the subsystem and its command. */
export const IPCTNL_MSG_CT_NEW = typeOf(0);
export const IPCTNL_MSG_CT_GET = typeOf(1);
export const IPCTNL_MSG_CT_DELETE = typeOf(2);
export const IPCTNL_MSG_CT_GET_STATS_CPU = typeOf(4);

/** NFNLGRP_CONNTRACK_*: the multicast groups. */
export const NFNLGRP_CONNTRACK: Record<EventGroup, number> = { new: 1, update: 2, destroy: 3 };

export const NFPROTO_UNSPEC = 0;
export const NFPROTO: Record<Family, number> = { ipv4: 2, ipv6: 10 };
export const ADDRESS_BYTES: Record<Family, number> = { ipv4: 4, ipv6: 16 };
/** IPPROTO_*: ICMP has a number of its own in each family. */
export const IPPROTO: Record<Family, Record<Protocol, number>> = {
  ipv4: { icmp: 1, tcp: 6, udp: 17 },
  ipv6: { icmp: 58, tcp: 6, udp: 17 },
};

/** enum ctattr_type: the attributes of the message itself. */
export const CTA_TUPLE_ORIG = 1;
export const CTA_TUPLE_REPLY = 2;
export const CTA_STATUS = 3;
export const CTA_PROTOINFO = 4;
export const CTA_TIMEOUT = 7;
export const CTA_MARK = 8;
export const CTA_COUNTERS_ORIG = 9;
export const CTA_COUNTERS_REPLY = 10;
export const CTA_ID = 12;
export const CTA_SECMARK = 17;
export const CTA_ZONE = 18;
export const CTA_TIMESTAMP = 20;
export const CTA_MARK_MASK = 21;
export const CTA_TIMESTAMP_EVENT = 27;

/** enum ctattr_tuple, ctattr_ip (source, destination) and ctattr_l4proto. */
export const CTA_TUPLE_IP = 1;
export const CTA_TUPLE_PROTO = 2;
export const CTA_IP_SRC: Record<Family, number> = { ipv4: 1, ipv6: 3 };
export const CTA_IP_DST: Record<Family, number> = { ipv4: 2, ipv6: 4 };
export const CTA_PROTO_NUM = 1;
export const CTA_PROTO_SRC_PORT = 2;
export const CTA_PROTO_DST_PORT = 3;
/** CTA_PROTO_ICMP_ID, _TYPE, _CODE and their ICMPV6 twins. */
export const CTA_PROTO_ICMP_ID: Record<Family, number> = { ipv4: 4, ipv6: 7 };
export const CTA_PROTO_ICMP_TYPE: Record<Family, number> = { ipv4: 5, ipv6: 8 };
export const CTA_PROTO_ICMP_CODE: Record<Family, number> = { ipv4: 6, ipv6: 9 };

/** enum ctattr_protoinfo and ctattr_protoinfo_tcp. */
export const CTA_PROTOINFO_TCP = 1;
export const CTA_PROTOINFO_TCP_STATE = 1;
export const CTA_PROTOINFO_TCP_WSCALE_ORIGINAL = 2;
export const CTA_PROTOINFO_TCP_WSCALE_REPLY = 3;
export const CTA_PROTOINFO_TCP_FLAGS_ORIGINAL = 4;
export const CTA_PROTOINFO_TCP_FLAGS_REPLY = 5;

/** enum ctattr_counters and ctattr_tstamp. */
export const CTA_COUNTERS_PACKETS = 1;
export const CTA_COUNTERS_BYTES = 2;
export const CTA_TIMESTAMP_START = 1;
export const CTA_TIMESTAMP_STOP = 2;

/** enum ctattr_stats_cpu. */
export const CTA_STATS_INSERT_FAILED = 9;
export const CTA_STATS_DROP = 10;
export const CTA_STATS_EARLY_DROP = 11;
