import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Flood, type FlowSender } from "../../../src/live/traffic/flood.js";
import type { TrafficClass } from "../../../src/scenario/scenario.js";
import { Streams } from "../../../src/scenario/streams.js";
import { Traffic } from "../../../src/workload/traffic.js";

/** Writes down what it is told to send; refuses the tuples that it is told to. */
function sender(mostAtOnce: number, refuses: readonly number[] = []): FlowSender & { sent: string[] } {
  const sent: string[] = [];
  return {
    mostAtOnce,
    sent,
    sendFirst(tuples, count) {
      const wanted = [...tuples.subarray(0, count)];
      const refused = wanted.findIndex((tuple) => refuses.includes(tuple));
      const out = refused < 0 ? wanted : wanted.slice(0, refused);
      if (out.length > 0) sent.push(out.join("+"));
      return out.length;
    },
    send(tuple, { direction, sameSystemCall }) {
      if (sameSystemCall) return true;
      if (refuses.includes(tuple)) return false;
      sent.push(`${tuple}${direction === 0 ? ">" : "<"}`);
      return true;
    },
    close() {},
  };
}

function flood(
  to: FlowSender,
  connections: number,
  protocol: "udp" | "tcp",
  packets: number,
  ratePerSecond: number | null,
): Flood {
  return new Flood(traffic([{ connections, protocol, packets, ratePerSecond }]), [to]);
}

function traffic(kinds: readonly Partial<TrafficClass>[]): Traffic {
  const classes = kinds.map((kind): TrafficClass => ({ ...ONE_PACKET, ...kind }));
  const chance = classes.map(() => new Streams("1").of("arrivals"));
  return new Traffic({ classes, startNanoseconds: 0, firstTuple: 0, profile: null, chance }, null);
}

const ONE_PACKET: TrafficClass = {
  name: "kind",
  script: "short",
  protocol: "udp",
  family: "ipv4",
  connections: 1,
  ratePerSecond: null,
  arrivals: "constant",
  burstConnections: 1,
  packets: 1,
  packetGapNanoseconds: 0,
  lifetimeNanoseconds: null,
  packetsPerSecond: null,
};

function sendAll(each: Flood): void {
  while (each.due !== Number.POSITIVE_INFINITY) each.sendDue(each.due);
}

describe("connections of one packet", () => {
  test("go many at once where many are due", () => {
    const to = sender(4);
    sendAll(flood(to, 10, "udp", 1, null));
    assert.deepEqual(to.sent, ["0+1+2+3", "4+5+6+7", "8+9"]);
  });

  test("wait for their time where there is a rate", () => {
    const to = sender(4);
    const paced = flood(to, 3, "udp", 1, 1000);
    paced.sendDue(0);
    assert.deepEqual([to.sent, paced.due], [["0"], 1_000_000]);
    paced.sendDue(2_500_000);
    assert.deepEqual(to.sent, ["0", "1+2"]);
  });

  test("that are refused are counted, and those behind them go all the same", () => {
    const to = sender(4, [1, 2, 7]);
    const refused = flood(to, 8, "udp", 1, null);
    sendAll(refused);
    assert.deepEqual(to.sent, ["0", "3", "4+5+6"]);
    assert.deepEqual([refused.created, refused.refused], [5, 3]);
  });
});

describe("connections of several packets", () => {
  test("send each packet, the replies from the other end", () => {
    const to = sender(4);
    const both = flood(to, 2, "udp", 3, null);
    sendAll(both);
    assert.deepEqual(to.sent, ["0>", "0<", "0>", "1>", "1<", "1>"]);
    assert.deepEqual([both.created, both.refused], [2, 0]);
  });

  test("whose first packet is refused send no other", () => {
    const to = sender(4, [0]);
    const one = flood(to, 2, "udp", 2, null);
    sendAll(one);
    assert.deepEqual([to.sent, one.created, one.refused], [["1>", "1<"], 1, 1]);
  });

  test("of TCP are three system calls: connect and the two closes", () => {
    const to = sender(1);
    sendAll(flood(to, 1, "tcp", 7, null));
    assert.deepEqual(to.sent, ["0>", "0>", "0<"]);
  });
});

describe("several kinds of flow", () => {
  test("each have their sender, in the order in which packets are due, and are counted apart", () => {
    const [fast, slow] = [sender(4), sender(1, [5])];
    const both = new Flood(
      traffic([
        { connections: 4, ratePerSecond: 1000 },
        { connections: 2, ratePerSecond: 400, packets: 2 },
      ]),
      [fast, slow],
    );
    both.sendDue(0);
    assert.deepEqual([fast.sent, slow.sent], [["0"], []], "the second one's packet of the same instant comes between");
    sendAll(both);
    assert.deepEqual(
      [fast.sent, slow.sent],
      [
        ["0", "1", "2", "3"],
        ["4>", "4<"],
      ],
    );
    assert.deepEqual(
      [both.createdOf, both.refusedOf],
      [
        [4, 1],
        [0, 1],
      ],
    );
    assert.deepEqual([both.created, both.refused], [5, 1]);
  });
});
