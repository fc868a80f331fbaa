/**
 * The simulated kernel and the reference side by side: one sequence of kernel calls drives both, and after each call
 * they must have logged the same and be in the same state. Time moves only by `wait`, in which timers fire and workers
 * run when they want to; what a CPU would have delayed is not looked at here.
 */
import assert from "node:assert/strict";
import { DaemonView } from "../../src/daemon/view.js";
import { Flush } from "../../src/kernel/conntrack/flush.js";
import { ACTIVE, DYING, FREE } from "../../src/kernel/conntrack/table.js";
import { effectiveRelease } from "../../src/kernel/effective-release.js";
import { RECV_EMPTY, RECV_ENOBUFS } from "../../src/kernel/netlink/socket.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { POLICY } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import { SimulatedKernel } from "../../src/simulation/kernel.js";
import { ReferenceKernel, type Verdict } from "./kernel.js";
import { type Kind, type Message, ReferenceSocket } from "./socket.js";
import { type Packet, plausible, type Segment } from "./trackers.js";

/** One call; `choice` picks what a conversation in its state may do next. */
export type Call =
  | { call: "packet"; tuple: number; choice: number }
  | { call: "first packets"; from: number; connections: number }
  | { call: "icmp error"; tuple: number }
  | { call: "delete"; tuple: number }
  | { call: "flush"; readsPerEntry: number }
  | { call: "recv"; listener: number; times: number }
  | { call: "wait"; jiffies: number; attemptNanoseconds: number }
  | { call: "join"; listener: number }
  | { call: "close"; listener: number };

const KINDS = ["NEW", "UPDATE", "DESTROY"] as const;
const VERDICTS = ["accepted", "table full", "SYN dropped", "chain too long"] as const satisfies Verdict[];
const SEGMENTS: readonly Segment[] = ["SYN", "SYN/ACK", "FIN", "ACK", "RST"];

/** T of one message with every option of a distribution: from the description of the kernel, not from the code. */
function truesizeOf({ kernel, protocol, family }: Scenario, truesize: "payload" | "head"): number {
  if (truesize === "head") return 1280;
  const [, , patch = 0] = kernel.split(".").map(Number);
  if (kernel.startsWith("2.6") && patch < 39) return 552;
  if (family === "ipv4") return protocol === "tcp" ? 680 : 616;
  return protocol === "udp" ? 680 : 744;
}

export class Comparison {
  private readonly kernel: SimulatedKernel;
  private readonly reference: ReferenceKernel;
  private readonly log: string[] = [];
  /** The reference's number of the entry of a record. */
  private readonly numbers: number[] = [];
  private made = 0;

  constructor(private readonly scenario: Scenario) {
    const release = effectiveRelease(scenario)!;
    const streams = new Streams(scenario.seed);
    this.kernel = new SimulatedKernel(scenario, release, streams, new DaemonView(true));
    const { table, clock } = this.kernel;
    const truesize = truesizeOf(scenario, release.truesize);
    const sockets = scenario.listeners.map(
      ({ policy, groups }, listener) =>
        new ReferenceSocket(
          {
            rcvbufBytes: this.kernel.sockets[listener]!.rcvbufBytes,
            admission: release.admission,
            ...POLICY[policy],
            groups: groups.map((group) => group.toUpperCase() as Kind),
          },
          truesize,
        ),
    );
    const draws = new Streams(scenario.seed);
    this.reference = new ReferenceKernel(release, clock, sockets, {
      protocol: scenario.protocol,
      family: scenario.family,
      path: scenario.path,
      max: scenario.nfConntrackMax,
      buckets: scenario.buckets,
      timeoutsSeconds: scenario.timeoutsSeconds,
      bucketOf: (tuple, direction) => table.bucketOf(tuple, direction),
      grace: draws.of("grace").uint32,
      graceJiffies: Math.round(scenario.graceMaxSeconds * scenario.hz),
      chainLimit: draws.of("chain limits").uint32,
    });
    // Where in its idle cycle the gc worker is at the start is chance.
    if (this.reference.gc !== null) {
      this.reference.gc.work.due = this.kernel.gc!.work.due;
      this.reference.gc.last = Reflect.get(this.kernel.gc!, "bucket") as number;
    }
    scenario.listeners.forEach(({ joins }, listener) => {
      sockets[listener]!.open = joins === "start";
    });
    this.listen();
  }

