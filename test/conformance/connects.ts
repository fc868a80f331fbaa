/**
 * What a connect takes beside its packets on the recorded machine: socket() and the search for a port before the SYN,
 * the server's new socket in the last packet of the handshake. By traces of such an emulator connect needs 55 us with
 * its three packets on 5.10, no more than three packets do, but 120 and 125 us on 6.1.170 and 6.12.107, where a packet
 * takes as long: 67 us until the reader is woken, 62 more until the thread that accepts is, where a packet takes 22.
 * Before the SYN a kernel built for voluntary preemption gives way; one that preempts lazily does so when connect
 * returns.
 */
import type { Scenario } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import { Run } from "../../src/simulation/loop.js";
import { hasServer } from "../../src/simulation/server.js";
import type { Sampler } from "../../src/simulation/timeline.js";
import type { Recording } from "./recording.js";

/** Since a release between the two that were looked at. */
const CONNECT_NANOSECONDS = [55_000, 70_000] as const;
const SHARE_BEFORE_SYN = 0.8;
/** SYN, SYN/ACK, ACK. */
const LAST_OF_HANDSHAKE = 2;

/** A run of the recorded program. */
export function runOf(recording: Recording, scenario: Scenario, sampler?: Sampler): Run {
  const run = new Run(scenario, sampler);
  const takesTime = recording.build.startsWith("deb-") && Number.parseInt(recording.kernel, 10) >= 6;
  if (takesTime && hasServer(scenario)) takeTimeToConnect(run);
  return run;
}

function takeTimeToConnect({ kernel, machine, phases }: Run): void {
  const { cpu0, scenario } = machine;
  const [least, most] = CONNECT_NANOSECONDS;
  const connect = Math.round(least + (most - least) * new Streams(scenario.seed).of("connect").uniform());
  const before = Math.round(SHARE_BEFORE_SYN * connect);
  const givesWay = kernel.release.scheduler.preemption === "voluntary";
  const act = phases.act.bind(phases);
  let isReady = false;
  phases.act = (): void => {
    const { nextPacket } = phases;
    if (nextPacket === 0 && !isReady) {
      isReady = true;
      cpu0.charge(before);
      phases.due = cpu0.free;
      if (givesWay) return;
    }
    isReady = false;
    if (nextPacket === LAST_OF_HANDSHAKE) cpu0.besideNanoseconds += connect - before;
    act();
  };
}
