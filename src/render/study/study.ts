/** What came of a study in each format, by the kind of study that it is. */

import { TOOL_VERSION } from "../../report/version.js";
import { compareReport, type NamedRun } from "../../study/compare.js";
import type { Runs } from "../../study/runs.js";
import type { SizeReport } from "../../study/size.js";
import { sweepReport } from "../../study/sweep.js";
import { compareHtml } from "../html/compare-page.js";
import { sizeHtml } from "../html/size-page.js";
import { sweepHtml } from "../html/sweep-page.js";
import { compareMarkdown, compareText } from "./compare.js";
import { type SizeOptions, sizeCsv, sizeMarkdown, sizeText } from "./size.js";
import { type StudyOptions, sweepCsv, sweepMarkdown, sweepText } from "./sweep.js";

export type StudyFormat = "text" | "json" | "csv" | "markdown" | "html";

export const TOOL = { name: "ct-reliable", version: TOOL_VERSION } as const;

interface Place extends Omit<StudyOptions, "command"> {
  /** Of a comparison, for its page: of each variant the run with the first seed. */
  samples: readonly NamedRun[];
}

export function renderStudy(runs: Runs, format: StudyFormat, { samples, ...place }: Place): string {
  const options: StudyOptions = { ...place, command: runs.study.command };
  if (runs.study.kind === "compare") {
    const report = compareReport(runs, TOOL);
    const page = (): string => compareHtml(report, options, samples);
    return inFormat(report, format, options, {
      text: compareText,
      markdown: compareMarkdown,
      csv: sweepCsv,
      html: page,
    });
  }
  const report = sweepReport(runs, TOOL);
  return inFormat(report, format, options, {
    text: sweepText,
    markdown: sweepMarkdown,
    csv: sweepCsv,
    html: sweepHtml,
  });
}

export function renderSize(report: SizeReport, format: StudyFormat, options: SizeOptions): string {
  return inFormat(report, format, options, { text: sizeText, markdown: sizeMarkdown, csv: sizeCsv, html: sizeHtml });
}

function inFormat<R extends object, O>(
  report: R,
  format: StudyFormat,
  options: O,
  renderers: Readonly<Record<Exclude<StudyFormat, "json">, (report: R, options: O) => string>>,
): string {
  return format === "json" ? `${JSON.stringify(report, null, 2)}\n` : renderers[format](report, options);
}
