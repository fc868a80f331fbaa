/**
 * A listener as the run sees it: it starts the thread, tells it of the phases, shrinks its buffer, and reads its
 * figures. What the thread does is listener-thread.ts; what they share is listener-board.ts.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ListenerScenario, Scenario } from "../../scenario/scenario.js";
import { classesOf } from "../../scenario/traffic.js";
import { firstTuplesOf } from "../../workload/traffic.js";
import { readSocketRow, type SocketRow } from "../host/kernel-files.js";
import type { SystemCalls } from "../host/system-calls.js";
import { ListenerBoard, PHASE_FLOOD, PHASE_FLUSH, PHASE_JOIN } from "./listener-board.js";
import type { ListenerThreadData } from "./listener-thread.js";
import type { LiveReader, ReaderResult } from "./live-reader.js";

const LONGEST_START_MILLISECONDS = 10_000;
/** Of a large buffer, how much may wait where the reader is meant to be caught up. */
const CAUGHT_UP_EVENTS = 1000;

export class Listener implements LiveReader {
  readonly scenario: ListenerScenario;
  private readonly calls: SystemCalls;
  private readonly board = new ListenerBoard();
  private readonly worker: Worker;
  private failure: Error | null = null;
  /** A poll in place of events has no socket for them. */
  private readonly pollsOnly: boolean;
  private lastRow: SocketRow = { rmemBytes: 0, drops: 0 };

  constructor(
    scenario: Scenario,
    index: number,
    calls: SystemCalls,
    { cpu, besideFillers }: { cpu: number | null; besideFillers: boolean },
  ) {
    this.calls = calls;
    this.scenario = scenario.listeners[index]!;
    this.pollsOnly = this.scenario.poll?.withEvents === false;
    const { smallFrom, bufferBytes } = this.scenario;
    const workerData: ListenerThreadData = {
      memory: this.board.memory,
      listener: this.scenario,
      // A buffer for the flood as large as the machine allows, where the scenario's own comes with the flush.
      bufferBytes: smallFrom === "flush" ? scenario.rmemMaxBytes : bufferBytes,
      seed: scenario.seed,
      index,
      cpu,
      besideFillers,
      firstTuples: firstTuplesOf(classesOf(scenario), null),
    };
    this.worker = new Worker(new URL("./listener-thread.js", import.meta.url), { workerData });
    this.worker.on("error", (error) => {
      this.failure = error;
    });
  }

  async opened(): Promise<void> {
    if (this.scenario.joins === "start") await this.ready();
  }

  begin(startNanoseconds: number): void {
    this.board.setTime("startNanoseconds", startNanoseconds);
    this.board.setTime("inSyncNanoseconds", startNanoseconds);
    this.board.ask("phase", PHASE_FLOOD);
  }

  async prepareFlush(): Promise<void> {
    if (this.scenario.joins === "flush") {
      this.board.ask("phase", PHASE_JOIN);
      await this.ready();
    }
    if (this.scenario.smallFrom === "flush" && !this.pollsOnly) {
      this.board.set("rcvbufBytes", this.calls.setRcvbuf(this.board.get("fd"), this.scenario.bufferBytes));
    }
  }

  flushBegins(nanoseconds: number): void {
    this.board.setTime("flushNanoseconds", nanoseconds);
    this.board.ask("phase", PHASE_FLUSH);
  }

  async stop(): Promise<ReaderResult> {
    const message = once(this.worker, "message");
    this.board.ask("stop", 1);
    const [result] = (await message) as [ReaderResult];
    return result;
  }

  get received(): { new: number; update: number; destroy: number } {
    const { board } = this;
    return { new: board.get("new"), update: board.get("update"), destroy: board.get("destroy") };
  }

  get enobufs(): number {
    return this.board.get("enobufs");
  }

  get alive(): number {
    return this.board.get("alive");
  }

  get inSyncNanoseconds(): number {
    return this.board.time("inSyncNanoseconds");
  }

  get rcvbufBytes(): number | null {
    return this.pollsOnly ? null : this.board.get("rcvbufBytes");
  }

  isBehind(created: number): boolean {
    return !this.pollsOnly && created - this.received.new > CAUGHT_UP_EVENTS;
  }

  private get closed(): boolean {
    return this.board.get("closed") === 1;
  }

  row(): SocketRow {
    if (this.failure !== null) throw this.failure;
    if (this.closed) return { rmemBytes: this.board.get("unreadBytes"), drops: this.board.get("drops") };
    if (this.board.get("ready") === 0 || this.pollsOnly) return this.lastRow;
    this.lastRow = readSocketRow(this.board.get("portid") >>> 0) ?? this.lastRow;
    return this.lastRow;
  }

  idle(rmemBytes: number): boolean {
    if (this.closed) return true;
    const closes = this.scenario.closesAfterFlushNanoseconds !== null;
    if (this.scenario.heldAfterFlushNanoseconds === null) return !closes;
    // A poll finds out by its next dump what is gone.
    if (this.scenario.poll !== null && (this.board.get("dumping") === 1 || this.alive > 0)) return false;
    return !closes && rmemBytes === 0 && this.board.get("waiting") === 1;
  }

  private async ready(): Promise<void> {
    for (let waited = 0; this.board.get("ready") === 0; waited++) {
      if (this.failure !== null) throw this.failure;
      if (waited > LONGEST_START_MILLISECONDS) throw new Error("a listener's thread did not open its socket");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
