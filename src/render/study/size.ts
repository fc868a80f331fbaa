/**
 * What a search found: the value in the unit that a person sets, what it needs, what happens one step further, and the
 * command that confirms it. Where there is none it says what failed, and where the condition is not monotone where it
 * holds and where it does not.
 */
import type { SizeReport } from "../../study/size.js";
import { field } from "../csv.js";
import { escaped } from "../markdown.js";
import { measured, verdictText } from "../measured.js";
import { type Cell, GAP, lay } from "../text/columns.js";
import { percent, plural } from "../text/numbers.js";
import { legibleWidth, wrap } from "../text/paragraph.js";
import { themeOf } from "../text/theme.js";
import { missingText, studyNote } from "./figures.js";
import type { StudyOptions } from "./sweep.js";

export interface SizeOptions extends StudyOptions {
  /** The command that runs the answer by itself; null: there is no answer. */
  confirm: string | null;
}

export function sizeText(report: SizeReport, { colour, width, command, confirm, quiet }: SizeOptions): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width);
  const [first = "", ...rest] = sentencesOf(report);
  if (quiet) return `${wrap(first, columns).join("\n")}\n`;
  const paint = report.interrupted === true || report.answer === null ? theme.warning : theme.heading;
  const rows = triedRows(report).map((row, index) =>
    row.map((text, column): Cell => {
      const head = index === 0 ? { paint: theme.label } : {};
      return { text, ...(column === 0 ? {} : { left: true }), ...head };
    }),
  );
  const blocks = [
    wrap(first, columns).map((line) => paint(line)),
    ...rest.map((sentence) => wrap(sentence, columns)),
    lay(rows, GAP),
    ...(confirm === null ? [] : [[theme.aside("Confirm it with"), confirm]]),
    [theme.aside("Repeat it with"), command],
  ];
  return `${blocks.map((block) => block.join("\n")).join("\n\n")}\n`;
}

/** A row for each value that was tried. */
export function sizeCsv({ find, tried }: SizeReport): string {
  const heading = [find, "holds", "runs", "expectation", "actual", "limit", "ok"];
  const rows = tried.flatMap(({ value, holds, runs, verdicts }) =>
    verdicts.map(({ expression, actual, limit, ok }) => [value, holds, runs, expression, actual, limit, ok]),
  );
  return [heading, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

export function sizeMarkdown(report: SizeReport, { command, confirm }: SizeOptions): string {
  const [heading = [], ...rows] = triedRows(report);
  const table = [heading, heading.map(() => "---"), ...rows.map((row) => row.map(escaped))];
  return [
    ...sentencesOf(report).flatMap((sentence) => [escaped(sentence), ""]),
    ...table.map((row) => `| ${row.join(" | ")} |`),
    "",
    "```sh",
    ...(confirm === null ? [] : [confirm]),
    command,
    "```",
    "",
  ].join("\n");
}

/** The answer, what it needs, what refutes the next value, and whether it can be trusted between. */
export function sentencesOf(report: SizeReport): string[] {
  const { answer, refuted, wanted, runs, expectations, monotone, tried, interrupted, missing } = report;
  const asked = expectations.join(" and ");
  const inRuns = runs === 1 ? "in its run" : `in all ${runs} runs`;
  if (interrupted === true) return [`Interrupted: no answer yet to the ${wanted} for ${asked}.`];
  if (missing !== undefined) return [`No answer to the ${wanted} for ${asked}: ${missingText(missing)}`];
  if (answer === null) {
    const range = `${tried[0]?.text} to ${tried.at(-1)?.text}`;
    return [`No value from ${range} gives ${asked} ${inRuns}.`];
  }
  const sentences = [`The ${wanted} for ${asked}: ${answer.text}, which holds ${inRuns}.`];
  if (answer.ownSetting !== null) sentences.push(`Its own setting: ${answer.ownSetting}.`);
  if (answer.rmemMaxBytes !== null) {
    sentences.push(
      `It is above net.core.rmem_max: the kernel gives it with sysctl net.core.rmem_max=${answer.rmemMaxBytes} or more, ` +
        "or to a program that asks with SO_RCVBUFFORCE.",
    );
  }
  sentences.push(refuted === null ? "It is the last value that can be set." : refutation(report, refuted));
  if (report.find === "buffer" && answer.fullest !== null) {
    const [part, whole] = [answer.fullest, 1];
    sentences.push(`At most ${percent(part, whole)} of the buffer was in use: the rest is the margin.`);
  }
  if (!monotone) sentences.push(rangesOf(report));
  const noted = studyNote(report);
  if (noted !== null) sentences.push(noted);
  return sentences;
}

/** Where the next value lies, by the end of the values that is wanted. */
const NEXT: Readonly<Record<SizeReport["find"], string>> = {
  buffer: "smaller",
  rate: "higher",
  reader: "slower",
  "grace-max": "longer",
  "nf-conntrack-max": "smaller",
};

function refutation({ find }: SizeReport, { text, verdicts, runs }: NonNullable<SizeReport["refuted"]>): string {
  const failed = verdicts.filter(({ ok }) => !ok).map(verdictText);
  const showed = `as ${plural(runs, "run", "runs")} showed`;
  return `One step ${NEXT[find]}, at ${text}, it does not hold: ${failed.join(", ")}, ${showed}.`;
}

/** Where it holds and where it does not, as far as it was tried. */
function rangesOf({ tried }: SizeReport): string {
  const ranges: { holds: boolean; from: string; to: string }[] = [];
  for (const { holds, text } of tried) {
    const last = ranges.at(-1);
    if (last?.holds === holds) last.to = text;
    else ranges.push({ holds, from: text, to: text });
  }
  const parts = ranges.map(({ holds, from, to }) => {
    const where = from === to ? `at ${from}` : `from ${from} to ${to}`;
    return `${holds ? "it holds" : "it does not hold"} ${where}`;
  });
  return `The condition is not monotone, so the values between were scanned: ${parts.join("; ")}.`;
}

export function triedRows({ find, tried }: SizeReport): string[][] {
  const rows = tried.map(({ text, holds, runs, verdicts }) => {
    const worst = verdicts.find(({ ok }) => !ok) ?? verdicts[0]!;
    return [text, holds ? "holds" : "fails", String(runs), `${worst.expression}: ${measured(worst)}`];
  });
  return [[find, "", "runs", "worst"], ...rows];
}