  /** Writes down what the simulated kernel does, in the reference's words. */
  private listen(): void {
    const { table, ctnetlink, ledger, sockets } = this.kernel;
    const { log, numbers } = this;
    const allocate = table.allocate.bind(table);
    table.allocate = (tuple, flowClass) => {
      const entry = allocate(tuple, flowClass);
      numbers[entry] = this.made++;
      log.push(`#${numbers[entry]} created for ${tuple}`);
      return entry;
    };
    const free = table.free.bind(table);
    table.free = (entry) => {
      log.push(`#${numbers[entry]} freed`);
      free(entry);
    };
    const raised = ledger.raised.bind(ledger);
    let isBooking = false;
    ledger.raised = (entry, kind) => {
      if (!isBooking) log.push(`#${numbers[entry]} raises ${KINDS[kind]}`);
      raised(entry, kind);
    };
    let attempt = 0;
    const booked = ledger.raisedAndAttempted.bind(ledger);
    ledger.raisedAndAttempted = (entry, kind, kept) => {
      // It is told when the attempt is over.
      log.splice(attempt, 0, `#${numbers[entry]} raises ${KINDS[kind]}`);
      isBooking = true;
      booked(entry, kind, kept);
      isBooking = false;
    };
    const send = ctnetlink.send.bind(ctnetlink);
    ctnetlink.send = (kind, entry, withProtoinfo, withPortid) => {
      attempt = log.length;
      const ok = send(kind, entry, withProtoinfo, withPortid);
      log.push(`#${numbers[entry]} ${KINDS[kind]} ${ok ? "ok" : "failed"}`);
      return ok;
    };
    sockets.forEach((socket, listener) => {
      const offer = socket.offer.bind(socket);
      socket.offer = (kind, truesize, entry, message) => {
        const admitted = offer(kind, truesize, entry, message);
        log.push(`  listener ${listener} ${admitted ? "takes" : "refuses"} ${KINDS[kind]} of #${numbers[entry]}`);
        return admitted;
      };
    });
  }

  /** Both do it, and agree. */
  do(call: Call): void {
    this.agree(this.done(call));
  }

  private done(call: Call): string {
    switch (call.call) {
      case "packet":
        return this.packet(call.tuple, call.choice);
      case "first packets":
        for (let tuple = call.from; tuple < call.from + call.connections; tuple++) this.packet(tuple, 0);
        return `${call.connections} new connections`;
      case "icmp error":
        this.kernel.packets.icmpError(call.tuple);
        this.reference.icmpError(call.tuple);
        return `an ICMP error about ${call.tuple}`;
      case "delete":
        assert.equal(this.kernel.deletion.deleteTuple(call.tuple), this.reference.deleteTuple(call.tuple), "found");
        return `the delete of ${call.tuple}`;
      case "flush":
        return this.flush(call.readsPerEntry);
      case "recv":
        return this.recv(call.listener, call.times);
      case "wait":
        return this.wait(call.jiffies, call.attemptNanoseconds);
      case "join":
        return this.setOpen(call.listener, true);
      case "close":
        return this.setOpen(call.listener, false);
    }
  }

  private setOpen(number: number, isOpen: boolean): string {
    const listener = number % this.kernel.sockets.length;
    const sides = [this.kernel.sockets[listener]!, this.reference.sockets[listener]!];
    for (const socket of sides) {
      if (!isOpen) socket.close();
      else if (this.scenario.listeners[listener]!.joins !== "start") socket.open = true;
    }
    return `listener ${listener} came or went`;
  }

