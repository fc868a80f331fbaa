/**
 * The service times of a listener like a program that was watched or measured: of messages of packets, and where they
 * differ of the DESTROY of a flush or a delete. What was measured of a queue read in one go is nearer than a pace under
 * load, in which waits for a CPU and for messages are.
 */
import type { ListenerScenario } from "../scenario/scenario.js";
import type { Measurement } from "./measurement.js";
import type { ProgramPace } from "./program.js";

interface Measured {
  pace: ProgramPace | null;
  backlog?: Measurement["backlog"];
  /** Where nothing else is known; null: nothing is. */
  cpuMicrosecondsPerMessage?: number | null;
}

type ServiceTimes = Pick<ListenerScenario, "serviceNanoseconds" | "portidServiceNanoseconds">;

/** Null: nothing was read that tells them. `recvNanoseconds` is what the simulation charges beside them. */
export function serviceTimes(
  { pace, backlog = { new: null, destroy: null }, cpuMicrosecondsPerMessage = null }: Measured,
  recvNanoseconds: number,
): ServiceTimes | null {
  const ofPackets = backlog.new ?? pace?.kinds.new ?? pace?.kinds.update ?? null;
  const ofRequests = backlog.destroy ?? pace?.kinds.destroy ?? null;
  const any = (ofPackets ?? pace)?.microsecondsPerMessage ?? cpuMicrosecondsPerMessage;
  if (any === null) return null;
  const service = (microseconds: number): number =>
    Number(Math.max(0, 1000 * microseconds - recvNanoseconds).toPrecision(2));
  const apart = ofPackets !== null && ofRequests !== null && differ(any, ofRequests.microsecondsPerMessage);
  return {
    serviceNanoseconds: service(any),
    portidServiceNanoseconds: apart ? service(ofRequests.microsecondsPerMessage) : null,
  };
}

/** By more than such a measurement varies. */
function differ(a: number, b: number): boolean {
  return Math.max(a, b) > 1.2 * Math.min(a, b);
}
