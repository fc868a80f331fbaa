/**
 * The memory that a listener's thread and the run share: what the run asks of the thread, and what the thread counts.
 * Every cell has one writer. The bell is rung with each request, so that a reader in a long sleep hears of it at once.
 */

/** Cells of whole numbers: the run's first, then the thread's. */
const CELLS = {
  bell: 0,
  phase: 1,
  stop: 2,
  ready: 3,
  fd: 4,
  portid: 5,
  rcvbufBytes: 6,
  new: 7,
  update: 8,
  destroy: 9,
  enobufs: 10,
  alive: 11,
  waiting: 12,
  closed: 13,
  drops: 14,
  unreadBytes: 15,
  dumping: 16,
} as const;
/** Times by the clock of all threads; the last is the thread's. */
const TIMES = { startNanoseconds: 0, flushNanoseconds: 1, inSyncNanoseconds: 2 } as const;

export const PHASE_FLOOD = 0;
/** Listeners that join for the flush open their sockets. */
export const PHASE_JOIN = 1;
export const PHASE_FLUSH = 2;

type Cell = keyof typeof CELLS;
type Time = keyof typeof TIMES;

const CELL_COUNT = Object.keys(CELLS).length;
const TIME_COUNT = Object.keys(TIMES).length;
const TIMES_AT = 8 * Math.ceil(CELL_COUNT / 2);

export class ListenerBoard {
  readonly memory: SharedArrayBuffer;
  private readonly cells: Int32Array;
  private readonly times: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(TIMES_AT + 8 * TIME_COUNT)) {
    this.memory = memory;
    this.cells = new Int32Array(memory, 0, CELL_COUNT);
    this.times = new Float64Array(memory, TIMES_AT, TIME_COUNT);
  }

  get(cell: Cell): number {
    return Atomics.load(this.cells, CELLS[cell]);
  }

  set(cell: Cell, value: number): void {
    Atomics.store(this.cells, CELLS[cell], value);
  }

  time(time: Time): number {
    return this.times[TIMES[time]]!;
  }

  setTime(time: Time, nanoseconds: number): void {
    this.times[TIMES[time]] = nanoseconds;
  }

  /** Changes a cell and wakes the thread. */
  ask(cell: "phase" | "stop", value: number): void {
    this.set(cell, value);
    Atomics.add(this.cells, CELLS.bell, 1);
    Atomics.notify(this.cells, CELLS.bell);
  }

  /** Sleeps until the bell has another value than when it was heard last, or the time is up. */
  waitForBell(heard: number, milliseconds: number): void {
    Atomics.wait(this.cells, CELLS.bell, heard, milliseconds);
  }
}
