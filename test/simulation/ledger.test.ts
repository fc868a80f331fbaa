/**
 * The accounts: what becomes of an event, told by the ledger alone. Each test says what the kernel reports to it, in
 * the order of the kernel, and what the books must then say; the last one does so for any story at all.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { DaemonView } from "../../src/daemon/view.js";
import { ACTIVE, ConntrackTable } from "../../src/kernel/conntrack/table.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE, type MessageKind } from "../../src/kernel/events/kinds.js";
import { ADMITTED, Broadcast, REFUSED } from "../../src/kernel/netlink/broadcast.js";
import { NetlinkSocket } from "../../src/kernel/netlink/socket.js";
import { releaseFor } from "../../src/kernel/release.js";
import { Ledger } from "../../src/simulation/ledger.js";

const RELEASE = releaseFor("3.6")!;
/** What the observed socket did with a message, and how the broadcast says so. */
const OUTCOMES = { admitted: ADMITTED, refused: REFUSED, "not offered": 0 } as const;
type Outcome = keyof typeof OUTCOMES;

const socketOf = (groups: number): NetlinkSocket =>
  new NetlinkSocket({ rcvbufBytes: 1e9, admission: "old", broadcastError: false, noEnobufs: false, groups });

class Books {
  readonly table = new ConntrackTable({ buckets: 8, max: 0, capacity: 16, hashSeed: 1 });
  readonly view = new DaemonView(false);
  private readonly broadcast = new Broadcast([], RELEASE, RELEASE.config);
  readonly socket: NetlinkSocket;
  readonly ledger: Ledger;

  /** `groups`: those that the listener joined; all of them where nothing is said. */
  constructor(groups = 7) {
    this.socket = socketOf(groups);
    this.ledger = new Ledger(this.table, this.broadcast, this.view, this.socket);
  }

  entry(tuple = 1): number {
    const entry = this.table.allocate(tuple);
    this.table.link(entry);
    return entry;
  }

  attempt(entry: number, kind: MessageKind, outcome: Outcome, kept: boolean, raised: "before" | "at once" = "before") {
    this.broadcast.observed = OUTCOMES[outcome];
    if (outcome === "admitted") this.offer(this.socket, entry, kind, 0);
    if (raised === "at once") this.ledger.raisedAndAttempted(entry, kind, kept);
    else this.ledger.attempted(entry, kind, kept);
  }

  /** The entry leaves the hash and waits for its DESTROY. */
  die(entry: number): void {
    this.table.unlink(entry);
    this.table.moveToDying(entry);
  }

  /** The entry is out of the table. */
  remove(entry: number): void {
    this.ledger.freed(entry);
    if (this.table.placeOf(entry) === ACTIVE) this.table.unlink(entry);
    this.table.free(entry);
  }

  /** The daemon reads a message about an entry. */
  read(entry: number, kind: MessageKind, raisedAt: number, now: number): void {
    const socket = socketOf(7);
    this.offer(socket, entry, kind, raisedAt);
    this.handle(socket, now);
  }

  /** The daemon reads the next message of its own socket. */
  readNext(): void {
    this.handle(this.socket, 0);
  }

  private offer(socket: NetlinkSocket, entry: number, kind: MessageKind, raisedAt: number): void {
    socket.offer(kind, 1280, entry, {
      tupleOf: () => this.table.tupleOf(entry),
      idOf: () => this.table.idOf(entry),
      portidOf: () => 0,
      raisedAt: () => raisedAt,
    });
  }

  private handle(socket: NetlinkSocket, now: number): void {
    socket.recv(false);
    this.ledger.read(socket, this.view.apply(socket.kind, socket.tuple, socket.id, 0), now);
  }

  /** raised, delivered, unread, merged, lost, pending. */
  statesOf(kind: MessageKind): number[] {
    const { raised, admitted, delivered, merged, lost } = this.ledger.kinds[kind];
    return [raised, delivered, admitted - delivered - merged, merged, lost, this.ledger.pending()[kind]];
  }

  /** Once all is read: raised, delivered, merged, lost, pending; then attempts and refused. */
  of(kind: MessageKind): number[] {
    while (this.socket.queued > 0) this.readNext();
    const account = this.ledger.kinds[kind];
    const { raised, delivered, merged, lost, attempts, refused } = account;
    return [raised, delivered, merged, lost, this.ledger.pending()[kind], attempts, refused];
  }
}

