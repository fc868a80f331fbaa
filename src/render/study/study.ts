/** What came of a study in each format, by the kind of study that it is. */

import { TOOL_VERSION } from "../../report/version.js";
import { compareReport } from "../../study/compare.js";
import type { Runs } from "../../study/runs.js";
import type { SizeReport } from "../../study/size.js";
import { sweepReport } from "../../study/sweep.js";
import { compareMarkdown, compareText } from "./compare.js";
import { type SizeOptions, sizeCsv, sizeMarkdown, sizeText } from "./size.js";
import { type StudyOptions, sweepCsv, sweepMarkdown, sweepText } from "./sweep.js";

export type StudyFormat = "text" | "json" | "csv" | "markdown";

export const TOOL = { name: "ct-reliable", version: TOOL_VERSION } as const;

export function renderStudy(runs: Runs, format: StudyFormat, options: Omit<StudyOptions, "command">): string {
  const all: StudyOptions = { ...options, command: runs.study.command };
  if (runs.study.kind === "compare") {
    const report = compareReport(runs, TOOL);
    if (format === "text") return compareText(report, all);
    if (format === "markdown") return compareMarkdown(report, all);
    return format === "json" ? jsonOf(report) : sweepCsv(report);
  }
  const report = sweepReport(runs, TOOL);
  if (format === "text") return sweepText(report, all);
  if (format === "markdown") return sweepMarkdown(report, all);
  return format === "json" ? jsonOf(report) : sweepCsv(report);
}

export function renderSize(report: SizeReport, format: StudyFormat, options: SizeOptions): string {
  if (format === "text") return sizeText(report, options);
  if (format === "markdown") return sizeMarkdown(report, options);
  return format === "json" ? jsonOf(report) : sizeCsv(report);
}

function jsonOf(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
