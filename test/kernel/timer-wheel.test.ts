/**
 * The wheel against the plainest model of it: a list of timers, of which the next is the one with the earliest jiffy
 * and, among those, the one that was armed first. And the slack of mod_timer() against examples computed by hand and
 * its definition.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { KernelClock } from "../../src/kernel/clock.js";
import { EntryRecords } from "../../src/kernel/records.js";
import { TimerWheel, withSlack } from "../../src/kernel/timer-wheel.js";

const HZ = 250;
const TIMERS = 24;
const BLOCK = 4096;
const OUTER_BLOCK = 2 ** 24;

/** What the wheel promises, without a wheel. */
class Model {
  private pending: { id: number; expires: number; armed: number }[] = [];
  private armings = 0;
  private base: number;

  constructor(jiffies: number) {
    this.base = jiffies + 1;
  }

  arm(id: number, expires: number, jiffies: number): void {
    this.disarm(id);
    this.catchUp(jiffies);
    this.pending.push({ id, expires: Math.max(expires, this.base), armed: this.armings++ });
  }

  disarm(id: number): boolean {
    const before = this.pending.length;
    this.pending = this.pending.filter((timer) => timer.id !== id);
    return this.pending.length < before;
  }

  get nextJiffy(): number {
    return Math.min(...this.pending.map(({ expires }) => expires));
  }

  isPending(id: number): boolean {
    return this.pending.some((timer) => timer.id === id);
  }

  /** The jiffy is being fired: whatever is armed from now on comes after it. */
  open(jiffy: number): void {
    this.base = jiffy + 1;
  }

  take(jiffy: number): number {
    const due = this.pending.filter(({ expires }) => expires <= jiffy).sort((a, b) => a.armed - b.armed);
    if (due.length > 0) this.disarm(due[0]!.id);
    return due[0]?.id ?? -1;
  }

  /** A jiffy that passed without timers takes none any more; one that still has some is served first. */
  private catchUp(jiffies: number): void {
    const waiting = this.pending.map(({ expires }) => expires).filter((expires) => expires >= this.base);
    this.base = Math.max(this.base, Math.min(...waiting, jiffies + 1));
  }
}

type Command =
  | { do: "arm"; id: number; delay: number }
  /** For the jiffy that another timer waits for: the order among them is what is tested. */
  | { do: "join"; id: number; other: number }
  | { do: "disarm"; id: number }
  /** Lets so many jiffies pass; timers fire at their jiffies. */
  | { do: "wait"; jiffies: number }
  /** Lets so many jiffies pass with timers held up, as while a flush holds the CPU; then they fire, jiffy by jiffy. */
  | { do: "hold up"; jiffies: number };

/** What a timer does when it fires. */
type Reaction = { rearm: number } | { arm: number; delay: number } | { disarm: number } | null;

const ids = fc.integer({ min: 0, max: TIMERS - 1 });
const delays = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 4 }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3750 }) },
  { weight: 3, arbitrary: fc.integer({ min: BLOCK - 2, max: 3 * BLOCK + 2 }) },
  { weight: 2, arbitrary: fc.constantFrom(BLOCK - 1, BLOCK, BLOCK + 1) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 40 * BLOCK }) },
  { weight: 1, arbitrary: fc.integer({ min: OUTER_BLOCK - BLOCK, max: OUTER_BLOCK + BLOCK }) },
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("arm" as const), id: ids, delay: delays }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("join" as const), id: ids, other: ids }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("disarm" as const), id: ids }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      jiffies: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 * BLOCK })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("hold up" as const), jiffies: fc.integer({ min: 1, max: 2 * BLOCK }) }),
  },
);
const reaction: fc.Arbitrary<Reaction> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: fc.record({ rearm: delays }) },
  { weight: 2, arbitrary: fc.record({ arm: ids, delay: delays }) },
  { weight: 1, arbitrary: fc.record({ disarm: ids }) },
);