describe("an event", () => {
  for (const outcome of Object.keys(OUTCOMES) as Outcome[]) {
    for (const waiting of [false, true]) {
      test(`that is ${outcome}, with ${waiting ? "another that waits" : "none that waits"}, is booked at once as in turn`, () => {
        const booked = [false, true].map((atOnce) => {
          const b = new Books();
          const entry = b.entry();
          if (waiting) {
            b.ledger.raised(entry, KIND_NEW);
            b.attempt(entry, KIND_NEW, "refused", true);
          }
          if (atOnce) b.attempt(entry, KIND_UPDATE, outcome, true, "at once");
          else {
            b.ledger.raised(entry, KIND_UPDATE);
            b.attempt(entry, KIND_UPDATE, outcome, true);
          }
          return [b.of(KIND_NEW), b.of(KIND_UPDATE), b.ledger.stale, b.ledger.missing];
        });
        assert.deepEqual(booked[1], booked[0]);
      });
    }
  }

  test("that is admitted is delivered", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_NEW);
    b.attempt(entry, KIND_NEW, "admitted", false);
    assert.deepEqual(b.of(KIND_NEW), [1, 1, 0, 0, 0, 1, 0]);
  });

  test("that is admitted is unread until the daemon has read it", () => {
    const b = new Books();
    for (const tuple of [1, 2]) {
      const entry = b.entry(tuple);
      b.ledger.raised(entry, KIND_NEW);
      b.attempt(entry, KIND_NEW, "admitted", false);
    }
    assert.deepEqual(b.statesOf(KIND_NEW), [2, 0, 2, 0, 0, 0]);
    b.readNext();
    assert.deepEqual(b.statesOf(KIND_NEW), [2, 1, 1, 0, 0, 0]);
  });

  test("that another message carries is unread with it, and merged when that is read", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_NEW);
    b.attempt(entry, KIND_NEW, "refused", true);
    for (let i = 0; i < 2; i++) {
      b.ledger.raised(entry, KIND_UPDATE);
      b.attempt(entry, KIND_NEW, "refused", true);
    }
    b.ledger.raised(entry, KIND_DESTROY);
    b.attempt(entry, KIND_DESTROY, "admitted", false);
    const states = () => [KIND_NEW, KIND_UPDATE, KIND_DESTROY].map((kind) => b.statesOf(kind as MessageKind));
    assert.deepEqual(states(), [
      [1, 0, 1, 0, 0, 0],
      [2, 0, 2, 0, 0, 0],
      [1, 0, 1, 0, 0, 0],
    ]);
    b.readNext();
    assert.deepEqual(states(), [
      [1, 0, 0, 1, 0, 0],
      [2, 0, 0, 2, 0, 0],
      [1, 1, 0, 0, 0, 0],
    ]);
  });

  test("of a group that the listener did not join is not raised for it, neither lost nor pending", () => {
    const b = new Books(0b101);
    const entry = b.entry();
    b.ledger.raised(entry, KIND_NEW);
    b.attempt(entry, KIND_NEW, "admitted", false);
    b.ledger.raised(entry, KIND_UPDATE);
    b.attempt(entry, KIND_UPDATE, "not offered", false);
    assert.deepEqual(b.statesOf(KIND_UPDATE), [0, 0, 0, 0, 0, 0]);
    assert.equal(b.ledger.kinds[KIND_UPDATE].notSubscribed, 1);
  });

  test("that is refused and kept is pending, and delivered when it is admitted later", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_NEW);
    b.attempt(entry, KIND_NEW, "refused", true);
    assert.deepEqual(b.of(KIND_NEW), [1, 0, 0, 0, 1, 1, 1]);
    b.ledger.raised(entry, KIND_UPDATE);
    b.attempt(entry, KIND_NEW, "admitted", false);
    assert.deepEqual(b.of(KIND_NEW), [1, 1, 0, 0, 0, 2, 1]);
    assert.deepEqual(b.of(KIND_UPDATE), [1, 0, 1, 0, 0, 0, 0]);
  });

  test("that is refused and not kept is lost", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_UPDATE);
    b.attempt(entry, KIND_UPDATE, "refused", false);
    assert.deepEqual(b.of(KIND_UPDATE), [1, 0, 0, 1, 0, 1, 1]);
  });

  test("that nobody was offered is lost: no listener of its group, or a message that could not be built", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_NEW);
    b.attempt(entry, KIND_NEW, "not offered", false);
    assert.deepEqual(b.of(KIND_NEW), [1, 0, 0, 1, 0, 1, 0]);
  });

  test("that the observed listener has is delivered once, also when another listener makes it be sent again", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_DESTROY);
    for (let i = 0; i < 3; i++) b.attempt(entry, KIND_DESTROY, "admitted", true);
    b.attempt(entry, KIND_DESTROY, "admitted", false);
    assert.deepEqual(b.of(KIND_DESTROY), [1, 1, 0, 0, 0, 4, 0]);
  });

  test("of NEW or UPDATE kind that a DESTROY carries is merged, all of them", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_NEW);
    b.attempt(entry, KIND_NEW, "refused", true);
    for (let i = 0; i < 2; i++) {
      b.ledger.raised(entry, KIND_UPDATE);
      b.attempt(entry, KIND_NEW, "refused", true);
    }
    assert.deepEqual(b.of(KIND_UPDATE), [2, 0, 0, 0, 2, 0, 0]);
    b.ledger.raised(entry, KIND_DESTROY);
    b.attempt(entry, KIND_DESTROY, "admitted", false);
    assert.deepEqual(b.of(KIND_NEW), [1, 0, 1, 0, 0, 3, 3]);
    assert.deepEqual(b.of(KIND_UPDATE), [2, 0, 2, 0, 0, 0, 0]);
    assert.deepEqual(b.of(KIND_DESTROY), [1, 1, 0, 0, 0, 1, 0]);
  });

  test("is lost with everything that waited when the DESTROY itself is lost", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_NEW);
    b.attempt(entry, KIND_NEW, "refused", true);
    b.ledger.raised(entry, KIND_DESTROY);
    b.attempt(entry, KIND_DESTROY, "refused", false);
    assert.deepEqual(b.of(KIND_NEW), [1, 0, 0, 1, 0, 1, 1]);
    assert.deepEqual(b.of(KIND_DESTROY), [1, 0, 0, 1, 0, 1, 1]);
  });

  test("of an entry does not stay with its record when the record is used again", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_DESTROY);
    b.attempt(entry, KIND_DESTROY, "admitted", false);
    b.remove(entry);
    assert.equal(b.entry(2), entry);
    assert.deepEqual(b.ledger.pending(), [0, 0, 0]);
  });
});

