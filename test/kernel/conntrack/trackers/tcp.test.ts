/**
 * The TCP tracker: its table against the one of the kernel's source, written here in the kernel's own notation, and
 * what conversations make of it: states, timeouts, event bits, who is killed and who is reopened.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Direction } from "../../../../src/kernel/conntrack/status.js";
import { IPS_ASSURED, IPS_SEEN_REPLY, ORIGINAL, REPLY } from "../../../../src/kernel/conntrack/status.js";
import { NIL } from "../../../../src/kernel/conntrack/table.js";
import {
  ACK,
  FIN,
  RST,
  type Segment,
  STATE_MASK,
  SYN,
  SYN_ACK,
  TCP_CLOSE,
  TCP_CLOSE_WAIT,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TCP_IGNORE,
  TCP_INVALID,
  TCP_LAST_ACK,
  TCP_NONE,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_SYN_SENT2,
  TCP_TIME_WAIT,
  tcpTransition,
} from "../../../../src/kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE } from "../../../../src/kernel/events/kinds.js";
import { Assembled, type AssembledOptions, HZ } from "../../assembled.js";

const STATES: Record<string, number> = {
  sNO: TCP_NONE,
  sSS: TCP_SYN_SENT,
  sSR: TCP_SYN_RECV,
  sES: TCP_ESTABLISHED,
  sFW: TCP_FIN_WAIT,
  sCW: TCP_CLOSE_WAIT,
  sLA: TCP_LAST_ACK,
  sTW: TCP_TIME_WAIT,
  sCL: TCP_CLOSE,
  sS2: TCP_SYN_SENT2,
  sIG: TCP_IGNORE,
  sIV: TCP_INVALID,
};
const COLUMNS = "sNO sSS sSR sES sFW sCW sLA sTW sCL sS2".split(" ");

/** Which state a segment leads to from each of the columns: tcp_conntracks of nf_conntrack_proto_tcp.c. */
const TCP_CONNTRACKS: readonly (readonly [string, Direction, Segment, string])[] = [
  ["SYN", ORIGINAL, SYN, "sSS sSS sIG sIG sIG sIG sIG sSS sSS sS2"],
  ["SYN/ACK", ORIGINAL, SYN_ACK, "sIV sIV sSR sIV sIV sIV sIV sIV sIV sSR"],
  ["FIN", ORIGINAL, FIN, "sIV sIV sFW sFW sLA sLA sLA sTW sCL sIV"],
  ["ACK", ORIGINAL, ACK, "sES sIV sES sES sCW sCW sTW sTW sCL sIV"],
  ["RST", ORIGINAL, RST, "sIV sCL sCL sCL sCL sCL sCL sCL sCL sCL"],
  ["SYN in reply", REPLY, SYN, "sIV sS2 sIV sIV sIV sIV sIV sIV sIV sS2"],
  ["SYN/ACK in reply", REPLY, SYN_ACK, "sIV sSR sIG sIG sIG sIG sIG sIG sIG sSR"],
  ["FIN in reply", REPLY, FIN, "sIV sIV sFW sFW sLA sLA sLA sTW sCL sIV"],
  ["ACK in reply", REPLY, ACK, "sIV sIG sSR sES sCW sCW sTW sTW sCL sIG"],
  ["RST in reply", REPLY, RST, "sIV sCL sCL sCL sCL sCL sCL sCL sCL sCL"],
];

describe("the state table is the kernel's", () => {
  for (const [name, direction, segment, row] of TCP_CONNTRACKS) {
    test(`${name}: ${row}`, () => {
      assert.deepEqual(
        COLUMNS.map((column) => tcpTransition(direction, segment, STATES[column]!)),
        row.split(" ").map((state) => STATES[state]),
      );
    });
  }
});

const TUPLE = 42;

class Conversation extends Assembled {
  constructor(options: AssembledOptions = {}) {
    super({ protocol: "tcp", ...options });
  }

  get entry(): number {
    return this.entryOf(TUPLE);
  }

  get state(): string {
    const { entry } = this;
    if (entry === NIL) return "none";
    return COLUMNS[this.table.protocolStateOf(entry) & STATE_MASK]!;
  }

  send(direction: Direction, segment: Segment): void {
    this.packets.packet(TUPLE, direction, segment);
  }

  /** Sends packets without looking. */
  play(...packets: readonly (readonly [Direction, Segment])[]): this {
    for (const [direction, segment] of packets) this.send(direction, segment);
    this.raisedBits();
    this.sink.taken();
    return this;
  }
}

const HANDSHAKE = [
  [ORIGINAL, SYN],
  [REPLY, SYN_ACK],
  [ORIGINAL, ACK],
] as const;
const CLOSE = [
  [ORIGINAL, FIN],
  [REPLY, ACK],
  [REPLY, FIN],
  [ORIGINAL, ACK],
] as const;

