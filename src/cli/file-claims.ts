/**
 * Which files one command line reads and writes, so that no input is ever overwritten and no report loses its file to
 * another. Two names are the same file when they lead to the same place: `a`, `./a`, a link.
 */
import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { quoted, UsageError } from "../scenario/errors.js";
import type { Io } from "./io.js";

interface Claims {
  /** By identity: the name under which it was given. */
  inputs: Map<string, string>;
  outputs: Map<string, string>;
}

const claims = new WeakMap<Io, Claims>();

function claimsOf(io: Io): Claims {
  let found = claims.get(io);
  if (found === undefined) {
    found = { inputs: new Map(), outputs: new Map() };
    claims.set(io, found);
  }
  return found;
}

export function claimInput(file: string, io: Io): void {
  const identity = identityOf(file);
  if (identity !== null) claimsOf(io).inputs.set(identity, file);
}

/** Throws UsageError where the file is read, or written under another name. */
export function claimOutput(file: string, io: Io): void {
  const identity = identityOf(file);
  if (identity === null) return;
  const { inputs, outputs } = claimsOf(io);
  const input = inputs.get(identity);
  if (input !== undefined) {
    throw new UsageError(`expected a file that is not an input, got ${sameAs(file, input, "which is read")}`);
  }
  const other = outputs.get(identity);
  if (other !== undefined) {
    throw new UsageError(`expected a file of its own for each format, got ${sameAs(file, other, "twice")}`);
  }
  outputs.set(identity, file);
}

function sameAs(file: string, other: string, said: string): string {
  return file === other ? `${quoted(file)} ${said}` : `${quoted(file)}, the same file as ${quoted(other)}, ${said}`;
}

/** Null: a device or a pipe, which may be written to as often as wanted, or nothing that can be looked at. */
function identityOf(file: string): string | null {
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing !== undefined) return existing.isFile() ? `${existing.dev}:${existing.ino}` : null;
    // A link to a file that is not there yet.
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) {
      return identityOf(path.resolve(path.dirname(file), readlinkSync(file)));
    }
    return path.join(realpathSync(path.dirname(file)), path.basename(file));
  } catch {
    return null;
  }
}
