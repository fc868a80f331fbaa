/**
 * Advice on a live run. Of a running kernel there is no second one to try things on, so the run is simulated with the
 * costs of this machine and the pace that its reader was measured to have, and what helps is looked for there, among
 * what a live run would accept. Where the simulation does not lose what the run lost, it says nothing about the run.
 */
import type { MeasuredCosts } from "../report/measurement.js";
import type { Advice, Report } from "../report/report.js";
import { serviceTimes } from "../report/service-times.js";
import { type Overrides, resolveScenario } from "../scenario/defaults.js";
import { ParameterError } from "../scenario/errors.js";
import { mergeParameters } from "../scenario/merge.js";
import type { PresetName } from "../scenario/parameters/preset.js";
import { type ListenerScenario, POLICY, type Scenario } from "../scenario/scenario.js";
import { simulateWithin } from "../simulation/simulation.js";
import { MOST_BUDGET } from "./actions.js";
import { adviceOf } from "./advice.js";
import { ownSetting } from "./own-setting.js";
import { adviceBudget, adviceFor, given } from "./what-if.js";

export interface Machine {
  /** What things cost on it; asked for where there is something to advise on. */
  costs(): Promise<MeasuredCosts>;
  /** Throws ParameterError where a live run with that scenario would be refused. */
  refuse(scenario: Scenario): void;
  breathe?(): Promise<void> | void;
  stopRequested?(): boolean;
}

/** Programs whose settings have a word (own-setting.ts). */
const KNOWN_PROGRAMS: ReadonlySet<string> = new Set<PresetName>(["conntrack", "conntrackd", "ulogd"]);
/** What a program that is not known can have a setting for: its socket. */
const OF_A_SOCKET: ReadonlySet<string> = new Set<keyof ListenerScenario>(["bufferBytes", "groups", "policy"]);
/** A simulation that loses less than the run divided by this, or more than the run times this, is of another run. */
const ALIKE = 2;

/** Null: it cannot be told, because something was not measured or the simulation is not alike. Empty: nothing helps. */
export async function adviceOnLive(report: Report, machine: Machine): Promise<Advice[] | null> {
  const lostLive = lostIn(report);
  const reader = lostLive === 0 || report.interrupted === true ? null : readerOf(report);
  if (reader === null) return null;
  const costs = { ...report.scenario.costs, ...(await machine.costs()) };
  const [first, ...others] = report.scenario.listeners;
  const listener = { ...first!, ...reader.listener(costs.recvNanoseconds) };
  const { experiment } = report.scenario;
  const scenario = resolveScenario(experiment, given({ ...report.scenario, costs, listeners: [listener, ...others] }));
  const { report: simulated } = await simulateWithin(scenario, MOST_BUDGET, machine);
  if (simulated === null) return null;
  const lost = lostIn(simulated);
  if (lost * ALIKE < lostLive || lost > ALIKE * lostLive) return null;
  const effect = await adviceFor(simulated, {
    ...machine,
    budget: adviceBudget(simulated),
    vary(over) {
      reader.refuse(over);
      const changed = resolveScenario(experiment, mergeParameters(given(scenario), over));
      machine.refuse(changed);
      return changed;
    },
  });
  return effect === null ? [] : [adviceOf(effect, reader.program)];
}

/** Events and packets that are gone for good. */
function lostIn({ events, socket, table, scenario }: Report): number {
  const known = [events.new, events.update, events.destroy].reduce((sum, { lost }) => sum + (lost ?? 0), 0);
  // Where nothing is resent, a drop is a loss of which the kernel does not tell what it was.
  const drops = POLICY[scenario.listeners[0]!.policy].broadcastError ? 0 : socket.drops;
  return Math.max(known, drops) + table.drop + table.insertFailed;
}

interface Reader {
  program: PresetName | null;
  listener(recvNanoseconds: number): Partial<ListenerScenario>;
  /** Throws ParameterError where it could not be told to. */
  refuse(over: Overrides): void;
}

/** Null: its pace or its buffer is not known. A thread of ours has the pace that was asked for. */
function readerOf({ program, scenario }: Report): Reader | null {
  if (program === null) return { program: null, listener: () => ({}), refuse() {} };
  const [socket, ...more] = program.sockets;
  if (socket === undefined || more.length > 0 || program.ended !== null) return null;
  const { pace, rcvbufBytes, rcvbufBytesAtEnd } = socket;
  // To what it would let a buffer grow it does not tell.
  if (pace === null || rcvbufBytes === null || rcvbufBytes !== rcvbufBytesAtEnd) return null;
  const name = socket.process?.name ?? "";
  const known = KNOWN_PROGRAMS.has(name) ? (name as PresetName) : null;
  return {
    program: known,
    listener: (recvNanoseconds) => ({
      ...serviceTimes({ pace }, recvNanoseconds),
      // The known ones ask so first; of another it is what its buffer was seen to be that counts.
      force: known !== null || rcvbufBytes > 2 * scenario.rmemMaxBytes,
    }),
    refuse(over) {
      const change = over.listeners?.[0];
      if (change === undefined) return;
      const can = known === null ? Object.keys(change).every((key) => OF_A_SOCKET.has(key)) : ownSetting(known, over);
      if (!can) throw new ParameterError("listeners.0", "expected what the program can be told, got something else");
    },
  };
}
