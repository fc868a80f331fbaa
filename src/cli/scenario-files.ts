/**
 * The scenario files that a command was given: files, folders, standard input. It finds and reads them; what is in them
 * is scenario/file.ts.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { inPlace, quoted, UsageError } from "../scenario/errors.js";
import type { ScenarioFile } from "../scenario/file.js";
import type { Suites } from "./dependencies.js";
import { systemReason } from "./failure.js";
import { claimInput } from "./file-claims.js";
import type { Io } from "./io.js";
import { namedLog } from "./replay.js";

const EXTENSIONS = [".yaml", ".yml", ".json"];
const STANDARD_INPUT = "-";
/** Scenario files are written by people; more than this is something else. */
const LARGEST_FILE_BYTES = 1024 * 1024;
/** A named pipe that nobody writes to would be read for ever. */
const PIPE_LIMIT_MILLISECONDS = 10_000;
const PIPE_POLL_MILLISECONDS = 20;

/** Throws UsageError. */
export function scenarioFiles(operands: readonly string[], { readScenarioFiles }: Suites, io: Io): ScenarioFile[] {
  return gather(operands).flatMap(({ file, name }) => {
    if (file !== STANDARD_INPUT) claimInput(file, io);
    return readScenarioFiles(textOf(file, io), file, name).map((one) => withLogs(one, io));
  });
}

/** A case that replays a log says which; what is in it is read from the log. */
function withLogs(file: ScenarioFile, io: Io): ScenarioFile {
  const cases = file.cases.map((one) => {
    const { replay } = one.overrides;
    if (!replay) return one;
    const log = inPlace(file.path, () => namedLog(replay, io));
    return { ...one, overrides: { ...one.overrides, replay: log } };
  });
  return { ...file, cases };
}

interface Gathered {
  /** As sentences name it. */
  file: string;
  /** What the scenario is called when it does not say. */
  name: string;
}

/** Every file that was named, and those of folders in the order of their names. Throws UsageError. */
function gather(operands: readonly string[]): Gathered[] {
  return operands.flatMap((operand) => {
    if (operand === STANDARD_INPUT) return [{ file: STANDARD_INPUT, name: "stdin" }];
    const found = readable(operand, () => statSync(operand)).isDirectory() ? scenariosIn(operand) : [operand];
    return found.map((file) => ({ file, name: path.basename(file, path.extname(file)) }));
  });
}

function scenariosIn(folder: string): string[] {
  const files = readable(folder, () => readdirSync(folder, { recursive: true, encoding: "utf8" }))
    .filter((name) => EXTENSIONS.includes(path.extname(name)))
    .map((name) => path.join(folder, name))
    .filter((file) => readable(file, () => statSync(file)).isFile())
    .sort();
  if (files.length > 0) return files;
  throw new UsageError(`expected scenario files (${EXTENSIONS.join(", ")}) in the folder ${quoted(folder)}, got none`);
}

function textOf(file: string, io: Io): string {
  const bytes = readable(file, () => readBounded(file, io));
  if (bytes.length > LARGEST_FILE_BYTES) {
    throw new UsageError(`${file}: expected a scenario file of at most ${LARGEST_FILE_BYTES} bytes, got more`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${file}: expected a scenario in YAML or JSON, got a binary file`);
  }
}

/** One byte more than a scenario file may have, at most: a pipe or a device need not end. */
function readBounded(file: string, io: Io): Buffer {
  const isPlain = file !== STANDARD_INPUT && statSync(file).isFile();
  const descriptor = file === STANDARD_INPUT ? 0 : openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const whileReading = io.signals.whileReading ?? ((read) => read());
  try {
    return isPlain ? readAll(descriptor) : whileReading(() => readAll(descriptor));
  } finally {
    if (file !== STANDARD_INPUT) closeSync(descriptor);
  }
}

function readAll(descriptor: number): Buffer {
  const bytes = Buffer.alloc(LARGEST_FILE_BYTES + 1);
  const isPipe = descriptor !== 0 && fstatSync(descriptor).isFIFO();
  let length = 0;
  let waited = 0;
  while (length < bytes.length) {
    const read = readSome(descriptor, bytes, length);
    // Of a named pipe nothing to read is its end only once somebody has written to it.
    if (read === 0 && (length > 0 || !isPipe)) break;
    if (read > 0) {
      length += read;
      waited = 0;
      continue;
    }
    waited += PIPE_POLL_MILLISECONDS;
    if (waited > PIPE_LIMIT_MILLISECONDS) {
      throw new Error(`nothing was written to this pipe for ${PIPE_LIMIT_MILLISECONDS / 1000} s`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_POLL_MILLISECONDS);
  }
  return bytes.subarray(0, length);
}

/** -1: there may be more later. */
function readSome(descriptor: number, bytes: Buffer, from: number): number {
  try {
    return readSync(descriptor, bytes, from, bytes.length - from, null);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return -1;
    throw error;
  }
}

function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`expected a scenario file that can be read, got ${quoted(file)} (${systemReason(error)})`);
  }
}
