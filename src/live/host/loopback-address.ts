/**
 * A connection is a number; on loopback it is an address: the n-th one goes to the n-th address of 127.0.0.0/8. One
 * socket that listens on every address is then the other end of sixteen million tuples.
 */
const FIRST = 0x7f00_0002;
/** 127.255.255.255 is a broadcast address and 127.0.0.1 the sender. */
export const MOST_TUPLES = 0x7fff_fffe - FIRST + 1;

export const LOCALHOST = 0x7f00_0001;

export function addressOf(tuple: number): number {
  return FIRST + tuple;
}

export function tupleOf(address: number): number {
  return address - FIRST;
}
