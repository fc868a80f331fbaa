/**
 * Which of a run's connections may be alive. The kernel's count is of living and dying entries alike; it is one or the
 * other for certain only until the shortest timeout has passed, or a table that was full may have evicted some. Times
 * are nanoseconds from the first packet.
 */
import type { Scenario } from "../../scenario/scenario.js";
import { classesOf } from "../../scenario/traffic.js";

/** States that no connection comes to whose script has no RST: it is never opened from both ends. */
const NEVER_SEEN: readonly string[] = ["tcp_close", "tcp_syn_sent2"];

export class Lifetime {
  private readonly nfConntrackMax: number;
  private readonly shortestTimeout: number;
  /** The connections that may be alive: all of the flood, none after the flush, those of the second flood. */
  private since = 0;
  private created = 0;
  private refused = 0;
  private deleted = 0;

  constructor(scenario: Scenario) {
    this.nfConntrackMax = scenario.nfConntrackMax;
    this.shortestTimeout = shortestTimeoutNanoseconds(scenario);
  }

  /** A flood begins, or a flush has ended: what was alive before counts no more. */
  beginAt(nanoseconds: number): void {
    this.since = nanoseconds;
    this.flooded(0, 0);
    this.deleted = 0;
  }

  /** Connections made and refused since then. */
  flooded(created: number, refused: number): void {
    this.created = created;
    this.refused = refused;
  }

  /** One of them was ended by itself. */
  entryDeleted(): void {
    this.deleted++;
  }

  /** Whether entries may have ended without a flush: by a timeout, or by early_drop in a full table. */
  mayHaveDied(at: number): boolean {
    const full = this.refused > 0 || this.created > this.nfConntrackMax;
    return full || at - this.since >= this.shortestTimeout;
  }

  /** Entries alive of those that the table counts; null: some may be dying, and the kernel does not tell which. */
  active(count: number, at: number): number | null {
    if (count === 0 || this.created === 0) return 0;
    return this.mayHaveDied(at) ? null : this.created - this.deleted;
  }
}

/** From when on entries may expire: the shortest of the timeouts that their protocols have. */
function shortestTimeoutNanoseconds(scenario: Scenario): number {
  const timeouts = classesOf(scenario).flatMap(({ protocol, script }) =>
    Object.entries(scenario.timeoutsSeconds)
      .filter(([key]) => key.startsWith(protocol) && (script === "reset" || !NEVER_SEEN.includes(key)))
      .map(([, seconds]) => seconds),
  );
  return Math.min(...timeouts) * 1e9;
}