  /** While every listener reads all and nothing new comes, the dying list empties. */
  settle(): void {
    for (let round = 0; round < 2000 && this.reference.dying.length > 0; round++) {
      this.recvAll(Number.POSITIVE_INFINITY);
      this.wait(Math.ceil(this.scenario.hz / 10), 0);
    }
    assert.equal(this.kernel.table.dying, 0, "entries that stay on the dying list of listeners that read");
  }

  private packet(tuple: number, choice: number): string {
    const packet = this.packetOf(tuple, choice);
    const what = `${packet.segment} of ${tuple}${packet.reply ? ", reply" : ""}`;
    const verdict = this.kernel.packets.packet(tuple, packet.reply ? 1 : 0, SEGMENTS.indexOf(packet.segment) as never);
    assert.equal(VERDICTS[verdict], this.reference.packet(tuple, packet), what);
    return what;
  }

  private packetOf(tuple: number, choice: number): Packet {
    const entry = this.reference.active(tuple);
    if (this.scenario.protocol !== "tcp") return { segment: "ACK", reply: entry !== null && choice % 2 === 1 };
    const packets = plausible(entry?.tcp ?? "NONE");
    return packets[choice % packets.length]!;
  }

  private flush(readsPerEntry: number): string {
    const flush = new Flush(this.kernel.table, this.kernel.deletion, this.kernel.release.flushDirection);
    this.reference.flushBegins();
    for (;;) {
      const goesOn = flush.step();
      assert.equal(goesOn, this.reference.flushStep(), "the flush goes on");
      this.agree("an entry of a flush");
      if (!goesOn) return "a flush";
      this.recvAll(readsPerEntry);
    }
  }

  private recvAll(times: number): void {
    for (let listener = 0; listener < this.kernel.sockets.length; listener++) this.recv(listener, times);
  }

  private recv(number: number, times: number): string {
    const listener = number % this.kernel.sockets.length;
    const isOpen = this.kernel.sockets[listener]!.open;
    for (let i = 0; isOpen && i < times; i++) {
      const got = this.received(listener);
      assert.deepEqual(got, this.reference.sockets[listener]!.recv(), `recv of listener ${listener}`);
      if (got === null) break;
    }
    return `recv of listener ${listener}`;
  }

  private received(listener: number): Message | "ENOBUFS" | null {
    const socket = this.kernel.sockets[listener]!;
    const result = socket.recv(false);
    if (result === RECV_EMPTY) return null;
    if (result === RECV_ENOBUFS) return "ENOBUFS";
    return { kind: KINDS[socket.kind]!, tuple: socket.tuple, portid: socket.portid === 0 ? 0 : 1 };
  }

  private wait(jiffies: number, attemptNanoseconds: number): string {
    const { clock } = this.kernel;
    const until = clock.timeOf(clock.jiffies + jiffies);
    for (;;) {
      const timer = this.nextTimer();
      const worker = this.kernel.redelivery.due;
      const gc = this.kernel.gc?.work.due ?? Number.POSITIVE_INFINITY;
      const next = Math.min(timer, worker, gc);
      if (next > until) break;
      clock.now = Math.max(clock.now, next);
      if (timer === next) this.fireTimers();
      else if (worker < gc || (worker === gc && this.kernel.redelivery.work!.precedes(this.kernel.gc!.work))) {
        this.runWorker(attemptNanoseconds);
      } else this.runGc();
    }
    clock.now = Math.max(clock.now, until);
    return `${jiffies} jiffies`;
  }

  private nextTimer(): number {
    const { clock, timers } = this.kernel;
    const jiffy = timers.nextJiffy();
    return Math.min(jiffy < 0 ? Number.POSITIVE_INFINITY : clock.timeOf(jiffy), this.referenceTimer());
  }

  private referenceTimer(): number {
    const jiffy = this.reference.nextTimer();
    return jiffy === Number.POSITIVE_INFINITY ? jiffy : this.kernel.clock.timeOf(jiffy);
  }

