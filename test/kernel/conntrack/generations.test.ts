/**
 * What a packet and a deletion do differently from one release to the next, from 3.17 on: room in a full table,
 * reopened TCP connections, UDP streams, missed events, flows nobody listened to, long chains, and IPS_DYING.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACCEPTED, TABLE_FULL } from "../../../src/kernel/conntrack/packet.js";
import { type Direction, IPS_ASSURED, IPS_DYING, ORIGINAL, REPLY } from "../../../src/kernel/conntrack/status.js";
import { NIL } from "../../../src/kernel/conntrack/table.js";
import {
  ACK,
  FIN,
  STATE_MASK,
  SYN,
  SYN_ACK,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
} from "../../../src/kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE } from "../../../src/kernel/events/kinds.js";
import { Generation, type GenerationOptions, versions, versionsWith } from "../generations.js";

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

describe("early_drop from 4.8 on", () => {
  const BUCKETS = 64;

  class FullTable extends Generation {
    private from = 0;

    /**
     * New conversations with a node in the bucket: the one of the reply, unless said otherwise. The other is far from
     * where tests look.
     */
    fill(bucket: number, count: number, assured = false, direction: Direction = REPLY): number[] {
      const tuples: number[] = [];
      for (let tuple = this.from; tuples.length < count; tuple++) {
        const other = this.table.bucketOf(tuple, direction === REPLY ? ORIGINAL : REPLY);
        if (this.table.bucketOf(tuple, direction) === bucket && other >= 32 && other < 56) tuples.push(tuple);
      }
      this.from = tuples.at(-1)! + 1;
      this.request(...tuples);
      if (assured) for (const tuple of tuples) this.table.addStatus(this.entryOf(tuple), IPS_ASSURED);
      this.sink.taken();
      return tuples;
    }

    /** A packet of a conversation of its own whose search begins at the bucket. */
    newPacket(bucket: number): number {
      const [tuple] = this.tuplesIn(bucket, 1, 1_000_000, [ORIGINAL]);
      return this.request(tuple!)[0]!;
    }
  }

  const full = (version: string, max: number): FullTable => new FullTable({ version, max, buckets: BUCKETS });

  for (const version of versions("4.8")) {
    test(`${version}: clears the first bucket that has an un-assured entry, and looks no further`, () => {
      const k = full(version, 11);
      const un = k.fill(2, 3);
      const assured = [...k.fill(2, 2, true), ...k.fill(1, 2, true)];
      const next = k.fill(3, 4);
      assert.equal(k.newPacket(1), ACCEPTED);
      assert.equal(k.packets.earlyDrop.bucketsSearched, 2);
      assert.deepEqual(k.active([...un, ...assured, ...next]), [...assured, ...next]);
      assert.deepEqual([k.table.counters.earlyDrop, k.table.count], [3, 11 - 3 + 1]);
    });

    test(`${version}: gives up after eight buckets`, () => {
      const k = full(version, 6);
      const near = [...k.fill(3, 1, true), ...k.fill(7, 1, true)];
      const far = k.fill(8, 4);
      assert.equal(k.newPacket(0), TABLE_FULL);
      assert.equal(k.packets.earlyDrop.bucketsSearched, 8);
      assert.deepEqual(k.active([...near, ...far]), [...near, ...far]);
      assert.deepEqual([k.table.counters.earlyDrop, k.table.counters.drop], [0, 1]);
      assert.equal(k.newPacket(1), ACCEPTED);
    });

    test(`${version}: with nothing deliverable wipes all eight buckets into the dying list and drops the packet too`, () => {
      const k = full(version, 30);
      const near = range(8, 4).flatMap((bucket) => k.fill(bucket, 3));
      const assured = k.fill(6, 2, true);
      const far = [...k.fill(3, 2), ...k.fill(12, 2)];
      k.refuseDestroy();
      assert.equal(k.newPacket(4), TABLE_FULL);
      assert.deepEqual(k.active([...near, ...assured, ...far]), [...assured, ...far]);
      assert.deepEqual([k.table.count, k.table.dying], [30, 24]);
      assert.deepEqual([k.table.counters.earlyDrop, k.table.counters.drop], [0, 1]);
      // One attempt for each, without a portid.
      const sent = k.sink.taken();
      assert.equal(sent.length, 24);
      assert.ok(sent.every(({ kind, withPortid }) => kind === KIND_DESTROY && !withPortid));
    });
  }

  for (const version of versions("4.8")) {
    const walksOn = versions("5.19").includes(version);

    test(`${version}: behind an original node ${walksOn ? "goes on only if it was delivered" : "looks at nobody else of the bucket"}`, () => {
      for (const delivers of [true, false]) {
        const k = full(version, 6);
        const behind = k.fill(2, 2);
        const [victim] = k.fill(2, 1, false, ORIGINAL);
        const [before] = k.fill(2, 1);
        k.fill(20, 2, true);
        if (!delivers) k.refuseDestroy();
        k.newPacket(2);
        assert.deepEqual(k.active([before!, victim!, ...behind]), walksOn && delivers ? [] : behind);
      }
    });
  }

  test("pays for the dying list that it walks down", () => {
    const k = full("6.18.44", 22);
    const dying = k.fill(20, 20);
    k.refuseDestroy();
    for (const tuple of dying) k.deletion.evict(k.entryOf(tuple));
    k.fill(2, 2, false, ORIGINAL);
    assert.equal(k.newPacket(2), TABLE_FULL);
    // Eight buckets, and twenty entries behind the one that was killed, six buckets each.
    assert.equal(k.packets.earlyDrop.bucketsSearched, 8 + 20 * 6);
  });

  test("ends in the bucket in which one victim could be delivered; those before it that could not are dying", () => {
    const k = full("6.18.44", 12);
    const [first, second, third] = [k.fill(0, 4), k.fill(1, 4), k.fill(2, 4)];
    k.sink.accepts = ({ kind, tuple }) => kind !== KIND_DESTROY || tuple === second[1];
    assert.equal(k.newPacket(0), ACCEPTED);
    assert.deepEqual(k.active([...first, ...second, ...third]), third);
    assert.deepEqual([k.table.dying, k.table.counters.earlyDrop, k.table.counters.drop], [7, 1, 0]);
  });

  test("goes on at the first bucket after the last", () => {
    const k = full("6.18.44", 2);
    const victims = k.fill(1, 2);
    assert.equal(k.newPacket(BUCKETS - 2), ACCEPTED);
    assert.equal(k.packets.earlyDrop.bucketsSearched, 4);
    assert.deepEqual(k.active(victims), []);
  });

  test("before 4.8 takes one entry of a bucket", () => {
    for (const version of versions("3.16", "4.8")) {
      const k = full(version, 4);
      const un = k.fill(2, 4);
      assert.equal(k.newPacket(2), ACCEPTED);
      // The newest.
      assert.deepEqual(k.active(un), un.slice(0, 3));
    }
  });
});

