/**
 * What a run sees of the table from outside, with the observed reader's socket beside it: looks after the flush, rows
 * of the timeline, and what follows for the dying list. After a flush the table's count is that list. Times are
 * nanoseconds from the first packet.
 */
import { TimelineRows } from "../../report/timeline-rows.js";
import type { NamespaceKernel } from "../host/namespace-kernel.js";
import type { LiveReader } from "../readers/live-reader.js";
import type { Lifetime } from "./lifetime.js";

/** Between two looks for the timeline: they cost the sender time while it floods. */
const FLOOD_INTERVAL_NANOSECONDS = 100_000_000;

export class TableWatch {
  readonly timeline = new TimelineRows<readonly (number | null)[]>(FLOOD_INTERVAL_NANOSECONDS, (_, kept) => kept);
  /** From the flush on: seconds since it began, count, rmem, drops, DESTROY received, ENOBUFS. */
  readonly looks: (readonly number[])[] = [];
  /** Null: some of the entries may have been alive. */
  peakDying: number | null = 0;
  peakDyingAt = 0;
  emptiedAt: number | null = null;
  private readonly kernel: NamespaceKernel;
  private readonly observed: LiveReader;
  private readonly lifetime: Lifetime;

  constructor(kernel: NamespaceKernel, observed: LiveReader, lifetime: Lifetime) {
    this.kernel = kernel;
    this.observed = observed;
    this.lifetime = lifetime;
  }

  /** Looks at the table's count, at a time and so long after the flush, and keeps what it says of the dying list. */
  look(at: number, flushAt: number): number {
    const count = this.kernel.count();
    const { rmemBytes, drops } = this.observed.row();
    const { received, enobufs } = this.observed;
    this.looks.push([(at - flushAt) / 1e9, count, rmemBytes, drops, received.destroy ?? 0, enobufs ?? 0]);
    const active = this.lifetime.active(count, at);
    const dying = active === null ? null : count - active;
    if (dying === null) this.peakDying = null;
    else if (this.peakDying !== null && dying > this.peakDying) {
      this.peakDying = dying;
      this.peakDyingAt = at;
    }
    if (dying !== 0) this.emptiedAt = null;
    else this.emptiedAt ??= at;
    return count;
  }

  /** A row of the timeline, when one is due. */
  sample(at: number, delivered: number): void {
    if (at < this.timeline.due) return;
    const count = this.kernel.count();
    const active = this.lifetime.active(count, at);
    const dying = active === null ? null : count - active;
    const { rmemBytes, drops } = this.observed.row();
    this.timeline.add([at / 1e9, active, dying, rmemBytes, delivered, drops, null, null, null, null, null]);
  }
}