describe("a short connection", () => {
  const walk: readonly (readonly [string, Direction, Segment, string, string, number])[] = [
    ["SYN", ORIGINAL, SYN, "sSS", "NEW PROTOINFO", 120],
    ["SYN/ACK", REPLY, SYN_ACK, "sSR", "REPLY PROTOINFO", 60],
    ["ACK", ORIGINAL, ACK, "sES", "ASSURED PROTOINFO", 432_000],
    ["data", ORIGINAL, ACK, "sES", "", 432_000],
    ["data in reply", REPLY, ACK, "sES", "", 432_000],
    ["FIN of the client", ORIGINAL, FIN, "sFW", "PROTOINFO", 120],
    ["its ACK", REPLY, ACK, "sCW", "PROTOINFO", 60],
    ["FIN of the server", REPLY, FIN, "sLA", "PROTOINFO", 30],
    ["the last ACK", ORIGINAL, ACK, "sTW", "PROTOINFO", 120],
  ];

  test("walks through the states, each with its event bits and its timeout", () => {
    const c = new Conversation();
    for (const [name, direction, segment, state, bits, seconds] of walk) {
      c.send(direction, segment);
      assert.equal(c.state, state, name);
      assert.equal(c.raisedBits().join(" "), bits, name);
      assert.equal(c.jiffiesLeft(c.entry), seconds * HZ, name);
    }
  });

  test("is one NEW, six UPDATEs and one DESTROY, 120 s after its last packet", () => {
    const c = new Conversation();
    for (const [, direction, segment] of walk) c.send(direction, segment);
    assert.deepEqual(
      c.sink.taken().map(({ kind, withProtoinfo }) => [kind, withProtoinfo]),
      [[KIND_NEW, true], ...Array.from({ length: 6 }, () => [KIND_UPDATE, true])],
    );
    c.wait(120 * HZ - 1);
    assert.deepEqual(c.sink.taken(), []);
    c.wait(1);
    assert.deepEqual(
      c.sink.taken().map(({ kind }) => kind),
      [KIND_DESTROY],
    );
    assert.equal(c.table.count, 0);
  });

  test("has five UPDATEs when the server's FIN acknowledges the client's", () => {
    const c = new Conversation();
    for (const [direction, segment] of [...HANDSHAKE, [ORIGINAL, FIN], [REPLY, FIN], [ORIGINAL, ACK]] as const) {
      c.send(direction, segment);
    }
    assert.equal(c.state, "sTW");
    assert.equal(c.sink.taken().filter(({ kind }) => kind === KIND_UPDATE).length, 5);
  });

  test("sends each message once although a loopback packet passes the confirm hook twice", () => {
    const c = new Conversation({ path: "loopback" });
    for (const [, direction, segment] of walk) c.send(direction, segment);
    assert.equal(c.sink.taken().length, 7);
  });

  test("is ASSURED from the third packet of the handshake on, not before", () => {
    const c = new Conversation().play([ORIGINAL, SYN], [REPLY, SYN_ACK]);
    assert.equal(c.table.statusOf(c.entry) & (IPS_ASSURED | IPS_SEEN_REPLY), IPS_SEEN_REPLY);
    c.play([ORIGINAL, ACK]);
    assert.equal(c.table.statusOf(c.entry) & IPS_ASSURED, IPS_ASSURED);
  });
});

describe("a packet that does not belong", () => {
  test("is invalid without an entry and leaves none behind, neither in the table nor in the count", () => {
    for (const segment of [SYN_ACK, FIN, RST] as const) {
      const c = new Conversation();
      c.send(ORIGINAL, segment);
      assert.equal(c.table.count, 0);
      assert.equal(c.table.counters.untracked, 1);
      assert.deepEqual(c.sink.taken(), []);
      assert.equal(c.timers.nextJiffy(), -1);
    }
  });

  test("is invalid in a state that has no place for it: no bit, no change, no later expiry", () => {
    const c = new Conversation().play(...HANDSHAKE, ...CLOSE);
    c.wait(2 * HZ);
    const left = c.jiffiesLeft(c.entry);
    c.send(REPLY, SYN);
    assert.equal(c.state, "sTW");
    assert.deepEqual(c.raisedBits(), []);
    assert.equal(c.jiffiesLeft(c.entry), left);
    assert.deepEqual(c.sink.taken(), []);
  });

  test("is ignored when either side may still answer it: it passes, and changes nothing", () => {
    const c = new Conversation().play(...HANDSHAKE);
    c.wait(2 * HZ);
    const left = c.jiffiesLeft(c.entry);
    for (const [direction, segment] of [
      [ORIGINAL, SYN],
      [REPLY, SYN_ACK],
    ] as const) {
      c.send(direction, segment);
      assert.equal(c.state, "sES");
      assert.deepEqual(c.raisedBits(), []);
      assert.equal(c.jiffiesLeft(c.entry), left);
    }
  });

  test("of a connection that was picked up in the middle makes it ASSURED with the client's next, once it had a reply", () => {
    const c = new Conversation().play([ORIGINAL, ACK], [REPLY, ACK]);
    assert.equal(c.table.statusOf(c.entry) & IPS_ASSURED, 0);
    c.send(ORIGINAL, ACK);
    assert.notEqual(c.table.statusOf(c.entry) & IPS_ASSURED, 0);
  });

  test("picks a connection up in the middle when it is an ACK of the client", () => {
    const c = new Conversation();
    c.send(ORIGINAL, ACK);
    assert.equal(c.state, "sES");
    assert.equal(c.raisedBits().join(" "), "NEW PROTOINFO");
  });
});

