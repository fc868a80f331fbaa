/**
 * What SO_RCVBUF makes of a request: capped by net.core.rmem_max, doubled, raised to SOCK_MIN_RCVBUF (sock_setsockopt
 * in net/core/sock.c). getsockopt reports the result.
 */
import type { Release } from "../release.js";

export function rcvbufBytes(requestedBytes: number, rmemMaxBytes: number, release: Release): number {
  return Math.max(2 * Math.min(requestedBytes, rmemMaxBytes), release.rcvbufMinimumBytes);
}
