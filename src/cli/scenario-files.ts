/**
 * The scenario files that a command was given: files, folders, standard input. It finds and reads them; what is in them
 * is scenario/file.ts.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { quoted, UsageError } from "../scenario/errors.js";
import type { ScenarioFile } from "../scenario/file.js";
import type { Suites } from "./dependencies.js";
import { systemReason } from "./failure.js";

const EXTENSIONS = [".yaml", ".yml", ".json"];
const STANDARD_INPUT = "-";
/** Scenario files are written by people; more than this is something else. */
const LARGEST_FILE_BYTES = 1024 * 1024;

/** Throws UsageError. */
export function scenarioFiles(operands: readonly string[], { readScenarioFiles }: Suites): ScenarioFile[] {
  return gather(operands).flatMap(({ file, name }) => readScenarioFiles(textOf(file), file, name));
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

function textOf(file: string): string {
  const bytes = readable(file, () => readBounded(file));
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
function readBounded(file: string): Buffer {
  const bytes = Buffer.alloc(LARGEST_FILE_BYTES + 1);
  const descriptor = file === STANDARD_INPUT ? 0 : openSync(file, "r");
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    if (file !== STANDARD_INPUT) closeSync(descriptor);
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
