/**
 * Bits of an entry's status (enum ip_conntrack_status) and of its event mask (enum ip_conntrack_events as numbered from
 * 2.6.35 on; 2.6.31 numbers REPLY, ASSURED and PROTOINFO differently, which no message and no behaviour shows).
 */
export const IPS_SEEN_REPLY = 0x2;
export const IPS_ASSURED = 0x4;
export const IPS_CONFIRMED = 0x8;
export const IPS_DYING = 0x200;

/** Ours, above the kernel's bits: the entry was made without an event cache extension and never raises an event. */
export const NO_EVENT_CACHE = 0x8000;

export const IPCT_NEW = 1 << 0;
export const IPCT_RELATED = 1 << 1;
export const IPCT_DESTROY = 1 << 2;
export const IPCT_REPLY = 1 << 3;
export const IPCT_ASSURED = 1 << 4;
export const IPCT_PROTOINFO = 1 << 5;

/** Direction of a tuple, as enum ip_conntrack_dir. */
export const ORIGINAL = 0;
export const REPLY = 1;
export type Direction = typeof ORIGINAL | typeof REPLY;