/** Jiffies at the start: anywhere, or shortly before a block of 4096 or of 2^24 ends. */
const starts = fc.oneof(
  fc.integer({ min: 0, max: 3 * OUTER_BLOCK }),
  fc.integer({ min: 1, max: 20 }).map((before) => 5 * BLOCK - before),
  fc.integer({ min: 1, max: 6000 }).map((before) => OUTER_BLOCK - before),
);

/** Drives wheel and model with the same commands and compares all that can be seen of them. */
function drive(start: number, commands: readonly Command[], reactions: readonly Reaction[]): void {
  const clock = new KernelClock(HZ, start, 0);
  const wheel = new TimerWheel(clock, new EntryRecords(TIMERS), false);
  const model = new Model(start);
  let fired = 0;

  const arm = (id: number, expires: number): void => {
    // A packet moves the timer of its entry; whoever else arms one does not ask.
    if (wheel.isPending(id)) wheel.armExact(id, expires);
    else wheel.arm(id, expires);
    model.arm(id, expires, clock.jiffies);
  };
  const disarm = (id: number): void => assert.equal(wheel.disarm(id), model.disarm(id));
  const react = (id: number): void => {
    const how = reactions[fired++ % reactions.length] ?? null;
    if (how === null) return;
    if ("rearm" in how) arm(id, clock.jiffies + how.rearm);
    else if ("arm" in how) arm(how.arm, clock.jiffies + how.delay);
    else disarm(how.disarm);
  };
  const fireUpTo = (last: number, onTime: boolean): void => {
    for (;;) {
      const jiffy = wheel.nextJiffy();
      assert.ok(jiffy < 0 ? model.nextJiffy === Number.POSITIVE_INFINITY : jiffy <= model.nextJiffy);
      if (jiffy < 0 || jiffy > last) return;
      if (onTime) clock.now = Math.max(clock.now, clock.timeOf(jiffy));
      wheel.fire(jiffy);
      model.open(jiffy);
      for (;;) {
        const id = wheel.take();
        assert.equal(id, model.take(jiffy), `at jiffy ${jiffy}`);
        if (id < 0) break;
        assert.equal(wheel.isPending(id), false);
        react(id);
      }
    }
  };

  for (const step of commands) {
    if (step.do === "arm") arm(step.id, clock.jiffies + step.delay);
    else if (step.do === "join") {
      if (wheel.isPending(step.other)) arm(step.id, wheel.expiresAt(step.other));
    } else if (step.do === "disarm") disarm(step.id);
    else {
      const target = clock.jiffies + step.jiffies;
      if (step.do === "hold up") clock.now = clock.timeOf(target);
      fireUpTo(target, step.do === "wait");
      clock.now = Math.max(clock.now, clock.timeOf(target));
    }
    for (let id = 0; id < TIMERS; id++) assert.equal(wheel.isPending(id), model.isPending(id));
  }
  // Whatever is left fires in the end, each at its jiffy, once nothing is armed any more.
  reactions = [];
  fireUpTo(Number.POSITIVE_INFINITY, true);
  assert.equal(model.nextJiffy, Number.POSITIVE_INFINITY);
}

