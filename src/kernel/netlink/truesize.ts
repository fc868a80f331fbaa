/**
 * What one message costs the socket: the skb is allocated for the estimated payload and charged whole, per listener. It
 * follows __alloc_skb() and netlink_trim(). Two rules exist: up to 3.1 the aligned payload plus sizeof(struct sk_buff),
 * from
 * 3.2 on what the allocator really takes (SKB_TRUESIZE). Which applies, and the sizes, are facts of the release.
 */
import type { KernelConfig } from "../../scenario/scenario.js";
import type { Release } from "../release.js";

/** SMP_CACHE_BYTES: SKB_DATA_ALIGN rounds to it. */
const CACHE_LINE_BYTES = 64;
/** SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) on x86_64. */
const SHARED_INFO_BYTES = 320;

const align = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/** The general-purpose kmalloc cache that holds `bytes`, a head: above the one of 192, all are powers of two. */
function kmallocBytes(bytes: number): number {
  let size = 8;
  while (size < bytes) size *= 2;
  return size;
}

export interface Truesize {
  /** Charged to the socket per message. */
  bytes: number;
  /** Payload that fits; a longer message cannot be built. */
  roomBytes: number;
}

/**
 * `payloadBytes`: what the kernel allocates for (header and estimate, aligned to 4). `usedBytes`: what the message
 * really has, which only matters where netlink_trim() finds more than half of the whole unused.
 */
export function truesize(payloadBytes: number, usedBytes: number, release: Release, config: KernelConfig): Truesize {
  const { headBytes, skBuffBytes, roomBytes } = allocation(payloadBytes, release, config);
  const whole = headBytes + skBuffBytes;
  const unused = roomBytes - usedBytes;
  if (2 * unused < whole) return { bytes: whole, roomBytes };
  const trimmed =
    release.truesize === "payload" ? whole - unused : headOf(align(usedBytes, CACHE_LINE_BYTES), config) + skBuffBytes;
  return { bytes: trimmed, roomBytes };
}

export interface Allocation {
  /** What is charged for the data, and for struct sk_buff. */
  headBytes: number;
  skBuffBytes: number;
  /** Payload that fits. */
  roomBytes: number;
}

/** What an untrimmed message is charged, in its two parts. */
export function allocation(payloadBytes: number, release: Release, config: KernelConfig): Allocation {
  const aligned = align(payloadBytes, CACHE_LINE_BYTES);
  if (release.truesize === "payload") {
    return { headBytes: aligned, skBuffBytes: config.skBuffBytes, roomBytes: aligned };
  }
  const headBytes = headOf(aligned, config);
  const skBuffBytes = align(config.skBuffBytes, CACHE_LINE_BYTES);
  return { headBytes, skBuffBytes, roomBytes: headBytes - SHARED_INFO_BYTES };
}

function headOf(aligned: number, config: KernelConfig): number {
  const wanted = aligned + SHARED_INFO_BYTES;
  return wanted <= config.smallHeadBytes ? config.smallHeadBytes : kmallocBytes(wanted);
}
