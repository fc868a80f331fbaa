/**
 * The wish that the present task gives way (TIF_NEED_RESCHED and its lazy form), and where it is met. Every kernel may
 * be built for full preemption; the builds of distributions are for voluntary or, later, for lazy preemption.
 */

const NONE = 0;
const LAZY = 1;
const STRICT = 2;

export class Reschedule {
  private readonly lazily: boolean;
  private wish: typeof NONE | typeof LAZY | typeof STRICT = NONE;

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

  /** The present task has to give way at the next chance, in the kernel, too. */
  get insisted(): boolean {
    return this.wish === STRICT;
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
  }
}