describe("a SYN that reopens a connection in TIME_WAIT", () => {
  /** A closed connection, the old DESTROY of which cannot be delivered. */
  function closed(version: string): Generation {
    const k = new Generation({ version, protocol: "tcp" });
    for (const [direction, segment] of [
      [ORIGINAL, SYN],
      [REPLY, SYN_ACK],
      [ORIGINAL, ACK],
      [ORIGINAL, FIN],
      [REPLY, FIN],
      [ORIGINAL, ACK],
    ] as const) {
      assert.equal(k.packets.packet(1, direction, segment), ACCEPTED);
    }
    assert.equal(k.table.protocolStateOf(k.entryOf(1)) & STATE_MASK, TCP_TIME_WAIT);
    k.refuseDestroy();
    k.sink.taken();
    return k;
  }

  const syn = (k: Generation): number => k.packets.packet(1, ORIGINAL, SYN);

  for (const version of versions("2.6.31", "4.9")) {
    test(`${version}: begins a new entry at once while the old one is dying: the tuple exists twice`, () => {
      const k = closed(version);
      assert.equal(syn(k), ACCEPTED);
      assert.deepEqual([k.table.active, k.table.dying], [1, 1]);
      assert.equal(k.table.protocolStateOf(k.entryOf(1)) & STATE_MASK, TCP_SYN_SENT);
      assert.deepEqual(
        k.sink.taken().map(({ kind, ok }) => [kind, ok]),
        [
          [KIND_DESTROY, false],
          [KIND_NEW, true],
        ],
      );
    });
  }

  for (const version of versions("4.9")) {
    test(`${version}: is dropped when the old DESTROY cannot be delivered; the next one finds no entry and makes one`, () => {
      const k = closed(version);
      const verdict = syn(k);
      assert.ok(verdict !== ACCEPTED && verdict !== TABLE_FULL);
      assert.deepEqual([k.table.active, k.table.dying, k.entryOf(1)], [0, 1, NIL]);
      assert.equal(syn(k), ACCEPTED);
      assert.deepEqual([k.table.active, k.table.dying], [1, 1]);
    });

    test(`${version}: begins a new entry at once when it is delivered`, () => {
      const k = closed(version);
      k.acceptAll();
      assert.equal(syn(k), ACCEPTED);
      assert.deepEqual([k.table.active, k.table.dying], [1, 0]);
    });
  }

  test("and is dropped counts as a drop", () => {
    const k = closed("6.18.44");
    syn(k);
    assert.equal(k.table.counters.drop, 1);
  });
});

