/**
 * Which entry a question is about: a run of its own, before the run in which that entry is followed. The same scenario
 * makes the same entries in the same order, so that a number is all that has to be kept of the first run.
 */

import { KIND_DESTROY } from "../kernel/events/kinds.js";
import type { SimulatedKernel } from "../simulation/kernel.js";
import { type Attempt, type Offer, Tap } from "../simulation/tap.js";

/** Whose life is asked for. A tuple is the number of a conversation, counted from 0. */
export type Wanted = { entry: number } | { tuple: number } | "first-lost" | "most-resent";

/** Numbers entries as they are made, from 1, and finds one of them. */
abstract class Finder extends Tap {
  protected readonly kernel: SimulatedKernel;
  /** Of the entry at an index of the table. */
  protected readonly numbers: number[] = [];
  private made = 0;
  /** The number of the entry that was found, or 0. */
  found = 0;

  constructor(kernel: SimulatedKernel) {
    super();
    this.kernel = kernel;
  }

  override created(entry: number): void {
    this.numbers[entry] = ++this.made;
  }

  /** Whether nothing that is still to come can change what was found. */
  get isDone(): boolean {
    return this.found > 0;
  }
}

/** The first entry of a conversation. */
class TupleFinder extends Finder {
  private readonly tuple: number;

  constructor(kernel: SimulatedKernel, tuple: number) {
    super(kernel);
    this.tuple = tuple;
  }

  override created(entry: number): void {
    super.created(entry);
    if (this.found === 0 && this.kernel.table.tupleOf(entry) === this.tuple) this.found = this.numbers[entry]!;
  }
}

/** The first entry of which the first listener refused an event that no message will carry. */
class FirstLostFinder extends Finder {
  private refused = false;

  override attempt(): void {
    this.refused = false;
  }

  override offered(_: Attempt, { listener, admitted }: Offer): void {
    if (listener === 0) this.refused = !admitted;
  }

  override attempted({ entry }: Attempt, ok: boolean): void {
    if (ok && this.refused && this.found === 0) this.found = this.numbers[entry]!;
  }
}

/** The entry whose DESTROY was resent most often; of two, the one that got there first. */
class MostResentFinder extends Finder {
  private readonly attempts: number[] = [];
  private most = 1;

  override created(entry: number): void {
    super.created(entry);
    this.attempts[entry] = 0;
  }

  override attempted({ entry, kind }: Attempt): void {
    if (kind !== KIND_DESTROY) return;
    const attempts = ++this.attempts[entry]!;
    if (attempts <= this.most) return;
    this.most = attempts;
    this.found = this.numbers[entry]!;
  }

  override get isDone(): boolean {
    return false;
  }
}

/** Null: the number is known without a run. */
export function finderFor(wanted: Wanted, kernel: SimulatedKernel): Finder | null {
  if (wanted === "first-lost") return new FirstLostFinder(kernel);
  if (wanted === "most-resent") return new MostResentFinder(kernel);
  return "tuple" in wanted ? new TupleFinder(kernel, wanted.tuple) : null;
}
