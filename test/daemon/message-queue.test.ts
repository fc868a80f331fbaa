/** The bounded queue of a program: order, bound, and how long it was full. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { ReceivedMessage } from "../../src/daemon/decoders.js";
import { MessageQueue } from "../../src/daemon/message-queue.js";

const message = (order: number): ReceivedMessage => ({
  kind: 0,
  order,
  entry: 0,
  tuple: 0,
  id: 0,
  portid: 0,
  raisedAt: 0,
});

describe("the queue of a program", () => {
  test("gives messages in their order, whatever is put and taken", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 400 }), fc.integer({ min: 1, max: 100 }), (steps, bound) => {
        const queue = new MessageQueue(bound);
        const expected: number[] = [];
        let next = 1;
        for (const puts of steps) {
          if (puts && !queue.full) {
            queue.put(message(next), 0);
            expected.push(next++);
          } else if (!puts && queue.length > 0) {
            assert.equal(queue.take(0).order, expected.shift());
          }
          assert.equal(queue.length, expected.length);
          assert.ok(queue.length <= bound);
        }
      }),
    );
  });

  test("counts the time in which it was full, the present one included", () => {
    const queue = new MessageQueue(2);
    queue.put(message(1), 10);
    queue.put(message(2), 20);
    queue.take(50);
    queue.put(message(3), 60);
    assert.equal(queue.fullNanoseconds(100), 30 + 40);
    assert.equal(queue.peak, 2);
  });
});
