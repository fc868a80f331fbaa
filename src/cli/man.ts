/**
 * The manual page, in the man macros of troff, made of the table of commands. Pure.
 */
import type { CliCommand } from "./command.js";
import type { Flag } from "./flag.js";

const EXIT_STATUS: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "It ran, and every expectation held."],
  ["1", "An expectation failed."],
  ["2", "A flag, a variable or a scenario file is wrong; one sentence says how."],
  ["3", "The running kernel cannot be used here."],
  ["4", "A rule of the model broke: a bug of ct-reliable, with the command that repeats it."],
  ["130", "Ctrl-C ended it; the summary so far was printed."],
];

export function renderManPage(commands: readonly CliCommand[], version: string): string {
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
    ...EXIT_STATUS.flatMap(([code, meaning]) => [".TP", `.B ${code}`, escaped(meaning)]),
  ];
  return `${lines.join("\n")}\n`;
}

function commandLines({ name, operands = "", summary, examples, flags }: CliCommand): string[] {
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

function flagLines({ name, value, description }: Flag): string[] {
  const dashed = `\\-\\-${name.replaceAll("-", "\\-")}`;
  return [".TP", value === null ? `.B ${dashed}` : `.BI "${dashed} " "${escaped(value)}"`, escaped(description)];
}

/** A backslash begins an escape, a quote ends an argument, and a dot or an apostrophe at the beginning of a line is a request. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll('"', "\\(dq").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}
