/**
 * What a machine took for an entry and for a packet, for runs that do not show it: one without a flush does not say
 * what an entry costs, one with pauses not what a packet does. Another recording of the same kernel says it, a flush
 * with a reader that hardly reads meanwhile. What is taken from it are costs of that machine, never a result.
 */
import type { Costs } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import { calibrate, isFollowed, isFollowedClosely } from "./recorded-scenario.js";
import type { Recording } from "./recording.js";

/** Recordings of the same kernel from which costs are measured; null: there is none. */
export interface References {
  /** A flush of UDP flows. */
  flush: Recording | null;
  /**
   * A flood of UDP flows past a buffer of the same kind, the nearest in the file: after a part of the runs of 6.1.170,
   * 6.1.192 and 6.12.107 a packet took 7 to 9 us less than before, whatever was done to the machine in between.
   */
  flood: Recording | null;
  /** Connections of TCP, as fast as the machine made them. */
  tcp: Recording | null;
}

/** A reader that slow leaves the flush and the flood alone. */
const SLOW_MICROSECONDS = 1000;

const MEASURED = new Map<string, Partial<Costs>>();

export function referencesFor(recording: Recording, among: readonly Recording[]): References {
  const { setting } = recording;
  if (setting.flush === 1 && setting.pauseMicroseconds === undefined && !isFollowed(recording)) {
    return { flush: null, flood: null, tcp: null };
  }
  const ofThisMachine = among.filter(
    ({ kernel, build, hz, clock, result }) =>
      kernel === recording.kernel &&
      // A build that was booted with other options has them behind its name.
      (recording.build.startsWith(build) || build.startsWith(recording.build)) &&
      hz === recording.hz &&
      clock === recording.clock &&
      result !== undefined,
  );
  const undisturbed = ofThisMachine.filter(
    (one) =>
      one.setting.pauseMicroseconds === undefined &&
      one.setting.secondFloodFlows === undefined &&
      one.setting.nfConntrackMax >= one.setting.flows &&
      one.setting.readerDelayMicroseconds >= SLOW_MICROSECONDS,
  );
  const isLossy = ({ setting: { reliable } }: Recording): boolean => reliable === 0;
  const flushes = undisturbed.filter(({ tag, setting: { flush } }) => tag === "main" && flush === 1);
  const connections = undisturbed.filter(
    ({ setting: { mode, bigBufferDuringFlood } }) => mode === "tcp" && bigBufferDuringFlood === 1,
  );
  // A SYN that was sent again stretches a flood: the quickest had none.
  const quickest = connections.sort((a, b) => secondsPerFlow(a) - secondsPerFlow(b))[0];
  if (isFollowed(recording)) {
    // Entries that are delivered at once cost what refused ones do, and a delivery. A lossy flush frees those that are
    // refused, which takes 0.4 to 0.7 us more than the way to a list.
    const distance = (one: Recording): number => Math.abs(one.setting.flows - setting.flows);
    const alike = flushes.filter((one) => isLossy(one) === isLossy(recording));
    alike.sort((a, b) => distance(a) - distance(b));
    return { flush: alike[0] ?? null, flood: null, tcp: null };
  }
  const floods = ofThisMachine.filter(
    ({ setting: { bigBufferDuringFlood, flows, mode, nfConntrackMax, pauseMicroseconds } }) =>
      mode === "udp" &&
      bigBufferDuringFlood === recording.setting.bigBufferDuringFlood &&
      nfConntrackMax >= flows &&
      pauseMicroseconds === undefined,
  );
  const nearest = floods.sort((a, b) => apart(a, recording) - apart(b, recording))[0];
  return { flush: flushes.find(isLossy) ?? flushes[0] ?? null, flood: nearest ?? null, tcp: quickest ?? null };
}

/** How many runs lie between two of one file. */
function apart(one: Recording, other: Recording): number {
  const [[file, line], [otherFile, otherLine]] = [one, other].map(({ place }) => [
    place.slice(0, place.lastIndexOf(":")).split("/").at(-1),
    Number(place.slice(place.lastIndexOf(":") + 1)),
  ]) as [[string, number], [string, number]];
  return file === otherFile ? Math.abs(line - otherLine) : Number.POSITIVE_INFINITY;
}

function secondsPerFlow({ setting, result }: Recording): number {
  return result!.floodSeconds / setting.flows;
}

/**
 * What is measured there holds here about so far, in thousandths: as much as the flushes, and the floods, of one kernel
 * differ among themselves.
 */
const ENTRY_THOUSANDTHS = 90;
/** Flushes of as many entries, reliable both, differ by less. */
const ALIKE_THOUSANDTHS = 15;
const PACKET_THOUSANDTHS = 30;

/** Costs of a reference as a seed has them; a flood without pauses shows its own. */
export function drawn(
  recording: Recording,
  costs: Partial<Costs>,
  { flush }: References,
  seed: string,
): Partial<Costs> {
  if (flush === null) return costs;
  const { setting, tag } = recording;
  const { uniform } = new Streams(seed).of("costs of a reference");
  const about = (value: number, thousandths: number): number =>
    Math.round(value * (1 + ((2 * uniform() - 1) * thousandths) / 1000));
  const flushEntryNanoseconds = about(
    costs.flushEntryNanoseconds!,
    isFollowedClosely(recording) ? ALIKE_THOUSANDTHS : ENTRY_THOUSANDTHS,
  );
  if (setting.pauseMicroseconds === undefined || tag === "steady") return { ...costs, flushEntryNanoseconds };
  return { ...costs, flushEntryNanoseconds, packetNanoseconds: about(costs.packetNanoseconds!, PACKET_THOUSANDTHS) };
}

/** What a recording without a flush, or with pauses, does not say of its machine. */
export function referenceCosts(recording: Recording, { flush, flood, tcp }: References): Partial<Costs> {
  const costs: Partial<Costs> = {};
  if (flush !== null) {
    const { flushEntryNanoseconds, packetNanoseconds } = measured(flush);
    Object.assign(costs, { flushEntryNanoseconds, packetNanoseconds });
  }
  if (flood !== null) costs.packetNanoseconds = measured(flood).packetNanoseconds!;
  if (tcp !== null && recording.setting.mode === "tcp") costs.packetNanoseconds = measured(tcp).packetNanoseconds!;
  return costs;
}

function measured(recording: Recording): Partial<Costs> {
  const known = MEASURED.get(recording.place) ?? calibrate(recording);
  MEASURED.set(recording.place, known);
  return known;
}
