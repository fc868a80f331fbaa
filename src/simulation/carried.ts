/**
 * Which events a message in the socket carries, where that is not just the one that its kind says: those that a failed
 * attempt left behind went with it, or it is a repetition. Kept from its admission until the daemon handles it, because
 * only then did they arrive.
 *
 * A ring in the order of admission. Decoders handle messages in another order than they were admitted in, but only a
 * few of them are ever under way at once, so that a search from the front is short.
 */
const HANDLED = -1;

export class CarriedEvents {
  private size = 16;
  private first = 0;
  private length = 0;
  /** The number of the message in the order of admission, or HANDLED. */
  private orders = new Float64Array(this.size);
  private states = new Int32Array(this.size);

  /** `order`: larger than that of every message before. `state`: of the ledger; what the message carries. */
  add(order: number, state: number): void {
    if (this.length === this.size) this.grow();
    const at = (this.first + this.length++) & (this.size - 1);
    this.orders[at] = order;
    this.states[at] = state;
  }

  /** What a message carries that is now handled; null: the one event of its kind. */
  take(order: number): number | null {
    if (this.length === 0 || this.orders[this.first]! > order) return null;
    for (let index = 0; index < this.length; index++) {
      const at = (this.first + index) & (this.size - 1);
      if (this.orders[at]! > order) return null;
      if (this.orders[at] !== order) continue;
      this.orders[at] = HANDLED;
      this.dropHandled();
      return this.states[at]!;
    }
    return null;
  }

  private dropHandled(): void {
    while (this.length > 0 && this.orders[this.first] === HANDLED) {
      this.first = (this.first + 1) & (this.size - 1);
      this.length--;
    }
  }

  private grow(): void {
    const at = Array.from({ length: this.length }, (_, index) => (this.first + index) & (this.size - 1));
    const [orders, states] = [this.orders, this.states];
    this.size *= 2;
    this.orders = new Float64Array(this.size);
    this.states = new Int32Array(this.size);
    at.forEach((from, to) => {
      this.orders[to] = orders[from]!;
      this.states[to] = states[from]!;
    });
    this.first = 0;
  }
}