describe("a UDP conversation with a reply", () => {
  const STREAM_FROM = 2 * 250;

  /**
   * A conversation whose reply has come at once, and what its next packet so many jiffies after the first one makes of
   * it.
   */
  function after(version: string, jiffies: number): { assured: boolean; seconds: number; updates: number } {
    const k = new Generation({ version });
    k.request(1);
    k.reply(1);
    const entry = k.entryOf(1);
    assert.equal(k.table.statusOf(entry) & IPS_ASSURED, 0);
    k.wait(jiffies);
    k.sink.taken();
    k.request(1);
    return {
      assured: (k.table.statusOf(entry) & IPS_ASSURED) !== 0,
      seconds: k.expiry.left(entry) / 250,
      updates: k.sink.taken().filter(({ kind }) => kind === KIND_UPDATE).length,
    };
  }

  const early = [1, STREAM_FROM - 1, STREAM_FROM];
  const late = [STREAM_FROM + 1, 20 * 250];

  for (const version of versions("3.17", "5.0")) {
    test(`${version}: is ASSURED and a stream of 180 s with its next packet, whenever that comes`, () => {
      for (const jiffies of [...early, ...late]) {
        // A timer is moved once a second.
        const { assured, seconds, updates } = after(version, jiffies);
        assert.deepEqual({ assured, seconds, updates }, { assured: true, seconds: 180, updates: 1 });
      }
    });
  }

  for (const version of versionsWith(({ udp }) => udp === "stream-later")) {
    test(`${version}: is ASSURED with its next packet, but a stream of 120 s only more than 2 s after its first`, () => {
      for (const jiffies of early)
        assert.deepEqual(after(version, jiffies), { assured: true, seconds: 30, updates: 1 });
      for (const jiffies of late)
        assert.deepEqual(after(version, jiffies), { assured: true, seconds: 120, updates: 1 });
    });
  }

  for (const version of versionsWith(({ udp }) => udp === "stream-and-assured-later")) {
    test(`${version}: is ASSURED and a stream of 120 s with a packet more than 2 s after its first, and not before`, () => {
      for (const jiffies of early)
        assert.deepEqual(after(version, jiffies), { assured: false, seconds: 30, updates: 0 });
      for (const jiffies of late)
        assert.deepEqual(after(version, jiffies), { assured: true, seconds: 120, updates: 1 });
    });
  }

  test("the 2 s count from the first packet of the conversation, not of the record that it is in", () => {
    const k = new Generation({ version: "6.18.44" });
    k.request(1);
    k.deletion.evict(k.entryOf(1));
    k.waitSeconds(10);
    k.request(2);
    k.reply(2);
    k.wait(STREAM_FROM);
    k.request(2);
    assert.equal(k.table.statusOf(k.entryOf(2)) & IPS_ASSURED, 0);
  });

  test("without a reply never becomes one", () => {
    for (const version of versions("4.8")) {
      const k = new Generation({ version });
      for (let packet = 0; packet < 5; packet++) {
        k.request(1);
        assert.equal(k.table.statusOf(k.entryOf(1)) & IPS_ASSURED, 0, version);
        assert.equal(k.expiry.left(k.entryOf(1)), 30 * 250, version);
        k.waitSeconds(5);
      }
    }
  });
});

