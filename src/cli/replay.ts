/**
 * `--replay FILE`: a log of conntrack events, read in pieces, so that its size is no matter. What a line of it says is
 * workload/replay/parse.ts; what the log lacks is said in notes.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import type { Overrides } from "../scenario/defaults.js";
import { inPlace, quoted, UsageError } from "../scenario/errors.js";
import type { Replay } from "../scenario/parameters/replay.js";
import { keepLog } from "../workload/replay/kept.js";
import { ReplayParser } from "../workload/replay/parse.js";
import { QUIET } from "./destinations.js";
import { noteAll, systemReason } from "./failure.js";
import { claimInput } from "./file-claims.js";
import { type FlagValues, valued } from "./flag.js";
import type { Io } from "./io.js";
import { LIVE } from "./live.js";
import { flagOf } from "./parameter-flags.js";
import { parsePath } from "./written-file.js";

const STANDARD_INPUT = "-";
const PIECE_BYTES = 1024 * 1024;
/** A line of conntrack has some hundred characters; more than this is something else. */
const LONGEST_LINE = 64 * 1024;
const POLL_MILLISECONDS = 20;

export const REPLAY_FLAG = valued({
  name: "replay",
  value: "FILE",
  heading: "Load:",
  description:
    "what was recorded, in the place of a load: the output of conntrack -E -o timestamp (with id and extended or without), or lines " +
    "TIMESTAMP,EVENT,PROTOCOL,LIFETIME; its connections come, and its entries end, at its times; - is standard input",
  file: true,
  repeats: true,
  parse: (text) => (text === STANDARD_INPUT ? text : parsePath(text)),
});

/** Before anything is read. Throws UsageError. */
export function refuseReplay(flags: FlagValues): void {
  if (flags.of(REPLAY_FLAG) === null || !flags.has(LIVE)) return;
  throw new UsageError(
    `--${REPLAY_FLAG.name}: expected a simulation, since entries of the running kernel do not end at a log's times, got --${LIVE.name}`,
  );
}

/** The parameters with the log in them: its name, its hash, what is in it. Throws UsageError. */
export function withReplay(overrides: Overrides, flags: FlagValues, io: Io): Overrides {
  const file = flags.of(REPLAY_FLAG);
  return file === null ? overrides : { ...overrides, replay: readLog(file, io) };
}

/** Of a command that makes many runs: what its flags say, with the log, whose lacks are noted. Throws UsageError. */
export function replayedOverrides(flags: FlagValues, io: Io): Overrides {
  refuseReplay(flags);
  const overrides = withReplay(flags.overrides, flags, io);
  if (!flags.has(QUIET)) noteAll(io, replayNotes(overrides.replay ?? null, flags.overrides));
  return overrides;
}

/**
 * The log that a scenario file names, found from the folder that the command runs in: a report that is pasted has its
 * hash, too, and then it has to be that log. Throws UsageError.
 */
export function namedLog(named: Pick<Replay, "file"> & Partial<Replay>, io: Io): Replay {
  const log = readLog(named.file, io);
  if (named.sha256 === undefined || named.sha256 === log.sha256) return log;
  throw new UsageError(
    `replay: expected the log that the scenario is about (SHA-256 ${named.sha256.slice(0, 12)}…), got another content in ${quoted(named.file)}`,
  );
}

function readLog(file: string, io: Io): Replay {
  if (file !== STANDARD_INPUT) claimInput(file, io);
  const whileReading = file === STANDARD_INPUT ? io.signals.whileReading : undefined;
  return inPlace(`--${REPLAY_FLAG.name}`, () => {
    try {
      return whileReading === undefined ? parsed(file) : whileReading(() => parsed(file));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`expected a log that can be read, got ${quoted(file)} (${systemReason(error)})`);
    }
  });
}

