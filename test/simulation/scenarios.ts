/**
 * Scenarios and runs for the tests: resolved as the command line resolves them, on a machine on which nothing costs
 * time where a test computes with exact times. It tests nothing itself.
 */
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import type { Costs, ListenerScenario, Scenario } from "../../src/scenario/scenario.js";
import { Run } from "../../src/simulation/loop.js";
import type { Machine } from "../../src/simulation/machine.js";
import type { Sampler } from "../../src/simulation/timeline.js";

/** The options of the recorded kernels: a truesize of 1280 from 3.2 on, and of 400 on 2.6.35. */
export const BARE = { acct: false, nat: false, mark: false, secmark: false } as const;

export function flushScenario(overrides: Overrides): Scenario {
  return resolveScenario("flush", overrides);
}

export function floodScenario(overrides: Overrides): Scenario {
  return resolveScenario("flood", overrides);
}

/** The same scenario on a machine that does everything in no time. */
export function withoutCosts(scenario: Scenario): Scenario {
  const costs = Object.fromEntries(Object.keys(scenario.costs).map((cost) => [cost, 0]));
  return { ...scenario, costs: costs as unknown as Costs };
}

/** The same scenario with other values for its first listener. */
export function withListener(scenario: Scenario, changes: Partial<ListenerScenario>): Scenario {
  const [first, ...others] = scenario.listeners;
  return { ...scenario, listeners: [{ ...first!, ...changes }, ...others] };
}

/** A run to its end. */
export function finished(scenario: Scenario, sampler?: Sampler): Run {
  const run = new Run(scenario, sampler);
  while (run.advance(100_000));
  run.conclude();
  return run;
}

/** Looks at a run at the given times, after everything else that happens at them. */
export function lookingAt(times: readonly number[], look: (machine: Machine) => void): Sampler {
  let next = 0;
  return {
    lookNanoseconds: 0,
    due: () => times[next] ?? Number.POSITIVE_INFINITY,
    sample: (machine) => {
      next++;
      look(machine);
    },
  };
}

/** When each recv of a reader took place, in nanoseconds, and what it returned. */
export function recordRecvs(run: Run, index = 0): { at: number; result: number }[] {
  const { socket } = run.readers[index]!;
  const recvs: { at: number; result: number }[] = [];
  const recv = socket.recv.bind(socket);
  socket.recv = (wasWaiting) => {
    const result = recv(wasWaiting);
    recvs.push({ at: run.kernel.clock.now, result });
    return result;
  };
  return recvs;
}
