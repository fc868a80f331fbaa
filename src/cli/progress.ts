/**
 * The bar on stderr while a run goes on: where it stands on virtual time, how fast connections come or events go, and
 * how many entries are dying. Nothing at all without a terminal, on a dumb one, under CI or with --quiet. It is told
 * what to show and asks nothing; the bar itself is cli-progress's.
 */
import type { SingleBar } from "cli-progress";
import type { Progress } from "../report/backend.js";
import { QUIET } from "./destinations.js";
import { note } from "./failure.js";
import type { FlagValues } from "./flag.js";
import type { Environment, Io, OutputStream } from "./io.js";

export interface ProgressView {
  update(progress: Progress): void;
  /** Takes the bar away. May be called again. */
  stop(): void;
}

const SILENT: ProgressView = { update() {}, stop() {} };
/** A run that is over before one could read the bar gets none. */
const SHOWN_AFTER_MILLISECONDS = 300;
const BAR_COLUMNS = 20;

export function animates(stream: OutputStream, env: Environment): boolean {
  const ci = env.CI !== undefined && env.CI !== "" && env.CI !== "false";
  return stream.isTTY === true && !ci && env.TERM !== "dumb";
}

export async function progressView(
  io: Io,
  options: { quiet: boolean; connections: number },
  now: () => number = () => performance.now(),
): Promise<ProgressView> {
  if (options.quiet || !animates(io.stderr, io.env)) return SILENT;
  const bar = await barOn(io.stderr, "{phase} [{bar}] {figures}");
  const track = tracker(options.connections);
  const shownFrom = now() + SHOWN_AFTER_MILLISECONDS;
  return {
    update(progress) {
      const { fraction, ...line } = track(progress);
      if (bar.isActive) bar.update(fraction, line);
      else if (now() >= shownFrom) bar.start(1, fraction, line);
    },
    stop: () => bar.stop(),
  };
}

/** A note while a bar is shown: in its place. */
export function noteOver(view: Pick<ProgressView, "stop">, io: Io): (sentence: string) => void {
  return (sentence) => {
    view.stop();
    note(io, sentence);
  };
}

/** Of how many things so many are done; `share`: of the work, where they are not all alike. */
export interface CountView {
  update(done: number, of: number, share?: number): void;
  /** Takes the bar away. May be called again. */
  stop(): void;
}

export async function countView(
  io: Io,
  options: { quiet: boolean; noun: string },
  now: () => number = () => performance.now(),
): Promise<CountView> {
  if (options.quiet || !animates(io.stderr, io.env)) return { update() {}, stop() {} };
  const bar = await barOn(io.stderr, `[{bar}] {value} of {total} ${options.noun}{left}`);
  const start = now();
  return {
    update(done, of, share = done / of) {
      const left = { left: timeLeft(share, now() - start) };
      if (bar.isActive) bar.update(done, left);
      else if (now() >= start + SHOWN_AFTER_MILLISECONDS) bar.start(of, done, left);
    },
    stop: () => bar.stop(),
  };
}

/** From a tenth of the work on, enough is known to say when all will be done. */
export function timeLeft(share: number, milliseconds: number): string {
  if (share < 0.1 || share >= 1) return "";
  const seconds = Math.ceil((milliseconds * (1 - share)) / share / 1000);
  if (seconds < 90) return `, ${seconds} s left`;
  if (seconds < 5400) return `, ${inTwoUnits(seconds, ["min", "s"])} left`;
  return `, ${inTwoUnits(seconds / 60, ["h", "min"])} left`;
}

/** Of the smaller unit tens, up to ten of the larger one, so that what is said is nearly what was meant. */
function inTwoUnits(amount: number, [large, small]: readonly [string, string]): string {
  if (amount >= 600) return `${Math.round(amount / 60)} ${large}`;
  const tens = Math.round(amount / 10);
  const rest = (tens % 6) * 10;
  return `${Math.floor(tens / 6)} ${large}${rest === 0 ? "" : ` ${rest} ${small}`}`;
}

/** One line that changes. */
export interface LineView {
  update(text: string): void;
  /** Takes the line away. May be called again. */
  stop(): void;
}

export async function lineView(io: Io, { quiet }: { quiet: boolean }): Promise<LineView> {
  if (quiet || !animates(io.stderr, io.env)) return { update() {}, stop() {} };
  const bar = await barOn(io.stderr, "{text}");
  return {
    update(text) {
      if (bar.isActive) bar.update(0, { text });
      else bar.start(1, 0, { text });
    },
    stop: () => bar.stop(),
  };
}

async function barOn(stream: OutputStream, format: string): Promise<SingleBar> {
  const { default: cliProgress } = await import("cli-progress");
  return new cliProgress.SingleBar({
    stream,
    barsize: BAR_COLUMNS,
    clearOnComplete: true,
    gracefulExit: false,
    // Cuts the line instead of changing the terminal: nothing to restore when a second Ctrl-C ends the process.
    linewrap: true,
    format,
  });
}

interface BarLine {
  phase: string;
  figures: string;
}

/**
 * From one progress to the next: the share that is done, and the line beside the bar. Pure but for what came before.
 */
export function tracker(connections: number): (progress: Progress) => BarLine & { fraction: number } {
  let last: Progress | undefined;
  let most = 0;
  let perSecond = 0;
  return (progress) => {
    const flooding = progress.phase === "flood";
    const remaining = progress.active + progress.dying;
    most = flooding ? 0 : Math.max(most, remaining);
    const before = last?.phase === progress.phase ? last : undefined;
    const seconds = progress.seconds - (before?.seconds ?? progress.seconds);
    // Virtual time stands still while a flush holds the CPU; the figure stays then.
    if (before && seconds > 0) {
      perSecond = (flooding ? progress.opened - before.opened : progress.delivered - before.delivered) / seconds;
    }
    if (!before) perSecond = 0;
    last = progress;
    return {
      phase: progress.phase.padEnd(5),
      fraction: share(flooding ? progress.opened : most - remaining, flooding ? connections : most),
      figures:
        `${progress.seconds.toFixed(1)}s virtual, ` +
        `${Math.round(perSecond)} ${flooding ? "connections" : "events"}/s, ${progress.dying} dying`,
    };
  };
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
}

/** Whoever waited that long wants to know how long. */
const LONG_RUN_MILLISECONDS = 60_000;

/** What `act` returns; when it took a minute or more, a line says how long. */
export async function timed<T>(
  io: Io,
  flags: FlagValues,
  act: () => Promise<T>,
  now: () => number = () => performance.now(),
): Promise<T> {
  const began = now();
  const result = await act();
  const milliseconds = now() - began;
  if (milliseconds >= LONG_RUN_MILLISECONDS && !flags.has(QUIET)) {
    const seconds = Math.round(milliseconds / 1000);
    note(io, `took ${Math.floor(seconds / 60)} min ${seconds % 60} s`);
  }
  return result;
}