function parsed(file: string): Replay {
  const descriptor = file === STANDARD_INPUT ? 0 : openSync(file, constants.O_RDONLY);
  try {
    if (fstatSync(descriptor).isDirectory()) throw new UsageError(`expected a file, got the folder ${quoted(file)}`);
    const parser = new ReplayParser(file === STANDARD_INPUT ? "stdin" : file);
    const sha256 = eachLine(descriptor, (line) => parser.line(line));
    const log = parser.end();
    keepLog(sha256, log);
    return { file, sha256, ...log.summary() };
  } finally {
    if (file !== STANDARD_INPUT) closeSync(descriptor);
  }
}

/** Every line, and the hash of all of them. */
function eachLine(descriptor: number, take: (line: string) => void): string {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  const decoder = new StringDecoder("utf8");
  const bytes = Buffer.alloc(PIECE_BYTES);
  let rest = "";
  for (let read = readPiece(descriptor, bytes); read > 0; read = readPiece(descriptor, bytes)) {
    const piece = bytes.subarray(0, read);
    hash.update(piece);
    const lines = (rest + decoder.write(piece)).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
    if (rest.length > LONGEST_LINE)
      throw new UsageError(`expected lines, got one of more than ${LONGEST_LINE} characters`);
  }
  if (rest !== "") take(rest);
  return hash.digest("hex");
}

/** Bytes read; 0 at the end. */
function readPiece(descriptor: number, bytes: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, bytes, 0, bytes.length, null);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MILLISECONDS);
    }
  }
}

/** What of these has no effect, since the log says it. */
const SAID_BY_THE_LOG = [
  "protocol",
  "family",
  "packets",
  "packetGapNanoseconds",
  "arrivals",
  "timeoutsSeconds",
] as const;

/** What the log does not have, a sentence each, and what of the flags it overrules. */
export function replayNotes(replay: Replay | null, given: Overrides): string[] {
  if (replay === null) return [];
  const { file, entriesAtStart, enobufsLines, madeAgain, gaps, longestGapSeconds, backwardSteps, linesLeftOut } =
    replay;
  const notes: [number, string][] = [
    [
      entriesAtStart,
      `misses its beginning: of ${some(entriesAtStart, "entry", "entries")} that it ends or updates it has no NEW; they are there at the start`,
    ],
    [
      enobufsLines,
      `has lost events itself: ENOBUFS stands in it ${times(enobufsLines)}, and what is missing is not replayed`,
    ],
    [
      madeAgain,
      `misses events: a NEW without the DESTROY of the entry before it, ${times(madeAgain)}; that entry stays`,
    ],
    [
      gaps,
      `has ${gaps === 1 ? "a gap" : `${gaps} gaps`}, the longest of ${Number(longestGapSeconds.toPrecision(3))} s, far longer ` +
        "than its pace: it cannot say whether nothing happened or events are missing",
    ],
    [
      backwardSteps,
      `has times that go back, ${times(backwardSteps)}: such an event is taken for as late as the one before it`,
    ],
    [
      linesLeftOut,
      `has ${some(linesLeftOut, "event", "events")} of protocols that are not modelled, which are left out`,
    ],
  ];
  const overruled = SAID_BY_THE_LOG.filter((field) => given[field] !== undefined);
  return [
    ...notes.filter(([count]) => count > 0).map(([, sentence]) => `the log ${file} ${sentence}`),
    "of a log the packets that raised no event are not known, so that the machine has less to do, and the times of conntrack -E " +
      "are those at which it read the events, not those at which the kernel raised them",
    "its entries end at its times on every kernel: where a gc finds many expired ones at a time, that is in the run only if it is in " +
      "the log",
    "repeating this run needs the file: a report has its name, its hash and its counts",
    ...(overruled.length === 0
      ? []
      : [
          `${overruled.map(flagOf).join(", ")} ${overruled.length === 1 ? "has" : "have"} no effect beside --replay: the log says it`,
        ]),
  ];
}

function some(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
