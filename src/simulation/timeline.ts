/**
 * Who looks at a simulated run now and then, and the timeline of its report: what a row says, taken whenever one is
 * due. From the flush on the rows have an interval of their own, so that a drain of a fraction of a second is seen as
 * well as one of minutes.
 */
import { KIND_DESTROY } from "../kernel/events/kinds.js";
import { TIMELINE_COLUMNS } from "../report/report.js";
import { TimelineRows } from "../report/timeline-rows.js";
import type { Machine } from "./machine.js";

export interface Sampler {
  /**
   * When it wants to look next, in nanoseconds from the first packet. Asked at least when a phase begins and after each
   * look, not before each action.
   */
  due(machine: Machine): number;
  sample(machine: Machine): void;
  /**
   * What a look takes of the CPU of the process that floods and flushes, where it is that process that looks; 0:
   * nothing.
   */
  readonly lookNanoseconds: number;
}

const SHORTEST_INTERVAL_NANOSECONDS = 1_000_000;
const SHORTEST_DRAIN_INTERVAL_NANOSECONDS = 100_000;
const PEAKS = [TIMELINE_COLUMNS.indexOf("dyingPeak"), TIMELINE_COLUMNS.indexOf("rmemPeakBytes")];

export class Timeline implements Sampler {
  readonly lookNanoseconds = 0;
  private readonly samples = new TimelineRows<readonly number[]>(SHORTEST_INTERVAL_NANOSECONDS, withPeaksOf);

  due({ clock, figures: { flushAt } }: Machine): number {
    if (flushAt <= clock.now && this.samples.drainIntervalNanoseconds === null) {
      this.samples.flushBegins(flushAt, SHORTEST_DRAIN_INTERVAL_NANOSECONDS);
    }
    return this.samples.due;
  }

  /** The columns are TIMELINE_COLUMNS of report.ts. */
  sample({ clock, figures: { dying }, kernel: { table, sockets, ledger, expiry } }: Machine): void {
    const socket = sockets[0]!;
    const { attempts, raised } = ledger.kinds[KIND_DESTROY];
    this.samples.add([
      clock.now / 1e9,
      table.active,
      table.dying,
      socket.rmem,
      socket.admitted,
      socket.drops,
      attempts - raised,
      Math.max(dying.takePeak(), table.dying),
      socket.takePeakRmem(),
      socket.congestedNanoseconds(clock.now) / 1e9,
      expiry.expired(),
    ]);
  }

  get intervals(): { intervalSeconds: number; drainIntervalSeconds?: number } {
    const { intervalNanoseconds, drainIntervalNanoseconds: drain } = this.samples;
    return {
      intervalSeconds: intervalNanoseconds / 1e9,
      ...(drain === null ? {} : { drainIntervalSeconds: drain / 1e9 }),
    };
  }

  get rows(): readonly (readonly number[])[] {
    return this.samples.rows;
  }
}

function withPeaksOf(gone: readonly number[], kept: readonly number[]): readonly number[] {
  return kept.map((value, column) => (PEAKS.includes(column) ? Math.max(value, gone[column]!) : value));
}
