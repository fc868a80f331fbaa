/**
 * Where a report goes: standard output, or a file that is there whole or not at all. A path that cannot be written is
 * refused before the run, by trying; the text is written beside the file and renamed over it. It knows nothing of
 * formats.
 */
import { accessSync, constants, realpathSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from "node:fs";
import { inPlace, quoted, UsageError } from "../scenario/errors.js";
import { systemReason } from "./failure.js";
import { claimOutput } from "./file-claims.js";
import type { Io, OutputStream } from "./io.js";

/**
 * An empty path and `-` would both surprise: the report goes to standard output when no file is named. Throws
 * UsageError.
 */
export function parsePath(text: string): string {
  if (text !== "" && text !== "-" && !text.includes("\0")) return text;
  throw new UsageError(`expected the path of a file, got ${quoted(text)}`);
}

export interface Sink {
  /** Throws UsageError where the file cannot be written after all. */
  write(text: string | Uint8Array): void;
}

export function standardOutput(stream: OutputStream): Sink {
  return { write: (text) => void stream.write(endingInNewline(text)) };
}

/**
 * Throws UsageError when the file could not be written, behind the flag that named it. Nothing remains of the attempt.
 */
export function fileOutput(path: string, flag: string, io: Io): Sink {
  inPlace(flag, () => claimOutput(path, io));
  const write = (act: (text: string | Uint8Array) => void): Sink => ({
    write: (text) => explained(path, flag, () => act(endingInNewline(text))),
  });
  return explained(path, flag, () => {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new Error("it is a folder");
    if (existing) accessSync(path, constants.W_OK);
    // A device or a pipe is written to; a rename would put a file in its place.
    if (existing && !existing.isFile()) return write((text) => writeFileSync(path, text));
    // Through a symbolic link: the link stays, and what it points to is replaced.
    const target = existing ? realpathSync(path) : path;
    const probe = temporaryName(target);
    writeFileSync(probe, "", { flag: "wx" });
    rmSync(probe);
    return write((text) => replace(target, text, existing));
  });
}

function replace(target: string, text: string | Uint8Array, existing: Stats | undefined): void {
  const temporary = temporaryName(target);
  try {
    writeFileSync(temporary, text, { flag: "wx", mode: existing ? existing.mode & 0o777 : 0o666 });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function temporaryName(target: string): string {
  // Loaded here: --help and --version would wait for it.
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  return `${target}.${randomBytes(4).toString("hex")}.tmp`;
}

/** What is no text stays as it is. */
function endingInNewline(text: string | Uint8Array): string | Uint8Array {
  if (typeof text !== "string") return text;
  return text.endsWith("\n") ? text : `${text}\n`;
}

function explained<T>(path: string, flag: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new UsageError(`${flag}: expected a file that can be written, got ${quoted(path)} (${systemReason(error)})`);
  }
}
