/**
 * What is asked of the program itself, without a command: its version, or its help. It is answered without anything
 * that commands need.
 */
import { existsSync, readFileSync } from "node:fs";
import { EXIT } from "./exit-codes.js";
import { programHelp } from "./help.js";
import { type Io, widthOf } from "./io.js";

/** Of a command: with the flags that few people need. */
export const HELP_ALL = "--help-all";
const HELP = ["--help", "-h", HELP_ALL];
const VERSION = ["--version", "-V"];

/** Says what was asked and returns the exit code. Null: a command was asked for, or nothing that is known. */
export function answerForProgram(argv: readonly string[], io: Io): number | null {
  if (argv[0] === "help") return answerForProgram([...argv.slice(1), "--help"], io);
  const word = (argv[0] === "--" ? argv[1] : argv[0]) ?? "";
  if (VERSION.includes(word)) return version(io);
  const isMistake = word === "";
  if (!isMistake && !HELP.includes(word)) return null;
  const stream = isMistake ? io.stderr : io.stdout;
  stream.write(programHelp(widthOf(stream)));
  return isMistake ? EXIT.usage : EXIT.ok;
}

function version(io: Io): number {
  const commit = builtFrom();
  const { version, platform, arch } = process;
  const from = commit === null ? "" : `, commit ${commit}`;
  io.stdout.write(`${packageVersion()} (Node ${version.slice(1)}, ${platform} ${arch}${from})\n`);
  return EXIT.ok;
}

/** The commit of the sources, which a build in a clone leaves beside its files. Null: not known. */
function builtFrom(): string | null {
  const file = new URL("./commit", import.meta.url);
  return existsSync(file) ? readFileSync(file, "utf8").trim() : null;
}

/** Two folders up from here is the package, from src/cli and from dist/command alike. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
