/**
 * What a measurement of a program said: how it took floods of a rising rate and a flush, and what one message costs it.
 * One program reads through all of it, so that a buffer that it grew stays grown. What the kernel does not tell is
 * null.
 */
import type { Costs, ListenerScenario } from "../scenario/scenario.js";
import type { ProgramReport } from "./program.js";

type Figure = number | null;

export interface MeasurementStage {
  kind: "flood" | "flush";
  /** Connections per second; null: as fast as the machine makes them, or a flush. */
  askedPerSecond: Figure;
  /** Connections opened, or entries flushed, per second. */
  achievedPerSecond: number;
  /** From its beginning until the program had read what there was to read. */
  seconds: number;
  /** Messages for its first socket: that the kernel had, that were read, that were dropped. */
  offered: Figure;
  read: Figure;
  lost: number;
  /** Of one CPU, in the mean. */
  cpuShare: number;
}

/** The median of some rounds, and between what nine tenths of them lie. */
export interface BacklogPace {
  microsecondsPerMessage: number;
  fastMicroseconds: number;
  slowMicroseconds: number;
  rounds: number;
}

/** The costs of a simulation that can be measured. */
export type MeasuredCosts = Pick<
  Costs,
  "packetNanoseconds" | "flushEntryNanoseconds" | "attemptNanoseconds" | "recvNanoseconds" | "wakeupNanoseconds"
>;

export interface Measurement {
  schemaVersion: 1;
  tool: { name: "ct-reliable"; version: string };
  kernel: { release: string };
  stages: readonly MeasurementStage[];
  program: ProgramReport;
  /**
   * What a message of a queue takes it when nothing else happens: a NEW, and the DESTROY of a flush, which names the
   * program that asked for it. Null: its buffer holds too few, or it did not read them.
   */
  backlog: { new: BacklogPace | null; destroy: BacklogPace | null };
  /** What things cost on this machine, the medians of some rounds. */
  costs: MeasuredCosts;
  /** A listener of a simulation such as the program was found to be. */
  listener: ListenerScenario;
  interrupted: boolean;
}
