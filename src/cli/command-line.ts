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

/** What the line is read with. */
export interface Parsing {
  /** Of every command there is. */
  heads: readonly CommandHead[];
  /** The one that the line names; null: none of them. */
  command: CliCommand | null;
  io: Io;
  version: string;
  /** For the defaults in the help of a command. */
  resolve: Resolve | null;
}

/** The command that a line asks for, or asks the help of. */
export function commandWord([first = "", second = ""]: readonly string[]): string {
  return first === "help" ? second : first;
}

/** Whether a line asks for help, and not for the value of a flag that is called so. */
export function asksForHelp(argv: readonly string[]): boolean {
  return argv[0] === "help" || argv.includes("--help") || argv.includes("-h");
}

/** The call, or the exit code where help or version was all that was asked. Throws UsageError. */
export function parseCommandLine(argv: readonly string[], parsing: Parsing): Call | number {
  const { heads, command } = parsing;
  const words = helpAsFlag(argv);
  refuseUnknownCommand(words[0] ?? "", heads);
  const root = rootCommand(parsing);
  const given: Given[] = [];
  let called: Command | undefined;
  if (command !== null) {
    const sub = subcommand(root, command, given, parsing.resolve);
    sub.action(() => {
      if (command.operands === undefined) refuseArguments(command, sub.args);
      called = sub;
    });
  } else {
    for (const { name, summary } of heads) root.command(name).summary(summary);
  }
  try {
    root.parse(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.help") return EXIT.usage;
    if (error.exitCode === 0) return EXIT.ok;
    throw inOurWords(error, command, heads);
  }
  if (called === undefined || command === null) throw new Error("commander returned without a command");
  return { command, given, operands: [...called.args] };
}

function rootCommand({ heads, io, version }: Parsing): Command {
  const examples = heads.flatMap((head) => head.examples.slice(0, 1));
  return (
    new Command("ct-reliable")
      .usage("<command> [flags]")
      .configureHelp({ subcommandTerm: (command) => command.name() })
      .description("What happens to Linux conntrack events when the reader is slower than the kernel.")
      .version(version, "-V, --version", "print the version")
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
      .addHelpText("before", examplesText(examples))
      .addHelpText("after", "\nct-reliable <command> --help shows the flags of a command.")
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
function refuseUnknownCommand(word: string, commands: readonly CommandHead[]): void {
  if (word === "" || word.startsWith("-") || commands.some(({ name }) => name === word)) return;
  throw unknownCommand(word, commands, [...commands.map(({ name }) => name), "help"]);
}

function refuseArguments(command: CliCommand, words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`expected only flags after ${command.name}, got ${quoted(words[0]!)}`);
}

/** Commander names what it refuses in single quotes; the code says why. */
function inOurWords(error: CommanderError, command: CliCommand | null, commands: readonly CommandHead[]): UsageError {
  const named = /'(.*)'/s.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.optionMissingArgument": {
      const [flag = "", value = ""] = named.split(" ");
      return new UsageError(`${flag}: expected a value ${value.slice(1, -1)}, got nothing`);
    }
    case "commander.unknownOption": {
      if (command === null) return unknownCommand(named, commands, ["--help", "--version"]);
      const known = [...command.flags.map(({ name }) => `--${name}`), "--help"];
      const typo = didYouMean(named.split("=")[0] ?? "", known);
      return new UsageError(`expected a flag of ${command.name}, got ${quoted(named)}${typo}`);
    }
    case "commander.unknownCommand":
      return unknownCommand(named, commands, []);
    default:
      return new UsageError(`expected a command and its flags, got an error of the parser: ${error.message}`);
  }
}

function unknownCommand(word: string, commands: readonly CommandHead[], known: readonly string[]): UsageError {
  const names = listed(commands.map(({ name }) => name));
  return new UsageError(`expected a command (${names}), got ${quoted(word)}${didYouMean(word, known)}`);
}
