/**
 * The simulator against the kernel that it models: 200 000 UDP flows as fast as the machine makes them, every event
 * read, then a flush until everything is delivered. Of the kernel it is the time that passed, of the simulator the CPU
 * time.
 */
import { liveBackend, liveHost, liveOverrides, resolveScenario, simulate, whyNotLive } from "../built.js";
import type { Row, SkippedRow } from "../row.js";
import { READS_EVERYTHING } from "../throughput.js";
import { best, cpuSeconds } from "../timing.js";

const CONNECTIONS = 200_000;
const title = "simulated against live, 200 000 UDP flows";
const reason = await whyNotLive();

export const row: Row | SkippedRow = reason === null ? { title, measure } : { title, skipped: reason };

async function measure(short: boolean) {
  const scenario = resolveScenario("flush", {
    ...liveOverrides(liveHost()),
    connections: CONNECTIONS,
    flushDelayNanoseconds: 0,
    listeners: READS_EVERYTHING!,
  });
  const repetitions = short ? 2 : 5;
  const lived: number[] = [];
  for (let run = 0; run < repetitions; run++) lived.push(await liveSeconds(scenario));
  const simulated = best(repetitions, () => cpuSeconds(() => simulate(scenario)));
  const live = Math.min(...lived);
  return [
    {
      name: "faster than the kernel",
      value: live / simulated.value,
      unit: "×",
      target: 15,
      better: "more",
      scales: false,
      spread: simulated.spread,
    } as const,
    {
      name: "the kernel",
      value: live,
      unit: "s",
      target: null,
      better: "less",
      scales: false,
      spread: Math.max(...lived) / live - 1,
    } as const,
  ];
}

/** From the first packet until the dying list is empty. */
async function liveSeconds(scenario: Parameters<typeof simulate>[0]): Promise<number> {
  const { flush, dying, events } = await liveBackend().run(scenario);
  if (events.destroy.delivered !== CONNECTIONS) {
    throw new Error(`expected ${CONNECTIONS} DESTROY delivered, got ${events.destroy.delivered}`);
  }
  return flush!.atSeconds + dying.emptyAfterFlushSeconds!;
}
