import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SocketBooks, type SocketSample } from "../../../src/live/readers/socket-books.js";

const TRUESIZE = 1280;
const MILLISECOND = 1e6;

/**
 * A look: time in milliseconds, messages waiting, offered and dropped so far, and what the reader ran and waited for a
 * CPU. A number that was offered is NEW.
 */
function look(
  at: number,
  waiting: number,
  offered: number | Partial<SocketSample["offered"]>,
  drops = 0,
  ran = 0,
  waited = 0,
): SocketSample {
  return {
    at: at * MILLISECOND,
    rmemBytes: waiting * TRUESIZE,
    rcvbufBytes: 100 * TRUESIZE,
    drops,
    offered: { new: 0, update: 0, destroy: 0, ...(typeof offered === "number" ? { new: offered } : offered) },
    reader: { cpuNanoseconds: ran * MILLISECOND, cpuWaitNanoseconds: waited * MILLISECOND },
  };
}

function books(...looks: SocketSample[]): ReturnType<SocketBooks["figures"]> {
  const [first, ...others] = looks;
  const kept = new SocketBooks(TRUESIZE, first!);
  for (const one of others) kept.add(one);
  return kept.figures();
}

test("what was offered is admitted or dropped, from the first look on", () => {
  const { offered, admitted, drops, unread } = books(look(0, 0, 7, 2), look(1, 30, 107, 12));
  assert.deepEqual({ offered, admitted, drops, unread }, { offered: 100, admitted: 90, drops: 10, unread: 30 });
});

test("a queue is full while one more message would not fit, between looks that both show it", () => {
  assert.equal(books(look(0, 100, 100), look(3, 100, 100), look(4, 99, 100)).fullSeconds, 0.003);
});

describe("the pace", () => {
  test("of a queue that nothing is added to is the time of what was read", () => {
    const { pace } = books(look(0, 90, 90), look(2, 70, 90, 0, 2), look(8, 10, 90, 0, 8), look(9, 0, 90, 0, 9));
    // 90 messages, in eight milliseconds of the clock and nine of the processor.
    assert.equal(pace!.messages, 90);
    assert.equal(pace!.microsecondsPerMessage, 100);
  });

  test("does not count the time in which the reader waited for a CPU", () => {
    const { pace } = books(look(0, 90, 90), look(20, 90, 90), look(22, 10, 90, 0, 2, 19), look(23, 0, 90, 0, 2.2, 19));
    assert.equal(Math.round(pace!.microsecondsPerMessage), Math.round(3000 / 90));
    // By the clock it took the whole time.
    assert.equal(Math.round(pace!.clockMicrosecondsPerMessage), Math.round(22_000 / 90));
  });

  test("has no stretch in its spread of which all time was told as a wait", () => {
    // Twelve bursts of 100 messages, each read in 2 ms. Of two the account is late, and tells a wait before them.
    const looks = Array.from({ length: 12 }, (_, burst) => {
      const [at, offered] = [10 * burst, 100 * (burst + 1)];
      const late = burst === 4 || burst === 8;
      const [ran, waited] = [2 * burst, 9 * ((burst > 4 ? 1 : 0) + (burst > 8 ? 1 : 0))];
      const told = late ? [ran, waited + 9] : [ran + 2, waited];
      return [
        look(at, 100, offered, 0, ran, waited),
        look(at + 1, 50, offered, 0, ...told),
        look(at + 2, 0, offered, 0, ...told),
      ];
    });
    const { pace } = books(look(-1, 0, 0), ...looks.flat());
    assert.equal(pace!.fastMicroseconds, 20);
  });

  test("counts the time in which the reader slept for other things while messages waited", () => {
    const { pace } = books(look(0, 90, 90), look(9, 10, 90, 0, 1), look(10, 0, 90, 0, 1.1));
    assert.equal(pace!.microsecondsPerMessage, 100);
  });

  test("of a reader that is offered more than it reads comes from looks that all lost something", () => {
    const looks = Array.from({ length: 21 }, (_, at) => look(at, 50, 1000 * at, 900 * at, at));
    // A hundred messages in each millisecond.
    assert.equal(Math.round(books(...looks).pace!.microsecondsPerMessage), 10);
  });

  test("of each kind comes from stretches in which nothing else was read", () => {
    // A hundred NEW are read, 20 µs each; then the flush comes, of whose DESTROY each takes 100 µs.
    const { pace } = books(
      look(-1, 0, 0),
      look(0, 100, { new: 100 }),
      look(1, 50, { new: 100 }, 0, 1),
      look(2, 0, { new: 100 }, 0, 2),
      look(3, 90, { new: 100, destroy: 500 }, 400, 2),
      look(4, 90, { new: 100, destroy: 1000 }, 890, 3),
      ...Array.from({ length: 9 }, (_, at) => look(5 + at, 80 - 10 * at, { new: 100, destroy: 1000 }, 890, 4 + at)),
    );
    assert.equal(pace!.kinds.new!.microsecondsPerMessage, 20);
    assert.equal(pace!.kinds.destroy!.microsecondsPerMessage, 100);
    assert.equal(pace!.kinds.update, null);
  });

  test("of a queue that may still hold another kind is of neither", () => {
    const mixed = { new: 100, destroy: 100 };
    const { pace } = books(
      look(0, 0, 0),
      look(1, 200, mixed, 0),
      ...Array.from({ length: 8 }, (_, at) => look(2 + at, 180 - 20 * at, mixed, 0, 1 + at)),
    );
    assert.ok(pace!.messages > 100);
    assert.deepEqual(pace!.kinds, { new: null, update: null, destroy: null });
  });

  test("is not taken from a few messages that a sleeping reader had not heard of", () => {
    const looks = Array.from({ length: 600 }, (_, at) => look(at, at % 6 < 3 ? 1 : 0, Math.floor(at / 6) + 1));
    assert.equal(books(...looks).pace, null);
  });

  test("is not known where the traffic set it", () => {
    const looks = Array.from({ length: 21 }, (_, at) => look(at, 5, 100 * at, 0, at / 10));
    assert.equal(books(...looks).pace, null);
  });
});
