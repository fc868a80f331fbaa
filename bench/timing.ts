/**
 * How a benchmark takes time: CPU seconds of this process where it can, because the machine is shared and a wait for
 * the processor is not the program's; the best of several repetitions, because noise only adds.
 */
export function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export interface Best {
  value: number;
  /** (median − best) / best. */
  spread: number;
}

/** The least of what `measure` returns. */
export function best(repetitions: number, measure: () => number): Best {
  const values = Array.from({ length: repetitions }, measure).sort((a, b) => a - b);
  const value = values[0]!;
  return { value, spread: values[values.length >> 1]! / value - 1 };
}
