/**
 * Whether a measurement of a program is good for a simulation: `npm run measured -- conntrack -E -e NEW,DESTROY`. It
 * measures the program as `ct-reliable measure` does, lets it read floods of three rates with a flush behind each on
 * the running kernel, and simulates the same with what was measured. All of it some times in turn, since a machine that
 * others use, too, is another one a minute later: the medians are compared, and the spread is printed beside them. Exit
 * code 1: one of them is off by more than a tenth of what the program lost.
 */
import os from "node:os";
import { liveHost, liveOverrides } from "../../src/live/host/host.js";
import type { Measurement } from "../../src/report/measurement.js";
import { median } from "../../src/report/median.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";

const RATES = [20_000, 60_000, null] as const;
const CONNECTIONS = 20_000;
const ROUNDS = 5;
const LARGEST_DIFFERENCE = 0.1;

// Threads and processes need JavaScript.
const { liveBackend, measuredProgram }: typeof import("../../src/live/live.js") = await import(
  new URL("../../dist/live/live.js", import.meta.url).href
);

const argv = process.argv.slice(2);
if (argv.length === 0) throw new Error("expected a program, as in npm run measured -- conntrack -E -e NEW,DESTROY");
const command = { text: argv.join(" "), argv, logFile: null };
const machine = { ...liveOverrides(liveHost()), protocol: "udp", packets: 1, connections: CONNECTIONS } as const;

function scenarioOf(ratePerSecond: number | null, overrides: Overrides = {}): Scenario {
  return resolveScenario("flood", { ...machine, arrivals: "constant", ratePerSecond, ...overrides });
}

function simulatedDrops(ratePerSecond: number | null, { listener, costs }: Measurement): number {
  return simulate(scenarioOf(ratePerSecond, { listeners: [listener], costs })).socket.drops;
}

async function liveDrops(ratePerSecond: number | null): Promise<number> {
  const report = await liveBackend({ daemon: command }).run(scenarioOf(ratePerSecond));
  return report.socket.drops;
}

const measurements: Measurement[] = [];
const drops = RATES.map(() => ({ live: [] as number[], simulated: [] as number[] }));
for (let round = 0; round < ROUNDS; round++) {
  const measurement = await measuredProgram(scenarioOf(null), command, { progress() {}, stopRequested: () => false });
  measurements.push(measurement);
  for (const [index, rate] of RATES.entries()) {
    drops[index]!.live.push(await liveDrops(rate));
    drops[index]!.simulated.push(simulatedDrops(rate, measurement));
  }
}

const spread = (values: readonly number[]): string =>
  `${median(values)} (${Math.min(...values)} to ${Math.max(...values)})`;
const service = measurements.map(({ listener }) => listener.serviceNanoseconds / 1000);
const ofFlush = measurements.map(
  ({ listener }) => (listener.portidServiceNanoseconds ?? listener.serviceNanoseconds) / 1000,
);
console.log(
  `${command.text}: ${spread(service)} µs a message, ${spread(ofFlush)} one of the flush, ` +
    `load ${os.loadavg()[0]!.toFixed(1)} on ${os.cpus().length} CPUs`,
);
for (const key of Object.keys(measurements[0]!.costs) as (keyof Measurement["costs"])[]) {
  console.log(`${key}: ${spread(measurements.map(({ costs }) => costs[key]))}`);
}
let off = 0;
for (const [index, rate] of RATES.entries()) {
  const { live, simulated } = drops[index]!;
  const share = Math.abs(median(live) - median(simulated)) / median(live);
  if (share > LARGEST_DIFFERENCE) off++;
  console.log(
    `${rate ?? "max"}/s and a flush, of ${2 * CONNECTIONS} events lost: live ${spread(live)}, simulated ${spread(simulated)}, ` +
      `apart ${(100 * share).toFixed(1)} %`,
  );
}
process.exitCode = off === 0 ? 0 : 1;
