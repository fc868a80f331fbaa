/**
 * What the report says of the phases of a run and of the time after its flush: when they began and ended, what the
 * flush left, since when the daemon is in sync. It is told, watches after each action, and decides nothing. Times are
 * nanoseconds from the first packet.
 */
import { type KernelClock, NEVER } from "../kernel/clock.js";
import type { ConntrackTable } from "../kernel/conntrack/table.js";
import { DyingWatch } from "./dying-watch.js";
import type { Ledger } from "./ledger.js";

export class Figures {
  private readonly clock: KernelClock;
  private readonly table: ConntrackTable;
  private readonly ledger: Ledger;
  readonly dying = new DyingWatch();
  /** Whether everything that can be delivered and read was. */
  settled = false;
  floodEndedAt = NEVER;
  /** When the last connection of the first flood began. */
  lastOpenedAt = Number.NaN;
  /** When the flush began, or the watch without one. */
  flushAt = NEVER;
  flushEndedAt = NEVER;
  flushAttempts = 0;
  dyingAfterFlush = 0;
  dropsAfterFlush = 0;
  /** Since when the daemon knows exactly the active entries, or does not. */
  inSyncSince = Number.NaN;
  private inSync = true;

  constructor(clock: KernelClock, table: ConntrackTable, ledger: Ledger) {
    this.clock = clock;
    this.table = table;
    this.ledger = ledger;
    // Doubles from the first value on (kernel/clock.ts).
    this.lastOpenedAt = 0;
    this.inSyncSince = 0;
  }

  /** To be asked from the flush on. */
  watchSync(): void {
    const { inSync } = this.ledger;
    if (inSync === this.inSync) return;
    this.inSync = inSync;
    this.inSyncSince = this.clock.now;
  }

  flushBegins(): void {
    const { now } = this.clock;
    this.dying.endFlood(now);
    this.flushAt = now;
    this.inSyncSince = now;
  }

  /** `drops`: those of the observed socket. */
  flushEnds(drops: number): void {
    const { now } = this.clock;
    this.flushEndedAt = now;
    this.dyingAfterFlush = this.table.dying;
    this.dropsAfterFlush = drops;
    this.dying.endFlush(now);
  }
}
