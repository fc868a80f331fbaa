/**
 * A connection is a number; on loopback it is an address: the n-th one goes to the n-th address of 127.0.0.0/8, or to
 * the address of a prefix of IPv6 whose last four bytes are the same. The prefix is made one of the namespace's own
 * (namespace-kernel.ts). One socket that listens on every address is then the other end of sixteen million tuples.
 */
const FIRST = 0x7f00_0002;
/** 127.255.255.255 is a broadcast address and 127.0.0.1 the sender. */
export const MOST_TUPLES = 0x7fff_fffe - FIRST + 1;

export const LOCALHOST = 0x7f00_0001;

/** fd01::/96, of the range that is never routed. */
export const IPV6_PREFIX = Uint8Array.of(0xfd, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
export const IPV6_PREFIX_BITS = 96;
export const IPV6_LOCALHOST = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** The address of IPv4, and the last four bytes of that of IPv6. */
export function addressOf(tuple: number): number {
  return FIRST + tuple;
}

export function tupleOf(address: number): number {
  return address - FIRST;
}
