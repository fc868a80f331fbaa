/**
 * The wish that the present task gives way (TIF_NEED_RESCHED and its lazy form), and where it is met. Every kernel may
 * be built for full preemption; the builds of distributions are for voluntary or, later, for lazy preemption.
 *
 * A wake-up after which the present task is to give way saves schedule() a look at the clock (rq_clock_skip_update() in
 * wakeup_preempt()): what the present task still does before it gives way is charged to the one that comes next.
 */

const NONE = 0;
const LAZY = 1;
const STRICT = 2;

export class Reschedule {
  private readonly lazily: boolean;
  private wish: typeof NONE | typeof LAZY | typeof STRICT = NONE;

  /** The clock of the queue stands still until somebody else is chosen, or a tick or a wake-up looks at it. */
  private skipsClock = false;
  private uncharged = 0;

  constructor(preemption: "voluntary" | "lazy") {
    this.lazily = preemption === "lazy";
  }

  /** resched_curr_lazy() of the fair class. */
  ask(): void {
    if (this.wish === NONE) this.wish = this.lazily ? LAZY : STRICT;
  }

  /** resched_curr(). */
  insist(): void {
    this.wish = STRICT;
  }

  /** A tick: who was asked before it is urged. */
  tick(): void {
    if (this.wish === LAZY) this.wish = STRICT;
  }

  get asked(): boolean {
    return this.wish !== NONE;
  }

  /** Whether the present task gives way here. */
  isMet(inKernel: boolean): boolean {
    return this.wish === STRICT || (this.wish === LAZY && !inKernel);
  }

  clear(): void {
    this.wish = NONE;
    this.skipsClock = false;
  }

  /** A task was woken, and the wish that came of it is known. */
  woken(): void {
    if (this.wish === STRICT) this.skipsClock = true;
  }

  /** How much of what the present task ran is charged to it. */
  chargeable(nanoseconds: number): number {
    if (!this.skipsClock) return nanoseconds;
    this.uncharged += nanoseconds;
    return 0;
  }

  /** What was not charged so far, but for the last `keptNanoseconds` of it: somebody is charged for it now. */
  takeUncharged(keptNanoseconds = 0): number {
    const { uncharged } = this;
    this.uncharged = Math.min(uncharged, keptNanoseconds);
    return uncharged - this.uncharged;
  }
}