describe("the order of timers", () => {
  const timely = command.filter((step) => step.do !== "hold up");

  test("is by jiffy, and within a jiffy the order of arming, whatever is armed, moved and stopped meanwhile", () => {
    fc.assert(
      fc.property(
        starts,
        fc.array(timely, { minLength: 10, maxLength: 100 }),
        fc.array(reaction, { minLength: 1, maxLength: 12 }),
        drive,
      ),
      { numRuns: 700, seed: 1 },
    );
  });

  test("is the same when the CPU was busy and the jiffies are caught up late", () => {
    fc.assert(
      fc.property(
        starts,
        fc.array(command, { minLength: 10, maxLength: 100 }),
        fc.array(reaction, { minLength: 1, maxLength: 12 }),
        drive,
      ),
      { numRuns: 700, seed: 1 },
    );
  });

  test("within a jiffy is the order of arming also when some were armed many blocks ahead and some just before", () => {
    const start = OUTER_BLOCK - 3 * BLOCK;
    for (const target of [
      start + 1,
      start + BLOCK,
      OUTER_BLOCK - 1,
      OUTER_BLOCK,
      OUTER_BLOCK + BLOCK,
      2 * OUTER_BLOCK,
    ]) {
      const clock = new KernelClock(HZ, start, 0);
      const wheel = new TimerWheel(clock, new EntryRecords(8), false);
      const ahead = [target - start, BLOCK, 100, 1].filter((jiffies) => jiffies <= target - start);
      ahead.forEach((jiffies, id) => {
        clock.now = clock.timeOf(target - jiffies);
        while (wheel.nextJiffy() >= 0 && wheel.nextJiffy() <= clock.jiffies) {
          wheel.fire(wheel.nextJiffy());
          assert.equal(wheel.take(), -1);
        }
        wheel.arm(id, target);
      });
      clock.now = clock.timeOf(target);
      const order: number[] = [];
      while (wheel.nextJiffy() >= 0) {
        wheel.fire(wheel.nextJiffy());
        for (let id = wheel.take(); id >= 0; id = wheel.take()) order.push(id);
      }
      assert.deepEqual(
        order,
        ahead.map((_, id) => id),
      );
    }
  });

  test("a delay of 0, and one in the past, is the next jiffy", () => {
    const clock = new KernelClock(HZ, 1000, 0);
    const wheel = new TimerWheel(clock, new EntryRecords(2), false);
    wheel.arm(0, 1000);
    wheel.arm(1, 900);
    assert.equal(wheel.nextJiffy(), 1001);
    wheel.fire(1001);
    assert.deepEqual([wheel.take(), wheel.take(), wheel.take()], [0, 1, -1]);
  });

  test("a timer armed by a firing one never fires in the same jiffy", () => {
    const clock = new KernelClock(HZ, BLOCK - 2, 0);
    const wheel = new TimerWheel(clock, new EntryRecords(1), false);
    wheel.arm(0, BLOCK - 1);
    for (let jiffy = BLOCK - 1; jiffy < BLOCK + 3; jiffy++) {
      clock.now = clock.timeOf(jiffy);
      assert.equal(wheel.nextJiffy(), jiffy);
      wheel.fire(jiffy);
      assert.equal(wheel.take(), 0);
      wheel.arm(0, jiffy);
      assert.equal(wheel.take(), -1);
    }
  });

  test("what is due a whole block after the jiffy that fires waits for its own jiffy, armed before it or by it", () => {
    for (let before = 0; before < 3; before++) {
      const clock = new KernelClock(HZ, 7 * BLOCK - 10, 0);
      const wheel = new TimerWheel(clock, new EntryRecords(3), false);
      const jiffy = 8 * BLOCK - 1 - before;
      wheel.arm(0, jiffy);
      wheel.arm(1, jiffy + BLOCK);
      const order: [number, number][] = [];
      for (let next = wheel.nextJiffy(); next >= 0; next = wheel.nextJiffy()) {
        clock.now = clock.timeOf(next);
        wheel.fire(next);
        for (let id = wheel.take(); id >= 0; id = wheel.take()) {
          order.push([id, next]);
          if (id === 0) wheel.arm(2, jiffy + BLOCK);
        }
      }
      assert.deepEqual(order, [
        [0, jiffy],
        [1, jiffy + BLOCK],
        [2, jiffy + BLOCK],
      ]);
    }
  });

  test("what is due in the last block, or the last block of blocks, that a level holds fires at its jiffy", () => {
    for (const [start, jiffy] of [
      [10, BLOCK - 1],
      [10, OUTER_BLOCK - BLOCK + 3],
      [10, OUTER_BLOCK - 1],
      [10, 2 ** 31 - OUTER_BLOCK + 3],
      [5 * OUTER_BLOCK + 9000, 6 * OUTER_BLOCK - 1],
      [5 * OUTER_BLOCK + 9000, 9 * OUTER_BLOCK + 17],
    ] as const) {
      const clock = new KernelClock(HZ, start, 0);
      const wheel = new TimerWheel(clock, new EntryRecords(2), false);
      wheel.arm(0, jiffy);
      let taken = -1;
      while (taken < 0) {
        const next = wheel.nextJiffy();
        assert.ok(next > clock.jiffies && next <= jiffy, `${next} on the way to ${jiffy}`);
        clock.now = clock.timeOf(next);
        wheel.fire(next);
        taken = wheel.take();
      }
      assert.deepEqual([taken, clock.jiffies], [0, jiffy]);
    }
  });

  test("growing keeps what is pending", () => {
    const clock = new KernelClock(HZ, 1000, 0);
    const records = new EntryRecords(2);
    const wheel = new TimerWheel(clock, records, false);
    wheel.arm(1, 1005);
    records.grow();
    wheel.arm(2, 1005);
    assert.equal(records.capacity, 3);
    assert.equal(wheel.isPending(0), false);
    wheel.fire(1005);
    assert.deepEqual([wheel.take(), wheel.take(), wheel.take()], [1, 2, -1]);
  });
});