  private fireTimers(): void {
    const { timers, table, redelivery, deletion, clock } = this.kernel;
    const jiffy = timers.nextJiffy();
    if (jiffy >= 0 && clock.timeOf(jiffy) <= clock.now) {
      timers.fire(jiffy);
      for (let entry = timers.take(); entry >= 0; entry = timers.take()) {
        if (table.placeOf(entry) === DYING) redelivery.fire(entry);
        else deletion.expire(entry);
      }
    }
    if (this.referenceTimer() <= clock.now) this.reference.fireTimers(this.reference.nextTimer());
    this.agree("timers");
  }

  /** Each attempt takes time, which passes before the next: of its own time an attempt knows nothing. */
  private runWorker(attemptNanoseconds: number): void {
    const { redelivery, ctnetlink, clock } = this.kernel;
    const from = clock.now;
    do {
      const { attempts } = ctnetlink;
      redelivery.step();
      clock.now += (ctnetlink.attempts - attempts) * attemptNanoseconds;
    } while (redelivery.running);
    const to = clock.now;
    clock.now = from;
    this.reference.betweenRetries = () => {
      clock.now += attemptNanoseconds;
    };
    this.reference.redelivery.run();
    clock.now = to;
    this.agree("a run of the redelivery worker");
  }

  private runGc(): void {
    const gc = this.kernel.gc!;
    do gc.step();
    while (gc.running);
    this.reference.gc!.run();
    this.agree("a run of the gc worker");
  }

  /** What happened and where everything is now. */
  private agree(after: string): void {
    const { reference, log } = this;
    const expected = reference.log.filter((line) => line !== "early drop");
    assert.deepEqual(log.splice(0), expected, `what happened during ${after}`);
    this.earlyDrops += reference.log.length - expected.length;
    reference.log.length = 0;
    assert.deepEqual(this.state(), this.referenceState(), `the state after ${after}`);
  }

  private earlyDrops = 0;

  /** Deadlines are counted by the jiffy only up to the limit of the run. */
  private get countsExpired(): boolean {
    return this.kernel.clock.now < this.scenario.limitSeconds * 1e9;
  }

  private state(): unknown {
    const { clock, table, sockets, redelivery, gc, deletion, expiry } = this.kernel;
    const entries: string[] = [];
    for (let entry = 0; entry < table.capacity; entry++) {
      if (table.placeOf(entry) === FREE) continue;
      entries.push(`${this.numbers[entry]} ${table.placeOf(entry) === ACTIVE ? "active" : "dying"}`);
    }
    return {
      entries: entries.sort(),
      count: table.count,
      earlyDrops: table.counters.earlyDrop,
      dying: redelivery.work === null ? null : deletion.dyingList.entries.map((e) => this.numbers[e]).reverse(),
      expired: expiry.lazy && this.countsExpired ? expiry.expired() : 0,
      worker: Math.max(redelivery.due, clock.now),
      gc: gc?.work.due ?? null,
      sockets: sockets.map(({ rmem, queued, congested, drops, enobufs }) => ({
        rmem,
        queued,
        congested,
        drops,
        enobufs,
      })),
    };
  }

  private referenceState(): unknown {
    const { reference } = this;
    const active = reference.activeEntries();
    return {
      entries: [
        ...active.map(({ number }) => `${number} active`),
        ...reference.dying.map(({ number }) => `${number} dying`),
      ].sort(),
      count: reference.count,
      earlyDrops: this.earlyDrops,
      dying: reference.redelivery.work === null ? null : reference.dying.map(({ number }) => number),
      expired: this.countsExpired ? active.filter((entry) => reference.isExpired(entry)).length : 0,
      worker: Math.max(reference.redelivery.work?.due ?? Number.POSITIVE_INFINITY, this.kernel.clock.now),
      gc: reference.gc?.work.due ?? null,
      sockets: reference.sockets.map(({ rmem, queue, congested, drops, enobufs }) => ({
        rmem,
        queued: queue.length,
        congested,
        drops,
        enobufs,
      })),
    };
  }
}