describe("a RST", () => {
  test("of a connection without a reply kills the entry: a DESTROY, no UPDATE", () => {
    for (const direction of [ORIGINAL, REPLY] as const) {
      const c = new Conversation().play([ORIGINAL, SYN]);
      c.send(direction, RST);
      assert.deepEqual(
        c.sink.taken().map(({ kind }) => kind),
        [KIND_DESTROY],
      );
      assert.equal(c.table.count, 0);
      assert.equal(c.timers.nextJiffy(), -1);
    }
  });

  test("kills it once also when the DESTROY fails: the entry is dying and tried again later", () => {
    const c = new Conversation().play([ORIGINAL, SYN]);
    c.sink.accepts = () => false;
    c.send(ORIGINAL, RST);
    assert.deepEqual(
      c.sink.taken().map(({ kind }) => kind),
      [KIND_DESTROY],
    );
    assert.deepEqual([c.table.active, c.table.dying], [0, 1]);
  });

  test("of a connection with replies closes it: an UPDATE, and the DESTROY 10 s later", () => {
    const c = new Conversation().play(...HANDSHAKE);
    c.send(REPLY, RST);
    assert.equal(c.state, "sCL");
    assert.equal(c.raisedBits().join(" "), "PROTOINFO");
    assert.deepEqual(
      c.sink.taken().map(({ kind }) => kind),
      [KIND_UPDATE],
    );
    c.wait(10 * HZ - 1);
    assert.equal(c.table.active, 1);
    c.wait(1);
    assert.equal(c.table.active, 0);
  });
});

describe("a SYN that reopens", () => {
  test("TIME_WAIT ends the old entry and makes a new one with the same tuple", () => {
    const c = new Conversation().play(...HANDSHAKE, ...CLOSE);
    c.send(ORIGINAL, SYN);
    assert.equal(c.state, "sSS");
    assert.deepEqual(
      c.sink.taken().map(({ kind }) => kind),
      [KIND_DESTROY, KIND_NEW],
    );
    assert.equal(c.table.count, 1);
  });

  test("TIME_WAIT makes a second instance while the first is dying, and they have different ids", () => {
    const c = new Conversation().play(...HANDSHAKE, ...CLOSE);
    const old = c.entry;
    c.sink.accepts = ({ kind }) => kind !== KIND_DESTROY;
    c.send(ORIGINAL, SYN);
    const fresh = c.entry;
    assert.notEqual(fresh, old);
    assert.deepEqual([c.table.tupleOf(old), c.table.tupleOf(fresh)], [TUPLE, TUPLE]);
    assert.notEqual(c.table.idOf(old), c.table.idOf(fresh));
    assert.deepEqual([c.table.active, c.table.dying], [1, 1]);
    assert.equal(c.state, "sSS");
  });

  test("the old instance's DESTROY may come after the NEW of its successor", () => {
    const c = new Conversation({ random32: () => 7 }).play(...HANDSHAKE, ...CLOSE);
    const old = c.entry;
    c.sink.accepts = ({ kind }) => kind !== KIND_DESTROY;
    c.send(ORIGINAL, SYN);
    c.sink.accepts = () => true;
    c.sink.taken();
    c.wait(7);
    assert.deepEqual(
      c.sink.taken().map(({ kind, entry }) => [kind, entry]),
      [[KIND_DESTROY, old]],
    );
    assert.equal(c.state, "sSS");
    assert.equal(c.table.count, 1);
  });

  test("CLOSE needs a RST of its own side, or a close that the connection began by itself", () => {
    const own = new Conversation().play(...HANDSHAKE, [ORIGINAL, RST]);
    own.send(ORIGINAL, SYN);
    assert.equal(own.state, "sSS");

    const others = new Conversation().play(...HANDSHAKE, [REPLY, RST]);
    others.send(ORIGINAL, SYN);
    assert.equal(others.state, "sCL");
    assert.deepEqual(others.sink.taken(), []);

    // Only the last packet counts, in whatever direction.
    const later = new Conversation().play(...HANDSHAKE, [ORIGINAL, RST], [ORIGINAL, ACK]);
    later.send(ORIGINAL, SYN);
    assert.equal(later.state, "sCL");

    const closed = new Conversation().play(...HANDSHAKE, [ORIGINAL, FIN], [REPLY, RST]);
    closed.send(ORIGINAL, SYN);
    assert.equal(closed.state, "sSS");
  });
});
