/**
 * The output formats by name, and what each makes of one Report (`flood`, `flush`) and of a set of scenarios (`run`). What the
 * caller knows about the place where the text will stand comes with it. Every renderer is pure; the command decides where
 * its string goes.
 */

import type { Report } from "../report/report.js";
import { type Suite, singleSuite } from "../report/suite.js";
import { renderCsv } from "./csv.js";
import { renderJson } from "./json.js";
import { renderJunit } from "./junit.js";
import { renderMarkdown, renderReportMarkdown } from "./markdown.js";
import { renderSuiteText } from "./suite-text.js";
import { renderText } from "./text.js";

export interface RenderOptions {
  colour: boolean;
  /** Columns of the terminal. A renderer that is not read on one ignores it. */
  width: number;
  /** The verdict only. */
  quiet: boolean;
  /** The command line that repeats a single run. */
  command: string;
  /** csv: the timelines in the place of a row for each run. */
  timeline: boolean;
}

export interface Renderer {
  report(report: Report, options: RenderOptions): string;
  suite(suite: Suite, options: RenderOptions): string;
}

export type Format = "text" | "json" | "csv" | "markdown" | "junit";

/** A format in which one run is a set of one. */
function ofSuites(suite: Renderer["suite"]): Renderer {
  return { report: (report, options) => suite(singleSuite(report, options.command), options), suite };
}

export const renderers: Readonly<Record<Format, Renderer>> = {
  text: { report: renderText, suite: renderSuiteText },
  json: { report: renderJson, suite: ({ report }) => renderJson(report) },
  csv: ofSuites(renderCsv),
  markdown: { report: (report, { command }) => renderReportMarkdown(report, command), suite: renderMarkdown },
  junit: ofSuites(renderJunit),
};
