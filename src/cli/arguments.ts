/**
 * From argv to what is asked of a command: its help, or a call with the flags given to it. Commander is told the
 * flags of the command and cuts the words after its name; what it leaves over is said in the words that all our errors
 * have. Values are not looked at here.
 */
import type { Command as Commander } from "commander";
import { listed, quoted, UsageError } from "../scenario/errors.js";
import { didYouMean } from "../scenario/suggest.js";
import type { Command } from "./command.js";
import type { Flag, Given } from "./flag.js";
import { HELP_ALL } from "./program.js";

/** `command` null: of the program. */
export type Asked =
  | { kind: "help"; command: Command; all: boolean }
  | { kind: "call"; command: Command; given: readonly Given[]; operands: readonly string[] };

/** `argv`: it asks for more than the program itself (program.ts). Throws UsageError. */
export async function readArguments(argv: readonly string[], commands: readonly Command[]): Promise<Asked> {
  if (argv[0] === "help") return readArguments([...argv.slice(1), "--help"], commands);
  const [word = "", ...rest] = argv[0] === "--" ? argv.slice(1) : argv;
  const command = commands.find(({ name }) => name === word);
  if (command !== undefined) return readCall(command, rest);
  throw unknownCommand(word, commands);
}

function unknownCommand(word: string, commands: readonly Command[]): UsageError {
  const names = commands.map(({ name }) => name);
  const known = word.startsWith("-") ? ["--help", "--version"] : [...names, "help"];
  return new UsageError(`expected a command (${listed(names)}), got ${quoted(word)}${didYouMean(word, known)}`);
}

async function readCall(command: Command, words: readonly string[]): Promise<Asked> {
  const { given, operands, unknown, help, lacking } = await cut(command, words);
  if (help.length > 0) return { kind: "help", command, all: help.includes(HELP_ALL) };
  if (unknown !== undefined) throw unknownFlag(unknown, command);
  for (const one of given) refuseFlagAsValue(one, words, command);
  if (lacking !== null) throw new UsageError(`${lacking[0]}: expected a value ${lacking[1].value}, got nothing`);
  if (command.operands === undefined && operands.length > 0) {
    throw new UsageError(`expected only flags after ${command.name}, got ${quoted(operands[0]!)}`);
  }
  return { kind: "call", command, given, operands };
}

interface Cut {
  given: Given[];
  operands: string[];
  /** The first word that looks like a flag and is none. */
  unknown: string | undefined;
  /** The flags that ask for the help. */
  help: string[];
  /** The last word, a flag whose value was left out. */
  lacking: readonly [word: string, flag: Flag] | null;
}

async function cut(command: Command, words: readonly string[]): Promise<Cut> {
  const given: Given[] = [];
  const help: string[] = [];
  const parser = await quietParser(command.name);
  const declare = (written: string, name: string, heard: (text: string | null) => void): void => {
    parser.option(written).on(`option:${name}`, (text?: string) => heard(text ?? null));
  };
  for (const flag of command.flags) {
    const short = flag.short === undefined ? "" : `-${flag.short}, `;
    const value = flag.value === null ? "" : ` <${flag.value}>`;
    declare(`${short}--${flag.name}${value}`, flag.name, (text) => given.push({ flag, text }));
  }
  declare("-h, --help", "help", () => help.push("--help"));
  declare(HELP_ALL, "help-all", () => help.push(HELP_ALL));
  try {
    return { given, help, lacking: null, ...leftOver(parser.parseOptions([...words])) };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === LACKING)) throw error;
    const last = words.at(-1)!;
    const flag = command.flags.find(({ name, short }) => last === `--${name}` || last === `-${short}`)!;
    return { ...(await cut(command, words.slice(0, -1))), lacking: [last, flag] };
  }
}

/** Commander's code for a flag at the end of the line without its value. */
const LACKING = "commander.optionMissingArgument";

/** It prints nothing and ends nothing. Loaded here, because a line without a command need not wait for it. */
async function quietParser(name: string): Promise<Commander> {
  const { Command } = await import("commander");
  return new Command(name)
    .helpOption(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

/** Behind the first word that it does not know, commander puts all words but flags among the unknown ones. */
function leftOver({ operands, unknown }: { operands: string[]; unknown: string[] }): Pick<Cut, "operands" | "unknown"> {
  const end = unknown.includes("--") ? unknown.indexOf("--") : unknown.length;
  const before = unknown.slice(0, end);
  return {
    operands: [...operands, ...before, ...unknown.slice(end + 1)],
    // A number below zero is no flag but a wrong value, which says so where it is read.
    unknown: before.find((word) => /^-\D/.test(word)),
  };
}

/** `--output --quiet`: the value was left out, and the next flag would be swallowed. */
function refuseFlagAsValue({ flag, text }: Given, words: readonly string[], { flags }: Command): void {
  const { name, short, value } = flag;
  if (!flags.some((other) => text === `--${other.name}` || text?.startsWith(`--${other.name}=`))) return;
  const asWord = words.some((word, index) => word === text && [`--${name}`, `-${short}`].includes(words[index - 1]!));
  if (!asWord) return;
  throw new UsageError(
    `--${name}: expected a value ${value}, got the flag ${text}; where that is meant, write --${name}=${text}`,
  );
}

function unknownFlag(word: string, command: Command): UsageError {
  const known = [...command.flags.map(({ name }) => `--${name}`), "--help"];
  const typo = didYouMean(word.split("=")[0]!, known);
  return new UsageError(`expected a flag of ${command.name}, got ${quoted(word)}${typo}`);
}
