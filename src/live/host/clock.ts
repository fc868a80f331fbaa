/**
 * One clock for all threads of a run: nanoseconds of CLOCK_MONOTONIC. performance.now() is cheaper to read than hrtime
 * and makes no object, but every thread counts it from its own start.
 */
const [seconds, nanoseconds] = process.hrtime();
const offset = seconds * 1e9 + nanoseconds - performance.now() * 1e6;

export function now(): number {
  return offset + performance.now() * 1e6;
}
