/**
 * A listener's own thread: opens the socket, receives one event per recv, keeps the daemon's view of the table, and is
 * as slow as the scenario says. It is one synchronous loop, because libuv cannot own a netlink descriptor; a foreign
 * call cannot be interrupted, so that it polls for a tenth of a second at most before it looks at what the run asks of
 * it. The figures that the run watches go to the board as they change; what only the report needs follows in one
 * message at the end.
 */
import { parentPort, workerData } from "node:worker_threads";
import { DaemonView } from "../../daemon/view.js";
import type { ListenerScenario } from "../../scenario/scenario.js";
import { Streams } from "../../scenario/streams.js";
import { DESTROY, emptyGlance, glanceAt } from "../../wire/conntrack-event.js";
import { now } from "../host/clock.js";
import { readSocketRow } from "../host/kernel-files.js";
import { tupleOf } from "../host/loopback-address.js";
import { openListener } from "../host/netlink-socket.js";
import { ENOBUFS, loadSystemCalls, MSG_DONTWAIT, type SystemCalls } from "../host/system-calls.js";
import { ListenerBoard, PHASE_FLOOD, PHASE_FLUSH } from "./listener-board.js";
import type { ReaderResult } from "./live-reader.js";
import { Pacing } from "./pacing.js";
import { TablePoll } from "./table-poll.js";

export interface ListenerThreadData {
  memory: SharedArrayBuffer;
  listener: ListenerScenario;
  /** For SO_RCVBUF when the socket is opened. */
  bufferBytes: number;
  seed: string;
  index: number;
  /** The CPU of the readers; null: anywhere. */
  cpu: number | null;
  /** A dump leaves out entries without traffic, which fill the table. */
  besideFillers: boolean;
  /** The first tuple of each kind of flow. */
  firstTuples: readonly number[];
}

const LONGEST_POLL_MILLISECONDS = 100;
/** Sleeps end late by up to so much: the rest of a pause is spent awake. */
const SPIN_NANOSECONDS = 40_000;
const LARGEST_MESSAGE_BYTES = 8192;
const KIND_NAMES = ["NEW", "UPDATE", "DESTROY"] as const;
const KIND_CELLS = ["new", "update", "destroy"] as const;

class ListenerThread {
  private readonly data: ListenerThreadData;
  private readonly calls: SystemCalls;
  private readonly board: ListenerBoard;
  private readonly view: DaemonView;
  private readonly pacing: Pacing;
  /** Null: it dumps nothing. */
  private readonly poll: TablePoll | null;
  private readonly closesAfter: number;
  private readonly buffer = Buffer.alloc(LARGEST_MESSAGE_BYTES);
  private readonly event = emptyGlance();
  /** Messages by kind, then by size. */
  private readonly sizes = KIND_NAMES.map(() => new Map<number, number>());
  /** By kind of flow, three each: NEW and UPDATE that came, DESTROY that was no duplicate. */
  private readonly byClass: Int32Array;
  private fd = -1;
  private closesAt = Number.POSITIVE_INFINITY;
  private flushed = false;

  constructor(data: ListenerThreadData, calls: SystemCalls) {
    this.data = data;
    this.calls = calls;
    this.board = new ListenerBoard(data.memory);
    this.byClass = new Int32Array(3 * data.firstTuples.length);
    this.view = new DaemonView(false);
    const chance = new Streams(data.seed).of(`reader ${data.index}`);
    this.pacing = new Pacing(data.listener, chance);
    const { poll } = data.listener;
    this.poll = poll === null ? null : new TablePoll(calls, poll.everyNanoseconds, data.besideFillers);
    this.closesAfter = data.listener.closesAfterFlushNanoseconds ?? Number.POSITIVE_INFINITY;
  }

  run(): ReaderResult {
    const { board, calls, poll } = this;
    for (let heard = board.get("bell"); board.get("stop") === 0; heard = board.get("bell")) {
      this.heedPhase();
      const at = now();
      if (at >= this.closesAt) this.close();
      const due = this.dueFrom(at);
      if (due > at) this.sleepUntil(Math.min(due, this.closesAt), at, heard);
      else if (poll !== null && poll.due <= at) this.dump(poll);
      else this.receive(at);
    }
    if (this.fd >= 0) calls.close(this.fd);
    if (board.get("closed") === 0) poll?.close();
    return this.result();
  }

  /** From `at` on, when it can read, or dumps next. */
  private dueFrom(at: number): number {
    const wanted = this.fd >= 0 ? at : (this.poll?.due ?? Number.POSITIVE_INFINITY);
    return wanted === Number.POSITIVE_INFINITY ? wanted : this.pacing.earliest(Math.max(at, wanted));
  }

  private dump(poll: TablePoll): void {
    const { board, view } = this;
    const { alive } = view;
    board.set("dumping", 1);
    poll.dump(view);
    board.set("alive", view.alive);
    if (view.alive === 0 && alive > 0) board.setTime("inSyncNanoseconds", now());
    board.set("dumping", 0);
  }