describe("timer slack", () => {
  for (const { jiffies, delay, fires, why } of [
    { jiffies: 100_000, delay: 3750, fires: 103_760, why: "0x19546 to 0x19554: the low 4 bits go" },
    { jiffies: 70_000, delay: 7500, fires: 77_504, why: "0x12ebc to 0x12ed9: the low 6 bits go" },
    { jiffies: 1000, delay: 256, fires: 1257, why: "one jiffy more, and an odd one" },
    { jiffies: 1001, delay: 256, fires: 1258, why: "0x4e9 to 0x4ea: bit 1 is the highest that differs" },
    { jiffies: 3841, delay: 256, fires: 4098, why: "0x1001 to 0x1002" },
    {
      jiffies: 65_536,
      delay: 432_000 * 250,
      fires: 413 * 2 ** 18,
      why: "five days at HZ 250: 108 065 536 to 108 487 411",
    },
  ]) {
    test(`a delay of ${delay} at jiffy ${jiffies} fires at ${fires} (${why})`, () => {
      assert.equal(withSlack(jiffies + delay, jiffies), fires);
    });
  }

  test("there is none below 256 jiffies", () => {
    for (let delay = -5; delay < 256; delay++) {
      for (const jiffies of [65_536, 70_001, 99_999])
        assert.equal(withSlack(jiffies + delay, jiffies), jiffies + delay);
    }
  });

  const delayed = fc.record({
    jiffies: fc.integer({ min: 0, max: 2 ** 30 }),
    delay: fc.oneof(fc.integer({ min: 256, max: 16_000 }), fc.integer({ min: 256, max: 2 ** 29 })),
  });

  test("is never early, at most 1/256 of the delay, and clears all bits below the highest that this allows", () => {
    fc.assert(
      fc.property(delayed, ({ jiffies, delay }) => {
        const expires = jiffies + delay;
        const limit = expires + Math.floor(delay / 256);
        const fires = withSlack(expires, jiffies);
        assert.ok(fires >= expires && fires <= limit);
        // The multiple of the largest power of two that lies after the expiry and not after the limit.
        let power = 1;
        while (Math.floor(limit / (2 * power)) * 2 * power > expires) power *= 2;
        assert.equal(fires, Math.floor(limit / power) * power);
      }),
      { numRuns: 5000, seed: 2 },
    );
  });

  test("applies to add_timer() and mod_timer(), not to mod_timer_pending(), and only in kernels that have it", () => {
    const clock = new KernelClock(HZ, 100_000, 0);
    const with_ = new TimerWheel(clock, new EntryRecords(1), true);
    with_.arm(0, 103_750);
    assert.equal(with_.expiresAt(0), 103_760);
    with_.armExact(0, 103_750);
    assert.equal(with_.expiresAt(0), 103_750);
    const without = new TimerWheel(clock, new EntryRecords(1), false);
    without.arm(0, 103_750);
    assert.equal(without.expiresAt(0), 103_750);
  });
});
