/**
 * The manual page, in the man macros of troff, made of the table of commands. Pure.
 */
import type { Command } from "./command.js";
import { EXIT_CODES } from "./exit-codes.js";
import type { Flag } from "./flag.js";

export function renderManPage(commands: readonly Command[], version: string): string {
  const owners = ownersOf(commands);
  const lines = [
    `.TH CT-RELIABLE 1 "" "ct-reliable ${escaped(version)}" "User Commands"`,
    ".SH NAME",
    "ct-reliable \\- what happens to Linux conntrack events when the reader is slower than the kernel",
    ".SH SYNOPSIS",
    ...commands.flatMap(({ name, operands = "" }) => [
      ".br",
      `.B ct-reliable ${name}`,
      escaped(`${operands} [flags]`.trim()),
    ]),
    ".SH COMMANDS",
    ...commands.flatMap((command) => commandLines(command, owners)),
    ".SH FLAGS OF SEVERAL COMMANDS",
    ...sharedFlagLines(owners),
    ".SH ENVIRONMENT",
    "A flag that is not given is taken from the variable of its name:",
    ".B CT_RELIABLE_NF_CONNTRACK_MAX",
    "stands for",
    ".BR \\-\\-nf\\-conntrack\\-max .",
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(({ code, meaning }) => [".TP", `.B ${code}`, escaped(meaning)]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The commands that have a flag, by what the page says of it. */
type Owners = ReadonlyMap<string, readonly string[]>;

function ownersOf(commands: readonly Command[]): Owners {
  const owners = new Map<string, string[]>();
  for (const { name, flags } of commands) {
    for (const said of flags.map(flagLines)) owners.set(said, [...(owners.get(said) ?? []), name]);
  }
  return owners;
}

/** A command with the flags that it alone has. */
function commandLines({ name, operands = "", summary, examples, flags }: Command, owners: Owners): string[] {
  return [
    `.SS ct-reliable ${name} ${escaped(operands)}`,
    `${escaped(summary[0]!.toUpperCase() + summary.slice(1))}.`,
    ...examples.flatMap(([words, shows]) => [
      ".PP",
      `${escaped(shows)}:`,
      ".PP",
      ".nf",
      `.B "    ct-reliable ${escaped(words)}"`,
      ".fi",
    ]),
    ...flags.map(flagLines).filter((said) => owners.get(said)!.length === 1),
  ];
}

/** Those that several have, each once, under the names of its commands. */
function sharedFlagLines(owners: Owners): string[] {
  const together = new Map<string, string[]>();
  for (const [said, names] of owners) {
    if (names.length === 1) continue;
    const title = `.SS ${names.join(", ")}`;
    together.set(title, [...(together.get(title) ?? []), said]);
  }
  return [...together].flatMap(([title, flags]) => [title, ...flags]);
}

function flagLines({ name, short, value, description }: Flag): string {
  const letter = short === undefined ? "" : `\\-${short}, `;
  const dashed = `${letter}\\-\\-${name.replaceAll("-", "\\-")}`;
  const shown = value === null ? `.B ${dashed}` : `.BI "${dashed} " "${escaped(value)}"`;
  return [".TP", shown, escaped(description)].join("\n");
}

/**
 * A backslash begins an escape, a quote ends an argument, and a dot or an apostrophe at the beginning of a line is a
 * request.
 */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll('"', "\\(dq").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}
