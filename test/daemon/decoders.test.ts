/**
 * Messages in the hands of several decoders: who is done when, and what counts as overtaken.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Decoders, type ReceivedMessage } from "../../src/daemon/decoders.js";
import { NEVER } from "../../src/kernel/clock.js";

const NEW = 0;
const UPDATE = 1;
const DESTROY = 2;

const message = (kind: number, tuple: number, id = 1): ReceivedMessage => ({
  kind,
  order: 0,
  tuple,
  id,
  entry: 0,
  portid: 0,
  raisedAt: 0,
});

/**
 * Takes messages that are done at the given times, and says which are overtaken, in the order in which they are done.
 */
function overtaken(...messages: readonly (readonly [ReceivedMessage, number])[]): string[] {
  const decoders = new Decoders(messages.length);
  for (const [index, [each, doneAt]] of messages.entries()) decoders.take({ ...each, order: index + 1 }, doneAt);
  return messages.map(() => {
    const done = decoders.finish(decoders.due)!;
    return `${["NEW", "UPDATE", "DESTROY"][done.kind]}${done.overtaken ? " overtaken" : ""}`;
  });
}

describe("decoders", () => {
  test("are done in the order of their times, and at one time in that of the queue", () => {
    const decoders = new Decoders(4);
    [30, 10, 20, 10].forEach((doneAt, tuple) => {
      decoders.take(message(NEW, tuple), doneAt);
    });
    const order = [10, 10, 20, 30].map((now) => decoders.finish(now)?.tuple);
    assert.deepEqual(order, [1, 3, 2, 0]);
    assert.deepEqual([decoders.inFlight, decoders.due, decoders.finish(NEVER - 1)], [0, NEVER, null]);
  });

  test("give nothing before it is done", () => {
    const decoders = new Decoders(2);
    decoders.take(message(NEW, 1), 10);
    assert.equal(decoders.finish(9), null);
    assert.equal(decoders.inFlight, 1);
  });

  test("are free at once while one of them holds nothing, and else when the first is done", () => {
    const decoders = new Decoders(2);
    decoders.take(message(NEW, 1), 50);
    assert.equal(decoders.freeFrom(7), 7);
    decoders.take(message(NEW, 2), 30);
    assert.deepEqual([decoders.freeFrom(7), decoders.freeFrom(40)], [30, 40]);
    decoders.finish(30);
    assert.equal(decoders.freeFrom(7), 7);
  });
});

describe("a message is overtaken", () => {
  test("when a DESTROY of its entry, later in the queue, is done before it", () => {
    assert.deepEqual(overtaken([message(NEW, 1), 9], [message(DESTROY, 1), 5]), ["DESTROY", "NEW overtaken"]);
    assert.deepEqual(overtaken([message(UPDATE, 1), 9], [message(DESTROY, 1), 5]), ["DESTROY", "UPDATE overtaken"]);
  });

  test("when it is a DESTROY and the NEW of the next life of its tuple and id is done before it", () => {
    assert.deepEqual(overtaken([message(DESTROY, 1), 9], [message(NEW, 1), 5]), ["NEW", "DESTROY overtaken"]);
  });

  test("not when the order is kept, also where a tuple and id begin a new life", () => {
    assert.deepEqual(overtaken([message(DESTROY, 1), 5], [message(NEW, 1), 9]), ["DESTROY", "NEW"]);
  });

  test("not by a message of another tuple or id, and not by an UPDATE of a living entry", () => {
    assert.deepEqual(overtaken([message(NEW, 1), 9], [message(DESTROY, 2), 5]), ["DESTROY", "NEW"]);
    assert.deepEqual(overtaken([message(NEW, 1, 1), 9], [message(DESTROY, 1, 2), 5]), ["DESTROY", "NEW"]);
    assert.deepEqual(overtaken([message(NEW, 1), 9], [message(UPDATE, 1), 5]), ["UPDATE", "NEW"]);
  });

  test("not when its decoder took it after the other was done", () => {
    const decoders = new Decoders(2);
    decoders.take(message(DESTROY, 1), 5);
    decoders.finish(5);
    decoders.take(message(NEW, 1), 9);
    assert.equal(decoders.finish(9)!.overtaken, false);
  });
});