describe("missed events", () => {
  const refuseFirst = (k: Generation, count: number): void => {
    let refusals = count;
    k.sink.accepts = () => --refusals < 0;
  };

  for (const version of versions("2.6.31", "4.12")) {
    test(`${version}: are not retried by a packet without a new bit`, () => {
      const k = new Generation({ version });
      refuseFirst(k, 1);
      k.request(1, 1, 1);
      assert.deepEqual(
        k.sink.taken().map(({ kind, ok }) => [kind, ok]),
        [[KIND_NEW, false]],
      );
    });
  }

  for (const version of versions("4.12")) {
    test(`${version}: are retried by every packet until they are delivered, and then no more`, () => {
      const k = new Generation({ version });
      refuseFirst(k, 3);
      k.request(1, 1, 1, 1, 1, 1);
      assert.deepEqual(
        k.sink.taken().map(({ kind, ok }) => [kind, ok]),
        [
          [KIND_NEW, false],
          [KIND_NEW, false],
          [KIND_NEW, false],
          [KIND_NEW, true],
        ],
      );
    });
  }

  test("are retried by the same packet on loopback, at its second pass of the confirm hook", () => {
    for (const [version, attempts] of [
      ["4.9", 1],
      ["4.12", 2],
      ["6.18.44", 2],
    ] as const) {
      const k = new Generation({ version, path: "loopback" });
      k.sink.accepts = () => false;
      k.request(1);
      assert.equal(k.sink.taken().length, attempts, version);
    }
  });
});

describe("a flow that was made while nobody listened", () => {
  /**
   * One conversation made without a listener, and one made with; then everybody listens and nothing can be delivered.
   */
  function unheard(version: string): Generation {
    const k = new Generation({ version });
    k.sink.listens = false;
    k.request(1);
    k.sink.listens = true;
    k.request(2);
    return k;
  }

  for (const version of versions("2.6.31", "5.19")) {
    test(`${version}: raises its events as any other`, () => {
      const k = unheard(version);
      k.reply(1, 2);
      for (const tuple of [1, 2]) k.deletion.deleteByRequest(k.entryOf(tuple));
      const kinds = (tuple: number): number[] =>
        k.sink.sent.filter((message) => message.tuple === tuple).map(({ kind }) => kind);
      assert.deepEqual(kinds(1), kinds(2));
      assert.deepEqual(kinds(1), [KIND_NEW, KIND_UPDATE, KIND_DESTROY]);
    });
  }

  for (const version of versions("5.19")) {
    test(`${version}: never raises one: no NEW, no UPDATE, no DESTROY of a flush or an expiry`, () => {
      const k = unheard(version);
      k.reply(1, 2);
      k.waitSeconds(3);
      k.request(1, 2);
      k.deletion.deleteByRequest(k.entryOf(1));
      assert.deepEqual(
        k.sink.taken().map(({ tuple, kind }) => [tuple, kind]),
        [
          [2, KIND_NEW],
          [2, KIND_UPDATE],
          [2, KIND_UPDATE],
        ],
      );
      const expiring = unheard(version);
      expiring.sink.taken();
      expiring.waitSeconds(31);
      expiring.runGc();
      assert.deepEqual(
        expiring.sink.taken().map(({ tuple, kind }) => [tuple, kind]),
        [[2, KIND_DESTROY]],
      );
      assert.equal(expiring.table.count, 0);
    });

    test(`${version}: is never dying, also when nothing can be delivered, and is counted as silent`, () => {
      const k = unheard(version);
      k.refuseDestroy();
      for (const tuple of [1, 2]) k.deletion.deleteByRequest(k.entryOf(tuple));
      assert.deepEqual([k.table.count, k.table.dying, k.table.counters.silent], [1, 1, 1]);
    });
  }

  test("is silent for itself only: the next conversation in its record is not", () => {
    const k = unheard("6.18.44");
    const record = k.entryOf(1);
    k.deletion.evict(record);
    k.sink.taken();
    k.request(3);
    assert.equal(k.entryOf(3), record);
    assert.equal(k.sink.taken().length, 1);
  });

  test("is one that was made then: a flow keeps its events when its listeners leave", () => {
    const k = new Generation({ version: "6.18.44" });
    k.request(1);
    k.sink.listens = false;
    k.sink.taken();
    k.deletion.evict(k.entryOf(1));
    assert.equal(k.sink.taken().length, 1);
  });
});

