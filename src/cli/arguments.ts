/**
 * From argv to what is asked: the help, the version, or a command with the flags given to it. Node's parseArgs cuts
 * argv into tokens; what is wrong with them is said in the words that all our errors have. Values are not looked at
 * here.
 */
import { parseArgs } from "node:util";
import { listed, quoted, UsageError } from "../scenario/errors.js";
import { didYouMean } from "../scenario/suggest.js";
import type { Command } from "./command.js";
import type { Flag, Given } from "./flag.js";

/** `command` null: of the program. */
export type Asked =
  | { kind: "version" }
  /** `mistake`: nothing was asked for, so that the help is all that can be said. */
  | { kind: "help"; command: Command | null; mistake: boolean; all: boolean }
  | { kind: "call"; command: Command; given: readonly Given[]; operands: readonly string[] };

const HELP = ["--help", "-h"];
/** Of a command: with the flags that few people need. */
const HELP_ALL = "--help-all";
const VERSION = ["--version", "-V"];

/** Throws UsageError. */
export function readArguments(argv: readonly string[], commands: readonly Command[]): Asked {
  if (argv[0] === "help") return readArguments([...argv.slice(1), "--help"], commands);
  const [word = "", ...rest] = argv[0] === "--" ? argv.slice(1) : argv;
  const command = commands.find(({ name }) => name === word);
  if (command !== undefined) return readCall(command, rest);
  if ([...HELP, HELP_ALL].includes(word) || word === "")
    return { kind: "help", command: null, mistake: word === "", all: false };
  if (VERSION.includes(word)) return { kind: "version" };
  throw unknownCommand(word, commands);
}

function unknownCommand(word: string, commands: readonly Command[]): UsageError {
  const names = commands.map(({ name }) => name);
  const known = word.startsWith("-") ? ["--help", "--version"] : [...names, "help"];
  return new UsageError(`expected a command (${listed(names)}), got ${quoted(word)}${didYouMean(word, known)}`);
}

function readCall(command: Command, words: readonly string[]): Asked {
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      command.flags.map(({ name, value, short }) => {
        const type = value === null ? "boolean" : "string";
        return [name, { type, ...(short === undefined ? {} : { short }) }] as const;
      }),
    ),
  });
  // A number below zero is no flag but a wrong value, which says so where it is read.
  const negative = (index: number): boolean => /^-\d/.test(words[index]!);
  const options = tokens.filter((token) => token.kind === "option").filter(({ index }) => !negative(index));
  const asks = (words: readonly string[]): boolean =>
    options.some(({ rawName, value }) => words.includes(rawName) && value === undefined);
  if (asks([...HELP, HELP_ALL])) return { kind: "help", command, mistake: false, all: asks([HELP_ALL]) };
  const given = options.map((token): Given => {
    const flag = command.flags.find(
      ({ name, short }) => token.rawName === `--${name}` || token.rawName === `-${short}`,
    );
    if (flag === undefined || (flag.value === null && token.value !== undefined))
      throw unknownFlag(words[token.index]!, command);
    if (flag.value !== null && token.value === undefined) {
      throw new UsageError(`${token.rawName}: expected a value ${flag.value}, got nothing`);
    }
    if (flag.value !== null && token.inlineValue !== true) refuseFlagAsValue(flag, token.value!, command);
    return { flag, text: token.value ?? null };
  });
  const places = tokens.filter(({ kind, index }) => kind === "positional" || (kind === "option" && negative(index)));
  const operands = [...new Set(places.map(({ index }) => index))].map((index) => words[index]!);
  if (command.operands === undefined && operands.length > 0) {
    throw new UsageError(`expected only flags after ${command.name}, got ${quoted(operands[0]!)}`);
  }
  return { kind: "call", command, given, operands };
}

/** `--output --quiet`: the value was left out, and the next flag would be swallowed. */
function refuseFlagAsValue({ name, value }: Flag, text: string, { flags }: Command): void {
  if (!flags.some((other) => text === `--${other.name}` || text.startsWith(`--${other.name}=`))) return;
  throw new UsageError(
    `--${name}: expected a value ${value}, got the flag ${text}; where that is meant, write --${name}=${text}`,
  );
}

function unknownFlag(word: string, command: Command): UsageError {
  const known = [...command.flags.map(({ name }) => `--${name}`), "--help"];
  const typo = didYouMean(word.split("=")[0]!, known);
  return new UsageError(`expected a flag of ${command.name}, got ${quoted(word)}${typo}`);
}
