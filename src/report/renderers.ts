/**
 * The output formats by name, and the one signature that they share: a Report and what the caller knows about the place
 * where the text will stand. Every renderer is pure; the command decides where its string goes. It runs nothing.
 */
import { renderJson } from "./json.js";
import type { Report } from "./report.js";
import { renderText } from "./text.js";

export interface RenderOptions {
  colour: boolean;
  /** Columns of the terminal. A renderer that is not read on one ignores it. */
  width: number;
  /** The verdict only. */
  quiet: boolean;
  /** The command line that repeats the run. */
  command: string;
}

export type Renderer = (report: Report, options: RenderOptions) => string;

export const renderers: { readonly text: Renderer; readonly json: Renderer } = { text: renderText, json: renderJson };
