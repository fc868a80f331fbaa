/**
 * The manual page, in the man macros of troff, made of the table of commands. Pure.
 */
import type { Command } from "./command.js";
import { EXIT_CODES } from "./exit-codes.js";
import type { Flag } from "./flag.js";

export function renderManPage(commands: readonly Command[], version: string): string {
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
    ...commands.flatMap(commandLines),
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

function commandLines({ name, operands = "", summary, examples, flags }: Command): string[] {
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
    ...flags.flatMap(flagLines),
  ];
}

function flagLines({ name, short, value, description }: Flag): string[] {
  const letter = short === undefined ? "" : `\\-${short}, `;
  const dashed = `${letter}\\-\\-${name.replaceAll("-", "\\-")}`;
  return [".TP", value === null ? `.B ${dashed}` : `.BI "${dashed} " "${escaped(value)}"`, escaped(description)];
}

/**
 * A backslash begins an escape, a quote ends an argument, and a dot or an apostrophe at the beginning of a line is a
 * request.
 */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll('"', "\\(dq").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}