  private heedPhase(): void {
    const { board, data } = this;
    const phase = board.get("phase");
    const start = board.time("startNanoseconds");
    if (this.pacing.startNanoseconds !== start) this.poll?.begin(start);
    this.pacing.startNanoseconds = start;
    if (board.get("ready") === 0 && (data.listener.joins === "start" || phase > PHASE_FLOOD)) this.open();
    if (phase !== PHASE_FLUSH || this.flushed) return;
    this.flushed = true;
    const flushAt = board.time("flushNanoseconds");
    this.pacing.flushBegins(flushAt);
    this.closesAt = flushAt + this.closesAfter;
  }

  private open(): void {
    const { bufferBytes, listener } = this.data;
    if (listener.poll?.withEvents === false) {
      this.board.set("waiting", 1);
      this.board.set("ready", 1);
      return;
    }
    const { fd, portid, rcvbufBytes } = openListener(this.calls, bufferBytes, listener.policy, listener.groups);
    this.fd = fd;
    this.board.set("fd", fd);
    this.board.set("portid", portid);
    this.board.set("rcvbufBytes", rcvbufBytes);
    this.board.set("ready", 1);
  }

  private close(): void {
    this.poll?.close();
    this.closesAt = Number.POSITIVE_INFINITY;
    if (this.fd < 0) {
      this.board.set("closed", 1);
      return;
    }
    const row = readSocketRow(this.board.get("portid") >>> 0);
    this.board.set("drops", row?.drops ?? 0);
    this.board.set("unreadBytes", row?.rmemBytes ?? 0);
    this.board.set("closed", 1);
    this.calls.close(this.fd);
    this.fd = -1;
  }

  private receive(began: number): void {
    const { board } = this;
    const bytes = this.calls.recv(this.fd, this.buffer, MSG_DONTWAIT);
    if (bytes > 0) {
      board.set("waiting", 0);
      this.apply();
      this.pacing.read(began, now(), this.event.portid);
    } else if (bytes === -ENOBUFS) {
      board.set("enobufs", board.get("enobufs") + 1);
    } else {
      this.pacing.waits();
      board.set("waiting", 1);
      const until = Math.min(this.closesAt, this.poll?.due ?? Number.POSITIVE_INFINITY);
      const milliseconds = Math.max(0, (until - began) / 1e6);
      this.calls.poll(this.fd, Math.ceil(Math.min(LONGEST_POLL_MILLISECONDS, milliseconds)));
    }
  }

  private apply(): void {
    const { event, board, view } = this;
    if (!glanceAt(this.buffer, event)) return;
    const tuple = tupleOf(event.destination);
    const { duplicates } = view;
    const change = view.apply(event.kind, tuple, event.id, event.portid);
    if (event.kind !== DESTROY || view.duplicates === duplicates) this.byClass[3 * this.classOf(tuple) + event.kind]!++;
    const cell = KIND_CELLS[event.kind];
    board.set(cell, view.received[cell]);
    const sizes = this.sizes[event.kind]!;
    sizes.set(event.bytes, (sizes.get(event.bytes) ?? 0) + 1);
    if (change === 0) return;
    board.set("alive", view.alive);
    if (event.kind === DESTROY && view.alive === 0) board.setTime("inSyncNanoseconds", now());
  }

  private classOf(tuple: number): number {
    const { firstTuples } = this.data;
    let index = firstTuples.length - 1;
    while (firstTuples[index]! > tuple) index--;
    return index;
  }

  private sleepUntil(due: number, at: number, heard: number): void {
    const nanoseconds = Math.min(due - at, LONGEST_POLL_MILLISECONDS * 1e6);
    if (nanoseconds > SPIN_NANOSECONDS) {
      this.board.waitForBell(heard, (nanoseconds - SPIN_NANOSECONDS) / 1e6);
      return;
    }
    while (now() < due);
  }

  private result(): ReaderResult {
    const { view, sizes } = this;
    const entries = sizes.flatMap((bySize, kind) =>
      [...bySize].map(([bytes, count]): [string, number] => [`${KIND_NAMES[kind]}/${bytes}`, count]),
    );
    return {
      duplicates: view.duplicates,
      reordered: view.reordered,
      resyncs: 0,
      polls: this.poll?.result() ?? null,
      conntrackd: null,
      program: null,
      uniqueDestroy: view.uniqueDestroy,
      destroyWithoutNew: view.destroyWithoutNew,
      destroyWithPortid: view.destroyWithPortid,
      messageBytes: Object.fromEntries(entries),
      byClass: this.data.firstTuples.map((_, index) => {
        const [created, update, destroy] = this.byClass.subarray(3 * index);
        return { new: created!, update: update!, destroy: destroy! };
      }),
    };
  }
}

const data = workerData as ListenerThreadData;
const calls = await loadSystemCalls();
calls.sharpenTimers();
if (data.cpu !== null) calls.pinTo([data.cpu]);
parentPort!.postMessage(new ListenerThread(data, calls).run());
