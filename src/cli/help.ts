/**
 * The help, of the program and of a command, made of the catalogue. Pure: from commands and a width to a text. Columns
 * are wrapped at words; where a terminal leaves less than a line can use, they are not.
 */
import type { Scenario } from "../scenario/scenario.js";
import type { Command } from "./command.js";
import { shellLine } from "./repeat.js";
import { SUMMARIES } from "./summaries.js";

const INDENT = "  ";
/** Flags that most people need. */
const EVERYDAY: ReadonlySet<string> = new Set([
  ...["connections", "rate", "duration", "protocol", "buffer", "reader", "policy", "kernel", "nf-conntrack-max"],
  ...["limit", "seed", "live", "expect", "only", "runs", "format", "output", "quiet"],
]);
/** In a column that is narrower, words would stand below each other. */
const NARROWEST_COLUMN = 40;

type Row = readonly [term: string, description: string];

interface Section {
  heading: string;
  rows: readonly Row[];
}

export function programHelp(width: number): string {
  const sections = [
    { heading: "Commands:", rows: Object.entries(SUMMARIES) },
    {
      heading: "Options:",
      rows: [
        ["-V, --version", "print the version, and what it runs on"],
        ["-h, --help", "print this help; after a command, the help of that command"],
      ],
    },
  ] satisfies Section[];
  return [
    wrapped(
      "ct-reliable shows what happens to Linux conntrack events when the program that reads them is slower than the " +
        "kernel: what is delivered, what is lost, how long dead entries stay, and what a setting would change.",
      width,
    ).join("\n"),
    "Usage: ct-reliable <command> [flags]",
    ...sectionTexts(sections, width),
    examplesText(FIRST_EXAMPLES),
    "`ct-reliable <command> --help` shows the flags of a command, `ct-reliable explain WORD` what a word means.",
  ]
    .join("\n\n")
    .concat("\n");
}

/** What most people ask first. */
const FIRST_EXAMPLES: Command["examples"] = [
  ["flood", "the stress test of the commit that brought reliable delivery, on Linux 2.6.31 of 2009"],
  ["flood --kernel host", "the same load on a kernel such as this machine's"],
  ["flush --connections 50k --kernel host --buffer 8MiB", "conntrack -F of 50,000 entries with a larger buffer"],
  ["explain buffer 512k --kernel host", "how many messages a buffer really holds"],
  ["run scenarios/", "all scenarios of a folder and what they expect, for CI"],
];

/** So many flags are read; of a command with more, the help shows those that most people need. */
const SHORT_HELP_FLAGS = 20;

/**
 * `scenario`: what runs without a flag, for the defaults; null where a command runs none. `all`: every flag there is.
 */
export function commandHelp(command: Command, scenario: Scenario | null, width: number, all = false): string {
  const { name, summary, operands, examples } = command;
  const everyday = command.flags.filter((flag) => EVERYDAY.has(flag.name));
  const isShort = !all && command.flags.length > SHORT_HELP_FLAGS && everyday.length > 0;
  const flags = isShort ? everyday : command.flags;
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
  const shown = command.flags.some((flag) => flag.name === "print-config");
  const follow = `Some defaults follow from other flags${shown ? ": --print-config shows the scenario that would run" : ""}.`;
  const options: Row[] = [["-h, --help", "print this help"]];
  if (command.flags.length > SHORT_HELP_FLAGS && everyday.length > 0) {
    options.push(["--help-all", `print the help of all ${command.flags.length} flags`]);
  }
  return [
    wrapped(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`, width).join("\n"),
    `Usage: ct-reliable ${name} ${operands === undefined ? "" : `${operands} `}[flags]`,
    examplesText(examples),
    ...sectionTexts([...sections, { heading: "Options:", rows: options }], width),
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

export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
