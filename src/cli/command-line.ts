/**
 * From argv to a command and the flags given to it, and from the table of commands to the help. Commander cuts argv and
 * lays out the help; it prints no error and ends nothing: what it refuses becomes a UsageError in the words that all our
 * errors have. Values are not looked at here.
 */
import { Command, CommanderError, Option } from "commander";
import { listed, quoted, UsageError } from "../scenario/errors.js";
import type { Scenario } from "../scenario/scenario.js";
import { didYouMean } from "../scenario/suggest.js";
import type { CliCommand, CommandHead } from "./command.js";
import { COMMANDS } from "./commands.js";
import type { Resolve } from "./dependencies.js";
import { EXIT } from "./exit-codes.js";
import type { Flag, Given } from "./flag.js";
import { type Io, widthOf } from "./io.js";
import { shellLine } from "./repeat.js";

export interface Call {
  command: CliCommand;
  given: readonly Given[];
  /** Empty where the command takes flags only. */
  operands: readonly string[];
}

/** The command that a line asks for, or asks the help of; null: none of them. */
export function commandOf([first = "", second = ""]: readonly string[]): CommandHead | null {
  const word = first === "help" ? second : first;
  return COMMANDS.find(({ name }) => name === word) ?? null;
}

/** Whether a line asks for help, and not for the value of a flag that is called so. */
export function asksForHelp(argv: readonly string[]): boolean {
  return argv[0] === "help" || argv.includes("--help") || argv.includes("-h");
}

/** The help or the version of the program, which is all that a line without a command can ask for. Throws UsageError. */
export function answer(argv: readonly string[], io: Io, version: string): number {
  const words = helpAsFlag(argv);
  refuseUnknownCommand(words[0] ?? "");
  const root = rootCommand(io)
    .version(version, "-V, --version", "print the version")
    .addHelpText("before", examplesText(COMMANDS.flatMap((head) => head.examples.slice(0, 1))))
    .addHelpText("after", "\nct-reliable <command> --help shows the flags of a command.");
  for (const { name, summary } of COMMANDS) root.command(name).summary(summary);
  const code = parsed(root, words, null);
  if (code === null) throw new Error("commander returned without a command");
  return code;
}

/**
 * A line that names this command: the call, or the exit code where help was all that was asked. `resolve`: for the defaults in the
 * help. Throws UsageError.
 */
export function parseCall(
  argv: readonly string[],
  command: CliCommand,
  io: Io,
  resolve: Resolve | null,
): Call | number {
  const root = rootCommand(io);
  const given: Given[] = [];
  const sub = subcommand(root, command, given, resolve);
  sub.action(() => {
    if (command.operands === undefined) refuseArguments(command, sub.args);
  });
  return parsed(root, helpAsFlag(argv), command) ?? { command, given, operands: [...sub.args] };
}

/** The exit code where commander said all there is to say, and null otherwise. */
function parsed(root: Command, words: readonly string[], command: CliCommand | null): number | null {
  try {
    root.parse(words, { from: "user" });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.help") return EXIT.usage;
    if (error.exitCode === 0) return EXIT.ok;
    throw inOurWords(error, command);
  }
}

function rootCommand(io: Io): Command {
  return (
    new Command("ct-reliable")
      .usage("<command> [flags]")
      .configureHelp({ subcommandTerm: (command) => command.name() })
      .description("What happens to Linux conntrack events when the reader is slower than the kernel.")
      .helpOption("-h, --help", "print this help")
      .helpCommand(false)
      // Without it the root would look for its own flags among the values of a command's.
      .enablePositionalOptions()
      .exitOverride()
      .showSuggestionAfterError(false)
      .configureOutput({
        writeOut: (text) => void io.stdout.write(text),
        writeErr: (text) => void io.stderr.write(text),
        outputError: () => {},
        getOutHelpWidth: () => widthOf(io.stdout),
        getErrHelpWidth: () => widthOf(io.stderr),
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      })
  );
}

/** Every flag that commander meets is noted in `given`, in order and as it was written. */
function subcommand(root: Command, command: CliCommand, given: Given[], resolve: Resolve | null): Command {
  const sub = root
    .command(command.name)
    .summary(command.summary)
    .description(`${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`)
    .usage(command.operands === undefined ? "[flags]" : `${command.operands} [flags]`)
    .allowExcessArguments()
    .addHelpText("before", examplesText(command.examples))
    .addHelpText("after", defaultsText(command));
  let defaults: Scenario | undefined;
  const defaultOf = (flag: Flag): string | null => {
    if (resolve !== null) defaults ??= command.defaults?.(resolve);
    return defaults === undefined ? null : flag.standard(defaults);
  };
  for (const flag of command.flags) {
    const option = new Option(flag.value === null ? `--${flag.name}` : `--${flag.name} <${flag.value}>`);
    sub.addOption(option.helpGroup(flag.group));
    sub.on(`option:${option.name()}`, (text?: string) => given.push({ flag, text: text ?? null }));
  }
  return sub.configureHelp({
    optionDescription(option) {
      const flag = command.flags.find(({ name }) => option.long === `--${name}`);
      if (!flag) return option.description;
      const standard = defaultOf(flag);
      return standard === null ? flag.description : `${flag.description} (default: ${standard})`;
    },
  });
}

function defaultsText({ flags, defaults }: CliCommand): string {
  if (defaults === null) return "";
  const shown = flags.some(({ name }) => name === "print-config");
  return `\nSome defaults follow from other flags${shown ? ": --print-config shows the scenario that would run" : ""}.`;
}

function examplesText(examples: CommandHead["examples"]): string {
  const lines = examples.flatMap(([words, shows]) => [`  # ${shows}`, `  ${shellLine([])} ${words}`]);
  return `Examples:\n${lines.join("\n")}\n`;
}

/** `help flood` is what `flood --help` is. */
function helpAsFlag(argv: readonly string[]): string[] {
  return argv[0] === "help" ? [...argv.slice(1), "--help"] : [...argv];
}

/** Before commander sees it: with --help behind it, any word would get the help of the program. */
function refuseUnknownCommand(word: string): void {
  if (word === "" || word.startsWith("-")) return;
  throw unknownCommand(word, [...COMMANDS.map(({ name }) => name), "help"]);
}

function refuseArguments(command: CliCommand, words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`expected only flags after ${command.name}, got ${quoted(words[0]!)}`);
}

/** Commander names what it refuses in single quotes; the code says why. */
function inOurWords(error: CommanderError, command: CliCommand | null): UsageError {
  const named = /'(.*)'/s.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.optionMissingArgument": {
      const [flag = "", value = ""] = named.split(" ");
      return new UsageError(`${flag}: expected a value ${value.slice(1, -1)}, got nothing`);
    }
    case "commander.unknownOption": {
      if (command === null) return unknownCommand(named, ["--help", "--version"]);
      const known = [...command.flags.map(({ name }) => `--${name}`), "--help"];
      const typo = didYouMean(named.split("=")[0] ?? "", known);
      return new UsageError(`expected a flag of ${command.name}, got ${quoted(named)}${typo}`);
    }
    case "commander.unknownCommand":
      return unknownCommand(named, []);
    default:
      return new UsageError(`expected a command and its flags, got an error of the parser: ${error.message}`);
  }
}

function unknownCommand(word: string, known: readonly string[]): UsageError {
  const names = listed(COMMANDS.map(({ name }) => name));
  return new UsageError(`expected a command (${names}), got ${quoted(word)}${didYouMean(word, known)}`);
}
