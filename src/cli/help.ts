/**
 * The help, of the program and of a command, made of the catalogue. Pure: from commands and a width to a text. Columns
 * are wrapped at words; where a terminal leaves less than a line can use, they are not.
 */
import type { Scenario } from "../scenario/scenario.js";
import type { Command } from "./command.js";
import { shellLine } from "./repeat.js";

const INDENT = "  ";
/** In a column that is narrower, words would stand below each other. */
const NARROWEST_COLUMN = 40;

type Row = readonly [term: string, description: string];

interface Section {
  heading: string;
  rows: readonly Row[];
}

export function programHelp(commands: readonly Command[], width: number): string {
  const sections = [
    {
      heading: "Options:",
      rows: [
        ["-V, --version", "print the version"],
        ["-h, --help", "print this help"],
      ],
    },
    { heading: "Commands:", rows: commands.map(({ name, summary }) => [name, summary]) },
  ] satisfies Section[];
  return [
    examplesText(commands.flatMap(({ examples }) => examples.slice(0, 1))),
    "Usage: ct-reliable <command> [flags]",
    wrapped("What happens to Linux conntrack events when the reader is slower than the kernel.", width).join("\n"),
    ...sectionTexts(sections, width),
    "ct-reliable <command> --help shows the flags of a command.",
  ]
    .join("\n\n")
    .concat("\n");
}

/** `scenario`: what runs without a flag, for the defaults; null where a command runs none. */
export function commandHelp(command: Command, scenario: Scenario | null, width: number): string {
  const { name, summary, operands, flags, examples } = command;
  const headings = [...new Set(flags.map(({ heading }) => heading))];
  const sections: Section[] = headings.map((heading) => ({
    heading,
    rows: flags
      .filter((flag) => flag.heading === heading)
      .map((flag): Row => {
        const standard = scenario === null ? null : flag.standard(scenario);
        const dashed = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
        const term = flag.value === null ? dashed : `${dashed} <${flag.value}>`;
        return [term, standard === null ? flag.description : `${flag.description} (default: ${standard})`];
      }),
  }));
  const shown = flags.some((flag) => flag.name === "print-config");
  const follow = `Some defaults follow from other flags${shown ? ": --print-config shows the scenario that would run" : ""}.`;
  return [
    examplesText(examples),
    `Usage: ct-reliable ${name} ${operands === undefined ? "" : `${operands} `}[flags]`,
    wrapped(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`, width).join("\n"),
    ...sectionTexts([...sections, { heading: "Options:", rows: [["-h, --help", "print this help"]] }], width),
    ...(scenario === null ? [] : [follow]),
  ]
    .join("\n\n")
    .concat("\n");
}

function examplesText(examples: Command["examples"]): string {
  const lines = examples.flatMap(([words, shows]) => [`  # ${shows}`, `  ${shellLine([])} ${words}`]);
  return `Examples:\n${lines.join("\n")}`;
}

/** All descriptions begin in the same column. */
function sectionTexts(sections: readonly Section[], width: number): string[] {
  const longest = Math.max(...sections.flatMap(({ rows }) => rows.map(([term]) => term.length)));
  const margin = " ".repeat(longest + 2 * INDENT.length);
  const column = width - margin.length;
  return sections.map(({ heading, rows }) => {
    const lines = rows.flatMap(([term, description]) => {
      const [first = "", ...others] = column < NARROWEST_COLUMN ? [description] : wrapped(description, column);
      return [`${INDENT}${term.padEnd(longest)}${INDENT}${first}`, ...others.map((line) => `${margin}${line}`)];
    });
    return [heading, ...lines].join("\n");
  });
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
