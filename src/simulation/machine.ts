/**
 * The machine of one run, wired: the simulated kernel, the daemons that read its sockets, CPU 0, chance, and the
 * figures that are kept of it. It owns the wiring only: who acts when is loop.ts, and what the experiment does is
 * phases.ts.
 */
import { DumpingView } from "../daemon/dumping-view.js";
import { QueuedReader } from "../daemon/queued-reader.js";
import { Reader } from "../daemon/reader.js";
import { DaemonView } from "../daemon/view.js";
import type { KernelClock } from "../kernel/clock.js";
import { effectiveRelease } from "../kernel/effective-release.js";
import type { Scenario } from "../scenario/scenario.js";
import { Streams } from "../scenario/streams.js";
import { Cpu0 } from "./cpu/cpu0.js";
import { Dumps } from "./dumps.js";
import { Figures } from "./figures.js";
import { asksForDumps, SimulatedKernel } from "./kernel.js";
import { Readers } from "./readers.js";

export class Machine {
  readonly scenario: Scenario;
  readonly streams: Streams;
  readonly kernel: SimulatedKernel;
  readonly clock: KernelClock;
  readonly cpu0: Cpu0;
  readonly readers: Readers;
  readonly figures: Figures;
  /**
   * For the checkers: the window of retry delays, the largest message, and the highest rmem at which a buffer was
   * shrunk.
   */
  readonly graceWindowJiffies: number;
  readonly largestTruesize: number;
  rmemAtShrink = 0;
  /** Nothing acts any more: all is settled, the time limit is reached, or whoever watches has seen enough. */
  over = false;

  constructor(scenario: Scenario) {
    const release = effectiveRelease(scenario);
    if (release === null) throw new Error(`no release for kernel ${scenario.kernel}`);
    const { costs } = scenario;
    const streams = new Streams(scenario.seed);
    const views = scenario.listeners.map(({ dumpsOnEventSocket }) => {
      const View = dumpsOnEventSocket ? DumpingView : DaemonView;
      return new View(scenario.tuples !== null, expectedTuples(scenario));
    });
    const kernel = new SimulatedKernel(scenario, release, streams, views[0]!);
    const { clock, ctnetlink, ledger, table } = kernel;
    const readers = scenario.listeners.map((listener, index) => {
      const chance = streams.of(`reader ${index}`);
      const observer = index === 0 ? ledger : null;
      const Kind = listener.queue === null ? Reader : QueuedReader;
      return new Kind(kernel.sockets[index]!, views[index]!, listener, costs, chance, observer);
    });
    this.scenario = scenario;
    this.streams = streams;
    this.kernel = kernel;
    this.clock = clock;
    this.cpu0 = new Cpu0(clock, ctnetlink, kernel.broadcast, costs, scenario.packetCpus);
    const wiring = { kernel, cpu0: this.cpu0, scenario };
    const dumps = readers.map((reader, index) =>
      asksForDumps(scenario.listeners[index]!)
        ? new Dumps(reader, wiring, kernel.passes[index]!, index === 0 ? ledger : null)
        : null,
    );
    readers.forEach((reader, index) => {
      reader.replies = dumps[index]!;
    });
    this.readers = new Readers(readers, dumps, kernel, ledger, costs.recvNanoseconds);
    this.figures = new Figures(clock, table, ledger);
    this.graceWindowJiffies = Math.round(scenario.graceMaxSeconds * scenario.hz);
    this.largestTruesize = ctnetlink.largestTruesize;
  }
}

/** How many keys a daemon will hear of; 0 where tuples come again: each life is a key, and nothing says how many. */
function expectedTuples({ connections, secondFlood, tuples }: Scenario): number {
  return tuples === null ? connections + (secondFlood?.connections ?? 0) : 0;
}
