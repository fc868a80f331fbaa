/**
 * The kernel's two clocks: nanoseconds since the first packet and jiffies. It owns the conversion and nothing else; the
 * simulation moves `now`. Jiffies do not start at 0 and do not tick in phase with the first packet: both offsets are
 * chance, drawn once per run, because the bits of the absolute jiffies decide how timer slack rounds (timer-wheel.ts).
 */

/** Due time of what does not come. */
export const NEVER = Number.POSITIVE_INFINITY;

/**
 * The earlier and the later of two times. Not Math.min and Math.max, which make small integers of doubles that fit:
 * code that is made while all times of a run are small would have to be made again when they no longer are.
 */
// biome-ignore lint/complexity/useMathMinMax: said above
export const earlier = (a: number, b: number): number => (a < b ? a : b);
// biome-ignore lint/complexity/useMathMinMax: said above
export const later = (a: number, b: number): number => (a > b ? a : b);

export class KernelClock {
  /**
   * Nanoseconds since the first packet: an integer in a double, safe to 104 days. It begins as one that is no small
   * integer, because an engine that sees it outgrow those makes the object anew, and all code that knew its shape.
   */
  now = Number.NaN;
  readonly hz: number;
  /** Jiffies at time 0, and nanoseconds that the tick before it lies back. */
  private readonly bootJiffies: number;
  private readonly phase: number = Number.NaN;
  private readonly tick: number = Number.NaN;
  /** The jiffies of the last answer, and from when to when they are right: a tick is long, and to ask is frequent. */
  private known = 0;
  private knownFrom = Number.POSITIVE_INFINITY;
  private knownUntil = Number.NEGATIVE_INFINITY;

  constructor(hz: number, bootJiffies: number, phaseNanoseconds: number) {
    this.hz = hz;
    this.bootJiffies = bootJiffies;
    this.phase = phaseNanoseconds;
    this.tick = 1e9 / hz;
    this.now = 0;
  }

  /** Jiffies at `now`. */
  get jiffies(): number {
    if (this.now < this.knownFrom || this.now >= this.knownUntil) {
      this.known = this.jiffiesAt(this.now);
      this.knownFrom = this.timeOf(this.known);
      this.knownUntil = this.timeOf(this.known + 1);
    }
    return this.known;
  }

  jiffiesAt(nanoseconds: number): number {
    const estimate = this.bootJiffies + Math.floor((nanoseconds + this.phase) / this.tick);
    // The division may round up across a tick when the quotient is large; the exact boundary decides.
    return this.timeOf(estimate) > nanoseconds ? estimate - 1 : estimate;
  }

  /** The nanosecond at which the tick that makes `jiffies` current arrives. */
  timeOf(jiffies: number): number {
    return Math.ceil((jiffies - this.bootJiffies) * this.tick) - this.phase;
  }
}