describe("resends", () => {
  test("are attempts after the first, counted by entry, those of dying entries included", () => {
    const b = new Books();
    const [none, two, dying] = [b.entry(1), b.entry(2), b.entry(3)];
    for (const [entry, failures, delivered] of [
      [none, 0, true],
      [two, 2, true],
      [dying, 4, false],
    ] as const) {
      b.ledger.raised(entry, KIND_DESTROY);
      for (let i = 0; i < failures; i++) b.attempt(entry, KIND_DESTROY, "refused", true);
      if (failures > 0) b.die(entry);
      if (!delivered) continue;
      b.attempt(entry, KIND_DESTROY, "admitted", false);
      b.remove(entry);
    }
    const counts = b.ledger.resendCounts();
    assert.deepEqual(
      [1, 2, 3, 4].map((resends) => counts[resends] ?? 0),
      // Four failures are three resends of an entry that is still dying.
      [0, 1, 1, 0],
    );
    assert.equal(b.ledger.destroyAttempts, 8);
  });

  test("of a dying entry count also when only another listener lacks its DESTROY", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_DESTROY);
    for (let i = 0; i < 3; i++) b.attempt(entry, KIND_DESTROY, "admitted", true);
    b.die(entry);
    assert.equal(b.ledger.resendCounts()[2], 1);
  });

  test("of a record are not those of its next entry when nobody was to hear of that one", () => {
    const b = new Books();
    const loud = b.entry();
    b.ledger.raised(loud, KIND_DESTROY);
    b.attempt(loud, KIND_DESTROY, "refused", true);
    b.attempt(loud, KIND_DESTROY, "admitted", false);
    b.remove(loud);
    // Made while nobody listened (nf_conntrack_events=2): it goes without an event.
    const silent = b.entry(2);
    assert.equal(silent, loud);
    b.remove(silent);
    assert.equal(b.ledger.resendCounts()[1], 1);
  });

  test("of a record start anew with its next entry", () => {
    const b = new Books();
    for (let life = 0; life < 2; life++) {
      const entry = b.entry();
      b.ledger.raised(entry, KIND_DESTROY);
      b.attempt(entry, KIND_DESTROY, "refused", true);
      b.attempt(entry, KIND_DESTROY, "admitted", false);
      b.remove(entry);
    }
    assert.equal(b.ledger.resendCounts()[1], 2);
  });
});

