/**
 * When the n-th connection of a rate that changes arrives: the moment up to which the profile makes n of them, the
 * inverse of its integral. With Poisson arrivals n is a sum of exponential steps (a change of time makes the uniform
 * process the wanted one). A walk over the points, because connections come in order; square roots are exactly
 * specified, so that every machine has the same times.
 */
import { connectionsUpTo, type RatePoint } from "../scenario/parameters/rate-profile.js";

export class RateProfile {
  private readonly points: readonly RatePoint[];
  private readonly sums: readonly number[];
  private segment = 1;

  constructor(points: readonly RatePoint[]) {
    this.points = points;
    this.sums = connectionsUpTo(points);
  }

  /**
   * Nanoseconds from the first point. `connections` must not be less than the last time. Chance may ask for more than
   * there are: then its end.
   */
  timeOf(connections: number): number {
    const { points, sums } = this;
    while (this.segment < points.length - 1 && sums[this.segment]! <= connections) this.segment++;
    const from = points[this.segment - 1]!;
    const to = points[this.segment]!;
    const rest = Math.min(connections, sums[this.segment]!) - sums[this.segment - 1]!;
    const slope = (to.connectionsPerSecond - from.connectionsPerSecond) / (to.seconds - from.seconds || 1);
    const rate = from.connectionsPerSecond;
    const root = Math.sqrt(Math.max(0, rate * rate + 2 * slope * rest));
    const seconds = rest <= 0 ? 0 : (2 * rest) / (rate + root);
    return Math.round((from.seconds + Math.min(seconds, to.seconds - from.seconds)) * 1e9);
  }
}
