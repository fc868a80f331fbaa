/**
 * All kinds of flow of a flood: one workload each, and of them the one whose packet is due next. Of two at one instant
 * it is the first of the scenario.
 */

import type { Scenario, TrafficClass } from "../scenario/scenario.js";
import type { Stream, Streams } from "../scenario/streams.js";
import { classesOf } from "../scenario/traffic.js";
import { RateProfile } from "./rate-profile.js";
import { clientScript, scriptOf } from "./script.js";
import { Workload } from "./workload.js";

/** A flood from `startNanoseconds` on, and the tuple of its first connection. */
export interface Flood {
  classes: readonly TrafficClass[];
  startNanoseconds: number;
  firstTuple: number;
  /** The rate over time; null: the rates of the classes. */
  profile: RateProfile | null;
  /** By class. */
  chance: readonly Pick<Stream, "exponential">[];
}

/** The flood that a scenario begins with. */
export function firstFlood(scenario: Scenario, streams: Streams): Flood {
  // A log that is replayed has packets of its own.
  const classes = classesOf(scenario).map((one) => (scenario.replay === null ? one : { ...one, connections: 0 }));
  const stream = (index: number): Stream => streams.of(index === 0 ? "arrivals" : `arrivals ${index}`);
  const profile = scenario.rateProfile.length === 0 ? null : new RateProfile(scenario.rateProfile);
  return { classes, startNanoseconds: 0, firstTuple: 0, profile, chance: classes.map((_, index) => stream(index)) };
}

/** Its second flood: more connections of its one kind. */
export function secondFlood(scenario: Scenario, streams: Streams, startNanoseconds: number): Flood {
  const classes = classesOf(scenario).map((one) => ({ ...one, connections: scenario.secondFlood!.connections }));
  return {
    classes,
    startNanoseconds,
    firstTuple: scenario.connections,
    profile: null,
    chance: [streams.of("second arrivals")],
  };
}

/** Each class has tuples of its own: where they begin. `tuples`: of those that come again, of each class. */
export function firstTuplesOf(classes: readonly TrafficClass[], tuples: number | null): number[] {
  let next = 0;
  return classes.map(({ connections }) => {
    const first = next;
    next += tuples ?? connections;
    return first;
  });
}

export class Traffic {
  private readonly workloads: readonly Workload[];
  /** The workload whose packet is next, and which class it is of. */
  next: Workload;
  nextClass = 0;

  /** `isServed`: the server's end of the connections is somebody else's. */
  constructor(
    { classes, startNanoseconds, firstTuple, profile, chance }: Flood,
    tuples: number | null,
    isServed = false,
  ) {
    const firstTuples = firstTuplesOf(classes, tuples);
    this.workloads = classes.map((one, index) => {
      const leastTuple = firstTuples[index]!;
      const tuple = leastTuple + firstTuple;
      const options = {
        ...one,
        script: isServed ? clientScript() : scriptOf(one),
        firstTuple: tuple,
        leastTuple,
        tuples,
        startNanoseconds,
        profile,
      };
      return new Workload(options, chance[index]!);
    });
    this.next = this.workloads[0]!;
    this.choose();
  }

  get due(): number {
    return this.next.due;
  }

  /** Whether no packet is left. */
  get over(): boolean {
    return this.next.over;
  }

  /** Connections of a class whose first packet is out. */
  openedOf(index: number): number {
    return this.workloads[index]!.startedConnections;
  }

  /** Moves on to the next packet. `refused`: the connection could not be made, its other packets are not sent. */
  advance(refused: boolean): void {
    this.next.advance(refused);
    if (this.workloads.length > 1) this.choose();
  }

  private choose(): void {
    const { workloads } = this;
    let first = 0;
    for (let index = 1; index < workloads.length; index++) {
      if (workloads[index]!.due < workloads[first]!.due) first = index;
    }
    this.nextClass = first;
    this.next = workloads[first]!;
  }
}
