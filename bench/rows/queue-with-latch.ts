/**
 * The comparison that a reader would ask for: the same queue in a general simulation library. Poisson arrivals, one
 * server with a fixed service time, a bounded queue whose overrun latches it shut until it is empty (M/D/1/K with
 * latch). Ours carries the whole kernel along for each arrival; the library has nothing but the queue.
 */
import { createRequire } from "node:module";
import { resolveScenario, simulate } from "../built.js";
import type { Row } from "../row.js";
import { best, cpuSeconds } from "../timing.js";

const ARRIVALS_PER_SECOND = 10_000;
const SERVICE_SECONDS = 0.0001;
const RECV_NANOSECONDS = 1000;

/** What the queue needs of the library, which has no types of its own. */
interface Library {
  Sim: new () => { addEntity(entity: unknown): void; simulate(seconds: number): void };
  Random: new (seed: number) => { exponential(rate: number): number };
  Entity: new (
    sim: unknown,
    name: string,
  ) => {
    time(): number;
    setTimer(seconds: number): { done(callback: () => void): unknown };
  };
}

/** The package is a bundle for browsers: it leaves its classes on `window`. */
function simjs(): Library {
  const outside = globalThis as { window?: { Sim?: Library } };
  outside.window = {};
  const require = createRequire(import.meta.url);
  require("simjs");
  const library = outside.window.Sim;
  delete outside.window;
  if (library === undefined) throw new Error("expected simjs to leave its classes on window, got none");
  return library;
}

interface Outcome {
  served: number;
  refused: number;
}

function inLibrary({ Sim, Random, Entity }: Library, arrivals: number, capacity: number): Outcome {
  const outcome = { served: 0, refused: 0 };
  const random = new Random(1);
  class Queue extends Entity {
    private left = arrivals;
    private queued = 0;
    private latched = false;
    start(): void {
      this.setTimer(random.exponential(ARRIVALS_PER_SECOND)).done(() => this.arrive());
    }
    private arrive(): void {
      if (this.latched || this.queued === capacity) {
        this.latched = true;
        outcome.refused++;
      } else if (this.queued++ === 0) {
        this.serve();
      }
      if (--this.left > 0) this.start();
    }
    private serve(): void {
      this.setTimer(SERVICE_SECONDS).done(() => {
        outcome.served++;
        if (--this.queued > 0) this.serve();
        else this.latched = false;
      });
    }
  }
  const sim = new Sim();
  sim.addEntity(Queue);
  sim.simulate(Number.MAX_SAFE_INTEGER);
  return outcome;
}

export const row: Row = {
  title: "a queue with latch, here and in simjs",
  async measure(short) {
    const arrivals = short ? 200_000 : 1_000_000;
    const scenario = resolveScenario("flood", {
      connections: arrivals,
      protocol: "udp",
      ratePerSecond: ARRIVALS_PER_SECOND,
      arrivals: "poisson",
      flush: false,
      nfConntrackMax: 0,
      timeoutsSeconds: { udp: 1 },
      listeners: [
        {
          bufferBytes: 8192,
          policy: "lossy",
          groups: ["new"],
          serviceNanoseconds: SERVICE_SECONDS * 1e9 - RECV_NANOSECONDS,
        },
      ],
      costs: { packetNanoseconds: 0, attemptNanoseconds: 0, recvNanoseconds: RECV_NANOSECONDS, wakeupNanoseconds: 0 },
    });
    const { socket } = simulate(scenario);
    const library = simjs();
    let outcome: Outcome = { served: 0, refused: 0 };
    const theirs = best(short ? 2 : 5, () =>
      cpuSeconds(() => {
        outcome = inLibrary(library, arrivals, socket.capacityMessages);
      }),
    );
    const ours = best(short ? 2 : 5, () => cpuSeconds(() => simulate(scenario)));
    const figure = { unit: "M events/s", target: null, better: "more", scales: true } as const;
    const share = { unit: "%", target: null, better: "less", scales: false, spread: 0 } as const;
    const events = (refused: number): number => (2 * arrivals - refused) / 1e6;
    return [
      { ...figure, name: "ours", value: events(socket.drops) / ours.value, spread: ours.spread },
      { ...figure, name: "simjs", value: events(outcome.refused) / theirs.value, spread: theirs.spread },
      { ...share, name: "refused here", value: (100 * socket.drops) / arrivals },
      { ...share, name: "refused there", value: (100 * outcome.refused) / arrivals },
    ];
  },
};
