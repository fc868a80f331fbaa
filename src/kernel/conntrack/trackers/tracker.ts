/**
 * A protocol's tracker: what a packet changes in the state of its entry, which event bits that raises, which timeout
 * the entry has from then on, and whether the entry is killed or makes room for a new one. One file each; whoever
 * changes what a protocol does opens that file. What all packets share is packet.ts.
 */
import type { Family, TimeoutKey } from "../../../scenario/scenario.js";
import type { KernelClock } from "../../clock.js";
import { type EntryRecords, FLAGS, nodeOf } from "../../records.js";
import type { Release } from "../../release.js";
import type { Deletion } from "../deletion.js";
import type { Expiry } from "../expiry.js";
import { type Direction, IPS_CONFIRMED, IPS_DYING } from "../status.js";
import type { ConntrackTable } from "../table.js";
import type { Segment } from "./tcp-states.js";

/** What becomes of a packet. */
export const TRACKED = 0;
/** The packet is let through but belongs to no entry. */
export const UNTRACKED = 1;
/** The entry was deleted: look up again. */
export const REPEAT = 2;
/** The tracker deleted the entry; the packet goes on without delivering anything. */
export const KILLED = 3;
/** NF_DROP. */
export const DROPPED = 4;
export type Fate = typeof TRACKED | typeof UNTRACKED | typeof REPEAT | typeof KILLED | typeof DROPPED;

/** nf_conntrack_event_cache(): remembers event bits until the confirm hook. */
export interface BitCache {
  cache(entry: number, bits: number): void;
}

export interface TrackerOptions {
  clock: KernelClock;
  table: ConntrackTable;
  expiry: Expiry;
  events: BitCache;
  deletion: Deletion;
  release: Release;
  family: Family;
  timeoutsSeconds: Readonly<Record<TimeoutKey, number>>;
}

export abstract class Tracker {
  protected readonly clock: KernelClock;
  protected readonly table: ConntrackTable;
  protected readonly records: EntryRecords;
  protected readonly events: BitCache;
  protected readonly deletion: Deletion;
  private readonly expiry: Expiry;
  private readonly timeoutsSeconds: TrackerOptions["timeoutsSeconds"];
  /** The timeout that it asked for last, in jiffies: what a new entry begins with when it is confirmed. */
  timeoutJiffies = 0;

  constructor(options: TrackerOptions) {
    this.clock = options.clock;
    this.table = options.table;
    this.records = options.table.records;
    this.events = options.events;
    this.deletion = options.deletion;
    this.expiry = options.expiry;
    this.timeoutsSeconds = options.timeoutsSeconds;
  }

  /** A packet of the entry, new or known. `segment` counts for TCP only. */
  abstract track(entry: number, direction: Direction, segment: Segment): Fate;

  /** A new entry, before its first packet. */
  created(_entry: number): void {}

  protected jiffiesOf(key: TimeoutKey): number {
    return Math.round(this.timeoutsSeconds[key] * this.clock.hz);
  }

  /** nf_ct_refresh_acct(). `flags`: those of the entry before this packet. */
  protected refresh(entry: number, flags: number, timeoutJiffies: number): void {
    this.timeoutJiffies = timeoutJiffies;
    if ((flags & (IPS_CONFIRMED | IPS_DYING)) === IPS_CONFIRMED) this.expiry.refresh(entry, timeoutJiffies);
  }

  protected flagsOf(entry: number): number {
    return this.records.nodes[nodeOf(entry) + FLAGS]!;
  }
}
