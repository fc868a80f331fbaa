/**
 * What this machine can do at most with the memory that the simulated kernel touches: the same arrays, walked in the
 * same order, and nothing of the model: one kind of kernel, no missed events, no costs, no accounts of what waits. A
 * flow is looked up, enters two chains and the queue of timers, and leaves them in the order of arrival; each event
 * goes through a ring to a reader that writes it into its table. Rows of the benchmark show their share of it.
 */
import { best, cpuSeconds } from "./timing.js";

/** As kernel/records.ts, kernel/netlink/socket.ts and daemon/view.ts have them, in words. */
const NODE = 7;
const EXTENSION = 8;
const MESSAGE = 6;
const SLOT = 3;
const TUPLE = 0;
const NEXT = 1;
const PREVIOUS = 3;
const FLAGS = 5;
const EXPIRES = 6;
const NIL = -1;
const AHEAD = 16;
const RING = 64;

export interface LimitWork {
  flows: number;
  /** Entries in the table at once: the rest comes when as many have gone. */
  resident: number;
  /** A power of two. */
  buckets: number;
  packets: number;
  /** Of a flow, NEW and DESTROY included. */
  events: number;
}

class Limit {
  /** Heads, the node of no entry, and the nodes (kernel/records.ts). */
  private readonly words: Int32Array;
  private readonly nodesFrom: number;
  private readonly extensions: Int32Array;
  private readonly view: Uint32Array;
  private readonly viewMask: number;
  private readonly ring = new Int32Array(RING * MESSAGE);
  private readonly ahead = new Int32Array(2 * AHEAD);
  private readonly shift: number;
  private head = 0;
  private sum = 0;

  constructor({ flows, resident, buckets }: LimitWork) {
    this.nodesFrom = buckets + NODE;
    this.words = new Int32Array(this.nodesFrom + NODE * resident).fill(NIL, 0, this.nodesFrom);
    this.extensions = new Int32Array(EXTENSION * resident);
    const slots = 2 ** Math.ceil(Math.log2(1.5 * flows));
    this.view = new Uint32Array(SLOT * slots);
    this.viewMask = slots - 1;
    this.shift = 32 - Math.log2(buckets);
  }

  run({ flows, resident, packets, events }: LimitWork): number {
    for (let tuple = 0; tuple < flows; tuple++) {
      if (tuple % AHEAD === 0) this.prefetch(tuple, resident);
      const entry = tuple % resident;
      if (tuple >= resident) this.leave(entry);
      this.find(tuple, 0);
      this.enter(entry, tuple, packets, events - 1);
    }
    for (let tuple = Math.max(0, flows - resident); tuple < flows; tuple++) this.leave(tuple % resident);
    return this.sum;
  }

  private prefetch(tuple: number, resident: number): void {
    const { words, nodesFrom, extensions, ahead } = this;
    let sum = 0;
    for (let i = 0; i < AHEAD; i++) {
      const at = nodesFrom + NODE * ((tuple + i) % resident);
      ahead[i] = words[this.bucketOf(tuple + i, 0)]!;
      ahead[AHEAD + i] = words[this.bucketOf(tuple + i, 1)]!;
      sum += words[at]! + extensions[EXTENSION * ((tuple + i) % resident)]!;
    }
    for (let i = 0; i < 2 * AHEAD; i++) {
      sum += words[this.wordOf(ahead[i]!, NEXT)]!;
      const at = nodesFrom + NODE * ((tuple + (i >> 1)) % resident) + (i & 1);
      sum += words[this.wordOf(words[at + NEXT]!, PREVIOUS)]! + words[words[at + PREVIOUS]!]!;
    }
    this.sum += sum;
  }

  private wordOf(node: number, field: number): number {
    return this.nodesFrom + NODE * (node >> 1) + field + (node & 1);
  }

  private enter(entry: number, tuple: number, packets: number, events: number): void {
    const { words, extensions } = this;
    const at = this.nodesFrom + NODE * entry;
    words[at + TUPLE] = tuple;
    this.link(2 * entry, at, this.bucketOf(tuple, 0));
    this.link(2 * entry + 1, at + 1, this.bucketOf(tuple, 1));
    extensions[EXTENSION * entry] = tuple;
    for (let packet = 1; packet < packets; packet++) {
      const node = this.find(tuple, packet & 1);
      words[this.nodesFrom + NODE * (node >> 1) + EXPIRES] = packet;
    }
    for (let event = 0; event < events; event++) this.tell(entry, tuple, 1);
  }

  private leave(entry: number): void {
    const at = this.nodesFrom + NODE * entry;
    this.unlink(at);
    this.unlink(at + 1);
    this.tell(entry, this.words[at + TUPLE]!, 2);
    this.words[at + FLAGS] = 0;
  }

  /** An event: into the ring, out of it, into the reader's table. */
  private tell(entry: number, tuple: number, state: number): void {
    const { ring, view } = this;
    const at = MESSAGE * (this.head++ & (RING - 1));
    ring[at] = state;
    ring[at + 1] = entry;
    ring[at + 2] = tuple;
    ring[at + 3] = entry;
    this.extensions[EXTENSION * entry + 1] = state;
    const slot = SLOT * (ring[at + 2]! & this.viewMask);
    view[slot] = tuple;
    view[slot + 1] = entry;
    view[slot + 2] = state;
  }

  private find(tuple: number, direction: number): number {
    const { words, nodesFrom } = this;
    let node = words[this.bucketOf(tuple, direction)]!;
    while (node !== NIL && ((node & 1) !== direction || words[nodesFrom + NODE * (node >> 1) + TUPLE] !== tuple)) {
      node = words[this.wordOf(node, NEXT)]!;
    }
    return node;
  }

  private link(node: number, at: number, bucket: number): void {
    const { words } = this;
    const head = words[bucket]!;
    words[at + NEXT] = head;
    words[at + PREVIOUS] = bucket;
    words[this.wordOf(head, PREVIOUS)] = at + NEXT;
    words[bucket] = node;
  }

  private unlink(at: number): void {
    const { words } = this;
    const next = words[at + NEXT]!;
    const previous = words[at + PREVIOUS]!;
    words[previous] = next;
    words[this.wordOf(next, PREVIOUS)] = previous;
  }

  private bucketOf(tuple: number, direction: number): number {
    let hash = (tuple << 1) | direction;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    return (hash ^ (hash >>> 16)) >>> this.shift;
  }
}

/** Flows per second of CPU time. */
export function limitFlowsPerSecond(work: LimitWork, repetitions: number): number {
  const { value } = best(repetitions, () => {
    // The arrays of a run are new too, but whoever makes it waits for the first touch of them only once.
    const limit = new Limit(work);
    return cpuSeconds(() => limit.run(work));
  });
  return work.flows / value;
}