describe("the daemon's verdict", () => {
  test("an active entry is missing until the daemon has read of it, and stale from its deletion until its DESTROY is read", () => {
    const b = new Books();
    const entry = b.entry();
    const verdict = (): number[] => [b.ledger.missing, b.ledger.stale];
    assert.deepEqual(verdict(), [1, 0]);
    b.read(entry, KIND_NEW, 0, 0);
    assert.deepEqual(verdict(), [0, 0]);
    b.read(entry, KIND_UPDATE, 0, 0);
    assert.deepEqual(verdict(), [0, 0]);
    b.ledger.raised(entry, KIND_DESTROY);
    b.table.unlink(entry);
    b.table.moveToDying(entry);
    assert.deepEqual(verdict(), [0, 1]);
    b.read(entry, KIND_DESTROY, 0, 0);
    assert.deepEqual(verdict(), [0, 0]);
  });

  test("an entry stays known while further events of it are delivered or lost", () => {
    const b = new Books();
    const entry = b.entry();
    b.read(entry, KIND_NEW, 0, 0);
    for (const outcome of ["admitted", "refused", "not offered"] as const) {
      b.ledger.raised(entry, KIND_UPDATE);
      b.attempt(entry, KIND_UPDATE, outcome, false);
    }
    b.ledger.raised(entry, KIND_DESTROY);
    b.table.unlink(entry);
    b.table.moveToDying(entry);
    assert.deepEqual([b.ledger.missing, b.ledger.stale], [0, 1]);
  });

  test("a NEW that is read after the entry's deletion makes it stale at once", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_DESTROY);
    b.table.unlink(entry);
    b.table.moveToDying(entry);
    b.read(entry, KIND_NEW, 0, 0);
    assert.deepEqual([b.ledger.missing, b.ledger.stale], [0, 1]);
  });

  test("a daemon that learns of an entry by its DESTROY alone never believed it alive", () => {
    const b = new Books();
    const entry = b.entry();
    b.ledger.raised(entry, KIND_DESTROY);
    b.table.unlink(entry);
    b.table.moveToDying(entry);
    b.read(entry, KIND_DESTROY, 0, 0);
    assert.deepEqual([b.ledger.missing, b.ledger.stale], [0, 0]);
  });

  test("a tuple that comes again with its old id is told from its previous life: neither figure is ever negative", () => {
    const b = new Books();
    const old = b.entry();
    const identity = [b.table.tupleOf(old), b.table.idOf(old)];
    b.ledger.raised(old, KIND_DESTROY);
    b.remove(old);
    const entry = b.entry();
    assert.deepEqual([b.table.tupleOf(entry), b.table.idOf(entry)], identity);
    b.read(entry, KIND_NEW, 0, 0);
    b.read(entry, KIND_DESTROY, 0, 0);
    assert.deepEqual([b.ledger.missing, b.ledger.stale], [1, 0]);
  });

  test("the latency of a DESTROY is counted from when it was raised to when it was read", () => {
    const b = new Books();
    for (const [raised, read] of [
      [1000, 6000],
      [0, 2_000_000],
    ] as const) {
      const entry = b.entry();
      b.ledger.raised(entry, KIND_DESTROY);
      b.read(entry, KIND_DESTROY, raised, read);
    }
    assert.equal(b.ledger.latencies[KIND_DESTROY].maxNanoseconds, 2_000_000);
    assert.equal(b.ledger.latencies[KIND_DESTROY].quantileSeconds(0.5), 5e-6);
  });
});

test("raised = delivered + unread + merged + lost + pending after every step of any story", () => {
  const outcome = fc.constantFrom<Outcome>("admitted", "refused", "not offered");
  const step = fc.record({
    which: fc.nat(7),
    packet: fc.boolean(),
    destroy: fc.integer({ min: 0, max: 9 }),
    outcome,
    kept: fc.boolean(),
    read: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
      const b = new Books();
      /** By entry: whether its first event is out, whether its NEW is missed, whether it is dying. */
      const entries = Array.from({ length: 8 }, (_, tuple) => ({
        entry: b.entry(tuple),
        fresh: true,
        missedNew: false,
        missed: false,
        dying: false,
      }));
      for (const { which, destroy, outcome: fate, kept, read } of steps) {
        if (read && b.socket.queued > 0) b.readNext();
        const e = entries[which]!;
        if (e.dying || destroy === 0) {
          if (!e.dying) b.ledger.raised(e.entry, KIND_DESTROY);
          e.dying = true;
          b.attempt(e.entry, KIND_DESTROY, fate, kept);
          if (!kept) {
            b.remove(e.entry);
            Object.assign(e, { entry: b.entry(which), fresh: true, missedNew: false, missed: false, dying: false });
          }
        } else {
          b.ledger.raised(e.entry, e.fresh ? KIND_NEW : KIND_UPDATE);
          b.attempt(e.entry, e.fresh || e.missedNew ? KIND_NEW : KIND_UPDATE, fate, kept);
          e.missedNew = kept && (e.fresh || e.missedNew);
          e.fresh = false;
        }
        for (const kind of [KIND_NEW, KIND_UPDATE, KIND_DESTROY] as const) {
          const [raised, ...states] = b.statesOf(kind);
          assert.equal(
            raised,
            states.reduce((sum, events) => sum + events, 0),
          );
          assert.ok(states.every((events) => events >= 0));
        }
      }
    }),
    { numRuns: 100, seed: 9 },
  );
});