describe("a chain", () => {
  const inOneBucket = (options: Partial<GenerationOptions> & { version: string }): Generation =>
    new Generation({ buckets: 1, ...options });

  for (const version of versions("2.6.31", "5.15")) {
    test(`${version}: may be of any length`, () => {
      const k = inOneBucket({ version });
      assert.deepEqual(new Set(k.request(...range(200))), new Set([ACCEPTED]));
      assert.equal(k.table.counters.insertFailed, 0);
    });
  }

  for (const version of versions("5.15")) {
    const longer = versionsWith(({ chainLimit }) => chainLimit?.least === 50);
    const [least, range_] = longer.includes(version) ? [50, 30] : [8, 24];

    test(`${version}: two nodes longer than a limit of ${least} to ${least + range_ - 1} takes no further entry: the packet is dropped`, () => {
      for (const draw of [0, 2, range_ - 2]) {
        // Both nodes of an entry lie in the one chain.
        const entries = (least + draw) / 2 + 1;
        const k = inOneBucket({ version, random32: () => draw + 7 * range_ });
        assert.deepEqual(new Set(k.request(...range(entries))), new Set([ACCEPTED]));
        k.sink.taken();
        const [verdict] = k.request(1000);
        assert.ok(verdict !== ACCEPTED && verdict !== TABLE_FULL);
        assert.deepEqual([k.table.count, k.table.counters.insertFailed, k.table.counters.drop], [entries, 1, 0]);
        assert.deepEqual(k.sink.taken(), []);
        assert.equal(k.entryOf(1000), NIL);
        // What is in the table already may go on.
        assert.deepEqual(k.request(0), [ACCEPTED]);
      }
    });
  }

  test("has its limit drawn for each insertion", () => {
    let draw = 0;
    const k = inOneBucket({ version: "6.18.44", random32: () => draw });
    k.request(...range(26));
    assert.notEqual(k.request(100)[0], ACCEPTED);
    draw = 20;
    assert.equal(k.request(100)[0], ACCEPTED);
    draw = 0;
    assert.notEqual(k.request(101)[0], ACCEPTED);
  });

  test("is the one of the original tuple or the one of the reply", () => {
    for (const full of [ORIGINAL, REPLY] as const) {
      const k = new Generation({ version: "5.19", buckets: 64 });
      // Nothing is in the other bucket of the new conversation.
      k.request(...k.tuplesIn(3, 5));
      const [other] = k
        .tuplesIn(3, 50, 100_000, [full])
        .filter((tuple) => k.table.bucketOf(tuple, full === ORIGINAL ? REPLY : ORIGINAL) !== 3);
      assert.notEqual(k.request(other!)[0], ACCEPTED);
      assert.equal(k.table.counters.insertFailed, 1);
    }
  });

  test("takes one more entry when it is one node longer than its limit", () => {
    // A limit of 9 nodes; the chain has 10.
    const k = inOneBucket({ version: "5.19", random32: () => 1 });
    assert.deepEqual(new Set(k.request(...range(5))), new Set([ACCEPTED]));
    assert.equal(k.request(5)[0], ACCEPTED);
    assert.notEqual(k.request(6)[0], ACCEPTED);
  });
});

describe("IPS_DYING in the status of a DESTROY", () => {
  /**
   * Whether each attempt of a conversation's DESTROY found the bit set: three ways to die, each refused at first, then
   * retried.
   */
  function dyingAtAttempts(version: string): { first: boolean[]; retries: boolean[]; freed: number } {
    const k = new Generation({ version });
    const seen: boolean[] = [];
    let accept = false;
    k.sink.accepts = ({ kind, entry }) => {
      if (kind !== KIND_DESTROY) return true;
      seen.push((k.table.statusOf(entry) & IPS_DYING) !== 0);
      return accept;
    };
    k.request(1, 2, 3);
    k.deletion.evict(k.entryOf(1));
    k.deletion.deleteByRequest(k.entryOf(2));
    k.deletion.expire(k.entryOf(3));
    const first = seen.splice(0);
    k.runWorker();
    accept = true;
    k.runWorker();
    while (!k.workerIsIdle) k.runWorker();
    return { first, retries: seen, freed: 3 - k.table.count };
  }

  for (const version of versions("3.17", "4.9")) {
    test(`${version}: comes only after the delivery, so that no message has it`, () => {
      assert.deepEqual(dyingAtAttempts(version), {
        first: [false, false, false],
        retries: [false, false, false, false],
        freed: 3,
      });
    });
  }

  for (const version of versions("4.9")) {
    test(`${version}: is set before the attempt, so that every message has it`, () => {
      assert.deepEqual(dyingAtAttempts(version), {
        first: [true, true, true],
        retries: [true, true, true, true],
        freed: 3,
      });
    });
  }
});
