/**
 * Which of a run's connections may be alive. The kernel's count is of living and dying entries alike; it is one or the
 * other for certain only until the shortest timeout has passed, or a table that was full may have evicted some. Times
 * are nanoseconds from the first packet.
 */
import type { Scenario } from "../../scenario/scenario.js";

/** States that no connection of a flood comes to: it is never reset, and is never opened from both ends. */
const NEVER_SEEN = ["tcp_close", "tcp_syn_sent2"];

export class Lifetime {
  private readonly nfConntrackMax: number;
  private readonly shortestTimeout: number;
  /** The connections that may be alive: all of the flood, none after the flush, those of the second flood. */
  private since = 0;
  private created = 0;
  private refused = 0;

  constructor(scenario: Scenario) {
    this.nfConntrackMax = scenario.nfConntrackMax;
    this.shortestTimeout = shortestTimeoutNanoseconds(scenario);
  }

  /** A flood begins, or a flush has ended: what was alive before counts no more. */
  beginAt(nanoseconds: number): void {
    this.since = nanoseconds;
    this.flooded(0, 0);
  }

  /** Connections made and refused since then. */
  flooded(created: number, refused: number): void {
    this.created = created;
    this.refused = refused;
  }

  /** Whether entries may have ended without a flush: by a timeout, or by early_drop in a full table. */
  mayHaveDied(at: number): boolean {
    const full = this.refused > 0 || this.created > this.nfConntrackMax;
    return full || at - this.since >= this.shortestTimeout;
  }

  /** Entries alive of those that the table counts; null: some may be dying, and the kernel does not tell which. */
  active(count: number, at: number): number | null {
    if (count === 0 || this.created === 0) return 0;
    return this.mayHaveDied(at) ? null : this.created;
  }
}

/** From when on entries of this protocol may expire. */
function shortestTimeoutNanoseconds({ timeoutsSeconds, protocol }: Scenario): number {
  const own = Object.entries(timeoutsSeconds).filter(([key]) => key.startsWith(protocol) && !NEVER_SEEN.includes(key));
  return Math.min(...own.map(([, seconds]) => seconds)) * 1e9;
}
