/**
 * Chance: one seed, one independent stream per name, so that a draw added in one place does not move another. The
 * generators are seedrandom's xor128, fast and specified in 32-bit integer operations, hence the same on every machine.
 */
import seedrandom from "seedrandom";
import xor128 from "seedrandom/lib/xor128.js";

export interface Stream {
  /** Unsigned 32 bits, as the kernel's random32(). */
  uint32(): number;
  /** Uniform in [0, 1) with 32 bits. */
  uniform(): number;
  /** Standard exponential, mean 1. */
  exponential(): number;
}

export class Streams {
  private readonly seed: string;

  constructor(seed: string) {
    this.seed = seed;
  }

  of(name: string): Stream {
    // xor128 takes its whole state from a 32-bit seed when that is a number; ARC4 spreads the text over it first.
    const spread = seedrandom(`${this.seed}/${name}`);
    const generator = xor128(spread.int32());
    const uint32 = (): number => generator.int32() >>> 0;
    const uniform = (): number => uint32() / 0x1_0000_0000;
    return { uint32, uniform, exponential: () => exponential(uniform) };
  }
}

/**
 * Von Neumann's sampler: only comparisons of uniform numbers. Math.log is not specified to the last bit, and no result
 * may depend on it.
 */
function exponential(uniform: () => number): number {
  for (let whole = 0; ; whole++) {
    const first = uniform();
    let last = first;
    for (let length = 1; ; length++) {
      const next = uniform();
      if (next > last) {
        if (length % 2 === 1) return whole + first;
        break;
      }
      last = next;
    }
  }
}
