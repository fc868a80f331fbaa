/** What admission makes of a buffer and a truesize: how many messages wait in a socket that nobody reads, and back. */
import type { Release } from "../release.js";

/** How many messages a socket takes while nobody reads: the old admission looks before it adds, the new one after. */
export function capacityMessages(rcvbuf: number, truesize: number, admission: Release["admission"]): number {
  return admission === "old" ? Math.floor(rcvbuf / truesize) + 1 : Math.max(1, Math.floor(rcvbuf / truesize));
}

/** The least request that holds so many messages: the inverse of capacityMessages, doubling undone. */
export function requestFor(messages: number, truesize: number, admission: Release["admission"]): number {
  return Math.ceil(((admission === "old" ? messages - 1 : messages) * truesize) / 2);
}
