/**
 * What a format is: two pure functions, of one Report and of a set of scenarios, and what the caller knows of the place
 * where the text will stand.
 */
import type { Report } from "../report/report.js";
import type { Suite } from "../report/suite.js";

export interface RenderOptions {
  colour: boolean;
  /** Columns of the terminal. A renderer that is not read on one ignores it. */
  width: number;
  /** The verdict only. */
  quiet: boolean;
  /** The command line that repeats a single run. */
  command: string;
  /** text: the figures over time drawn below the report, in more than ASCII where the place shows it. */
  chart?: { unicode: boolean };
  /** csv: the timelines in the place of a row for each run. */
  timeline: boolean;
}

export interface Renderer {
  report(report: Report, options: RenderOptions): string;
  suite(suite: Suite, options: RenderOptions): string;
}
