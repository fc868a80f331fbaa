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
  private readonly heads: Int32Array;
  private readonly nodes: Int32Array;
  private readonly extensions: Int32Array;
  private readonly view: Uint32Array;
  private readonly viewMask: number;
  private readonly ring = new Int32Array(RING * MESSAGE);
  private readonly ahead = new Int32Array(2 * AHEAD);
  private readonly shift: number;
  private head = 0;
  private sum = 0;

  constructor({ flows, resident, buckets }: LimitWork) {
    this.heads = new Int32Array(buckets).fill(NIL);
    this.nodes = new Int32Array(NODE * resident);
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
    const { heads, nodes, extensions, ahead } = this;
    let sum = 0;
    for (let i = 0; i < AHEAD; i++) {
      const at = NODE * ((tuple + i) % resident);
      ahead[i] = heads[this.bucketOf(tuple + i, 0)]!;
      ahead[AHEAD + i] = heads[this.bucketOf(tuple + i, 1)]!;
      sum += nodes[at]! + extensions[EXTENSION * ((tuple + i) % resident)]!;
    }
    for (let i = 0; i < 2 * AHEAD; i++) {
      if (ahead[i] !== NIL) sum += nodes[NODE * (ahead[i]! >> 1) + NEXT + (ahead[i]! & 1)]!;
      const at = NODE * ((tuple + (i >> 1)) % resident) + (i & 1);
      const next = nodes[at + NEXT]!;
      const previous = nodes[at + PREVIOUS]!;
      if (next !== NIL) sum += nodes[NODE * (next >> 1)]!;
      sum += previous < NIL ? heads[-2 - previous]! : nodes[NODE * (previous >> 1)]!;
    }
    this.sum += sum;
  }

  private enter(entry: number, tuple: number, packets: number, events: number): void {
    const { nodes, extensions } = this;
    const at = NODE * entry;
    nodes[at + TUPLE] = tuple;
    this.link(2 * entry, at, this.bucketOf(tuple, 0));
    this.link(2 * entry + 1, at + 1, this.bucketOf(tuple, 1));
    extensions[EXTENSION * entry] = tuple;
    for (let packet = 1; packet < packets; packet++) {
      const node = this.find(tuple, packet & 1);
      nodes[NODE * (node >> 1) + EXPIRES] = packet;
    }
    for (let event = 0; event < events; event++) this.tell(entry, tuple, 1);
  }

  private leave(entry: number): void {
    const at = NODE * entry;
    this.unlink(at);
    this.unlink(at + 1);
    this.tell(entry, this.nodes[at + TUPLE]!, 2);
    this.nodes[at + FLAGS] = 0;
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
    const { nodes } = this;
    let node = this.heads[this.bucketOf(tuple, direction)]!;
    while (node !== NIL && ((node & 1) !== direction || nodes[NODE * (node >> 1) + TUPLE] !== tuple)) {
      node = nodes[NODE * (node >> 1) + NEXT + (node & 1)]!;
    }
    return node;
  }

  private link(node: number, at: number, bucket: number): void {
    const { heads, nodes } = this;
    const head = heads[bucket]!;
    nodes[at + NEXT] = head;
    nodes[at + PREVIOUS] = -2 - bucket;
    if (head !== NIL) nodes[NODE * (head >> 1) + PREVIOUS + (head & 1)] = node;
    heads[bucket] = node;
  }

  private unlink(at: number): void {
    const { heads, nodes } = this;
    const next = nodes[at + NEXT]!;
    const previous = nodes[at + PREVIOUS]!;
    if (previous < NIL) heads[-2 - previous] = next;
    else nodes[NODE * (previous >> 1) + NEXT + (previous & 1)] = next;
    if (next !== NIL) nodes[NODE * (next >> 1) + PREVIOUS + (next & 1)] = previous;
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
