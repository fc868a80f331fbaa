/** The output formats by name: what each makes of one Report (`flood`, `flush`) and of a set of scenarios (`run`). */
import { singleSuite } from "../report/suite.js";
import { renderCsv } from "./csv.js";
import { renderReportHtml, renderSuiteHtml } from "./html/report-page.js";
import { renderJson } from "./json.js";
import { renderJunit } from "./junit.js";
import { renderMarkdown, renderReportMarkdown } from "./markdown.js";
import type { Renderer } from "./renderer.js";
import { renderSuiteText } from "./suite-text.js";
import { renderText } from "./text.js";

export type Format = "text" | "json" | "csv" | "markdown" | "junit" | "html";

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
  html: { report: renderReportHtml, suite: renderSuiteHtml },
};
