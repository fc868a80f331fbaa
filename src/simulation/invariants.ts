/**
 * What must hold in every run, whatever the scenario: identities of the accounts, bounds, and that a reliable run which
 * settled delivered every DESTROY once. The checks watch a run from outside, at every sample of the timeline and at its
 * end; a violation is a bug of ours (exit code 4). They share no code with what they check.
 */
import { FREE } from "../kernel/conntrack/table.js";
import { KIND_DESTROY } from "../kernel/events/kinds.js";
import { DumpingSocket } from "../kernel/netlink/dumping-socket.js";
import type { Machine } from "./machine.js";

type Check = (run: Machine) => string | null;

const WATCHED: Record<string, Check> = {
  "count is what was created and not freed": ({ kernel: { table } }) =>
    differ("count", table.count, "created − destroyed", table.counters.created - table.counters.destroyed),

  "count never exceeds nf_conntrack_max, unless the release lets it": ({ kernel: { table, release } }) =>
    table.max === 0 || release.earlyDrop.undeliveredCountsAsFreed || table.counters.peakCount <= table.max
      ? null
      : `peak count ${table.counters.peakCount}, limit ${table.max}`,

  "a queue holds what was admitted and not read": (run) =>
    eachSocket(run, (socket) =>
      socket.open ? differ("queued", socket.queued, "admitted − received", socket.admitted - socket.received) : null,
    ),

  "rmem is within its bound": (run) =>
    eachSocket(run, (socket) => {
      const truesize = run.largestTruesize;
      const bound =
        run.kernel.release.admission === "old" ? socket.rcvbufBytes + truesize : Math.max(socket.rcvbufBytes, truesize);
      const reply = socket instanceof DumpingSocket ? socket.largestReplyBytes : 0;
      const overflow = socket.peakRmem > Math.max(bound, run.rmemAtShrink) + reply;
      return socket.rmem < 0 || overflow || (socket.rmem === 0) !== (socket.queued === 0)
        ? `rmem ${socket.rmem}, peak ${socket.peakRmem}, bound ${bound}, queued ${socket.queued}`
        : null;
    }),

  "ENOBUFS comes once per episode": (run) =>
    eachSocket(run, (socket) =>
      socket.enobufs <= socket.congestions + socket.errorsSet
        ? null
        : `${socket.enobufs} ENOBUFS, ${socket.congestions} episodes, ${socket.errorsSet} build failures`,
    ),

  "the observed socket refused what its drops count": ({ kernel }) => {
    const refused = kernel.ledger.kinds.reduce((sum, kind) => sum + kind.refused, 0);
    const [socket] = kernel.sockets;
    const answers = socket instanceof DumpingSocket ? socket.refusedAnswers : 0;
    return differ("refused", refused, "drops without answers", socket!.drops - answers);
  },

  "retry delays lie in the grace window": ({ kernel: { redelivery }, graceWindowJiffies }) =>
    redelivery.delays === null ||
    (redelivery.delays.longestJiffies < graceWindowJiffies && redelivery.delays.shortestJiffies >= 0)
      ? null
      : `delays ${redelivery.delays.shortestJiffies} to ${redelivery.delays.longestJiffies}, window ${graceWindowJiffies} jiffies`,
};

const FINAL: Record<string, Check> = {
  "raised = delivered + unread + merged + lost + pending": ({ kernel: { ledger } }) => {
    const pending = ledger.pending();
    const wrong = ledger.kinds.map((kind, index) =>
      differ("raised", kind.raised, "sum", kind.admitted + kind.lost + pending[index]!),
    );
    return wrong.find((message) => message !== null) ?? null;
  },

  "what was admitted is delivered, merged, or waits in a message": ({ kernel: { ledger, sockets }, readers }) => {
    const unread = ledger.kinds.map(
      ({ admitted, delivered, merged, dropped }) => admitted - delivered - merged - dropped,
    );
    const waiting = sockets[0]!.admitted - sockets[0]!.received + readers.list[0]!.inFlight;
    return unread.some((events) => events < 0) || (waiting === 0 && unread.some((events) => events > 0))
      ? `unread ${unread.join(", ")} with ${waiting} messages not handled`
      : null;
  },

  "every record is free, unconfirmed, active or dying as counted": ({ kernel: { table } }) => {
    let inUse = 0;
    for (let entry = 0; entry < table.capacity; entry++) if (table.placeOf(entry) !== FREE) inUse++;
    return differ("records in use", inUse, "count", table.count);
  },

  "a reader received what its socket gave": (run) =>
    run.readers.list
      .map(({ socket, view, inFlight, droppedMessages }, index) => {
        const applied = view.received.new + view.received.update + view.received.destroy;
        const replies = run.readers.dumps[index]?.replies ?? 0;
        return differ("read", socket.received, "seen", applied + inFlight + droppedMessages + replies);
      })
      .find((message) => message !== null) ?? null,

  "reliable and settled: every DESTROY exactly once": (run) => {
    const [listener] = run.scenario.listeners;
    const { table, sockets, ledger, ctnetlink } = run.kernel;
    // With a chain of notifiers nothing is reliable.
    const { chainEvents } = run.scenario.kernelConfig;
    const reliable = sockets.length === 1 && sockets[0]!.broadcastError && sockets[0]!.open && !chainEvents;
    const fromTheStart =
      listener!.joins === "start" &&
      listener!.groups.includes("destroy") &&
      listener!.filter === null &&
      listener!.queue?.whenFull !== "drop";
    const unread = sockets[0]!.queued + run.readers.list[0]!.inFlight;
    if (!run.figures.settled || !reliable || !fromTheStart || unread > 0) return null;
    const { received } = run.readers.list[0]!.view;
    const { delivered, lost } = ledger.kinds[KIND_DESTROY];
    // What cannot be built reaches no listener, also in reliable mode.
    const expected =
      table.counters.destroyed - table.counters.untracked - table.counters.silent - (ctnetlink.unbuilt > 0 ? lost : 0);
    return (
      differ("DESTROY delivered", delivered, "entries freed", expected) ??
      differ("DESTROY received", received.destroy, "entries freed", expected)
    );
  },
};

export class Invariants {
  private readonly broken = new Set<string>();
  checked = 0;

  watch(run: Machine): void {
    this.apply(WATCHED, run);
  }

  conclude(run: Machine): void {
    this.apply(WATCHED, run);
    this.apply(FINAL, run);
  }

  get violated(): readonly string[] {
    return [...this.broken];
  }

  private apply(checks: Record<string, Check>, run: Machine): void {
    for (const [rule, check] of Object.entries(checks)) {
      this.checked++;
      const message = check(run);
      // The first violation of a rule says enough; the run goes on so that the report is whole.
      if (message !== null && ![...this.broken].some((text) => text.startsWith(rule))) {
        this.broken.add(`${rule}: ${message}`);
      }
    }
  }
}

function differ(name: string, value: number, otherName: string, other: number): string | null {
  return value === other ? null : `${name} ${value}, ${otherName} ${other}`;
}

function eachSocket(
  run: Machine,
  check: (socket: Machine["kernel"]["sockets"][number]) => string | null,
): string | null {
  for (const socket of run.kernel.sockets) {
    const message = check(socket);
    if (message !== null) return message;
  }
  return null;
}
