/**
 * Connections under way, the one that sends next on top: a binary heap by due time and, at one instant, by number, over
 * arrays of numbers. For scripts of many packets, where a queue for each step would be searched for every packet.
 */
export class DueHeap {
  private due = new Float64Array(16);
  private connections = new Int32Array(16);
  private steps = new Int32Array(16);
  length = 0;

  get topDue(): number {
    return this.due[0]!;
  }

  get topConnection(): number {
    return this.connections[0]!;
  }

  get topStep(): number {
    return this.steps[0]!;
  }

  push(due: number, connection: number, step: number): void {
    if (this.length === this.due.length) this.grow();
    let at = this.length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(due, connection, parent)) break;
      this.move(parent, at);
      at = parent;
    }
    this.put(at, due, connection, step);
  }

  pop(): void {
    const last = --this.length;
    if (last === 0) return;
    const due = this.due[last]!;
    const connection = this.connections[last]!;
    const step = this.steps[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.isBefore(this.due[child + 1]!, this.connections[child + 1]!, child)) child++;
      if (this.isBefore(due, connection, child)) break;
      this.move(child, at);
      at = child;
    }
    this.put(at, due, connection, step);
  }

  private isBefore(due: number, connection: number, other: number): boolean {
    return due < this.due[other]! || (due === this.due[other]! && connection < this.connections[other]!);
  }

  private move(from: number, to: number): void {
    this.put(to, this.due[from]!, this.connections[from]!, this.steps[from]!);
  }

  private put(at: number, due: number, connection: number, step: number): void {
    this.due[at] = due;
    this.connections[at] = connection;
    this.steps[at] = step;
  }

  private grow(): void {
    const { due, connections, steps } = this;
    this.due = new Float64Array(2 * due.length);
    this.due.set(due);
    this.connections = new Int32Array(this.due.length);
    this.connections.set(connections);
    this.steps = new Int32Array(this.due.length);
    this.steps.set(steps);
  }
}
