/**
 * Where the results of a run go: standard output or a file in one format, and any number of files in others. All are
 * opened before the run, so that a path that cannot be written costs no run; each is there whole or not at all
 * (written-file.ts).
 */
import type { Renderer, RenderOptions } from "../render/renderer.js";
import type { Format } from "../render/renderers.js";
import { choice } from "../scenario/choice.js";
import { listed, quoted, UsageError } from "../scenario/errors.js";
import { hasColour, NO_COLOR } from "./colour.js";
import type { Dependencies } from "./dependencies.js";
import { type Flag, type FlagValues, switched, valued } from "./flag.js";
import { DEFAULT_COLUMNS, hasUnicode, type Io, widthOf } from "./io.js";
import { fileOutput, parsePath, type Sink, standardOutput } from "./written-file.js";

export const OUTPUT = "Output:";
const TEXT = "text";
/** Here and not beside the renderers, so that help does not load them. */
const FORMATS: readonly Format[] = [TEXT, "json", "csv", "markdown", "junit", "html"];

/** Of a command that knows these formats. */
export function formatFlag<F extends string>(formats: readonly F[]): Flag<F> {
  return valued({
    name: "format",
    value: "NAME",
    heading: OUTPUT,
    description: `${listed(formats)} (default: ${TEXT})`,
    choices: formats,
    parse: choice(formats),
  });
}

export const FORMAT = formatFlag(FORMATS);

export const OUTPUT_FILE = valued({
  name: "output",
  value: "FILE",
  heading: OUTPUT,
  description: "write the report to FILE instead of standard output",
  file: true,
  parse: parsePath,
});

interface Exported<F extends string> {
  format: F;
  path: string;
}

/** Of a command that knows these formats. */
export function exportFlag<F extends string>(formats: readonly F[]): Flag<Exported<F>> {
  return valued({
    name: "export",
    value: "FORMAT=FILE",
    heading: OUTPUT,
    description: "write the report in another format to FILE as well (may be repeated)",
    repeatable: true,
    parse: (text) => parseExport(text, formats),
    format: ({ format, path }) => `${format}=${path}`,
  });
}

const EXPORT = exportFlag(FORMATS);

const TIMELINE = switched({
  name: "timeline",
  heading: OUTPUT,
  description: "csv: a row for each moment of the timeline in the place of one for each run",
});

const CHART = switched({
  name: "chart",
  heading: OUTPUT,
  description: "text: draw the dying list and the receive buffer over time below the report",
});

export const QUIET = switched({
  name: "quiet",
  heading: OUTPUT,
  description: "print the verdict only, and no progress",
});

export const PRINT_CONFIG = switched({
  name: "print-config",
  heading: OUTPUT,
  description: "print the resolved scenario as a scenario file and run nothing (YAML, or JSON with --format json)",
});

/** Of a command that runs scenarios. */
export const OUTPUT_FLAGS: readonly Flag[] = [
  FORMAT,
  OUTPUT_FILE,
  EXPORT,
  TIMELINE,
  CHART,
  QUIET,
  NO_COLOR,
  PRINT_CONFIG,
];

/** `json=report.json`: a format, and the file that gets it. Throws UsageError. */
function parseExport<F extends string>(text: string, formats: readonly F[]): Exported<F> {
  const at = text.indexOf("=");
  if (at < 0)
    throw new UsageError(
      `expected FORMAT=FILE such as ${formats.at(-1)}=report.${formats.at(-1)}, got ${quoted(text)}`,
    );
  return { format: choice(formats)(text.slice(0, at)), path: parsePath(text.slice(at + 1)) };
}

/** All formats that something is written in. */
export function formatsOf(flags: FlagValues): Format[] {
  return [flags.of(FORMAT) ?? TEXT, ...flags.all(EXPORT).map(({ format }) => format)];
}

/** Whether the scenario is to be printed and not run, and as what. */
export function configForm(flags: FlagValues): "yaml" | "json" | null {
  if (!flags.has(PRINT_CONFIG)) return null;
  return flags.of(FORMAT) === "json" ? "json" : "yaml";
}

export interface Outputs {
  /** `make`: the text, given a format and the place where it will stand. */
  write(command: string, make: (renderer: Renderer, options: RenderOptions) => string): Promise<void>;
}

/** A place that a result goes to, and the form in which it stands there. */
export interface Output<F extends string> {
  format: F;
  sink: Sink;
  colour: boolean;
  width: number;
}

/** Standard output or --output, then every --export. Throws UsageError where one of the files cannot be written. */
export function outputsOf<F extends string>(
  flags: FlagValues,
  io: Io,
  { format, exported }: { format: Flag<F>; exported: Flag<Exported<F>> },
): Output<F | typeof TEXT>[] {
  return [
    { format: flags.of(format) ?? TEXT, sink: mainSink(flags, io), ...placeOf(flags, io) },
    ...flags
      .all(exported)
      .map(({ format, path }) => ({ format, sink: fileOutput(path, `--${exported.name}`, io), ...FILE })),
  ];
}

/** What was asked for beside --print-config and has no part in it. */
export function configNotes(flags: FlagValues): string[] {
  const format = flags.of(FORMAT);
  if (!flags.has(PRINT_CONFIG)) return [];
  const beside = [
    ...(format === null || format === "json" ? [] : [`--format ${format}`]),
    ...(flags.has(EXPORT) ? ["--export"] : []),
    ...(flags.has(TIMELINE) ? ["--timeline"] : []),
  ];
  return beside.map((flag) => `${flag} has no effect with --print-config: a scenario is printed as YAML, or as JSON`);
}

/** Where a single text goes. Throws UsageError where the file cannot be written. */
export function mainSink(flags: FlagValues, io: Io): Sink {
  const path = flags.of(OUTPUT_FILE);
  return path === null ? standardOutput(io.stdout) : fileOutput(path, `--${OUTPUT_FILE.name}`, io);
}

/**
 * As wide as the terminal and in its colours; a file is as wide as a pipe, so that its content depends on no terminal.
 */
export function placeOf(flags: FlagValues, io: Io): { colour: boolean; width: number } {
  if (flags.has(OUTPUT_FILE)) return FILE;
  return { colour: hasColour(io.stdout, io.env, !flags.has(NO_COLOR)), width: widthOf(io.stdout) };
}

const FILE = { colour: false, width: DEFAULT_COLUMNS };

/** Throws UsageError where one of the files cannot be written. */
export function openOutputs(flags: FlagValues, io: Io, dependencies: Dependencies): Outputs {
  const timeline = flags.has(TIMELINE);
  if (timeline && !formatsOf(flags).includes("csv")) {
    throw new UsageError("--timeline: expected --format csv or --export csv=FILE beside it, got neither");
  }
  const chart = flags.has(CHART) ? { chart: { unicode: hasUnicode(io.env) } } : {};
  const outputs = outputsOf(flags, io, { format: FORMAT, exported: EXPORT });
  return {
    async write(command, make) {
      const renderers = await dependencies.renderers();
      for (const { format, sink, ...place } of outputs) {
        // --quiet is about what a person sees.
        const options = {
          ...place,
          ...chart,
          quiet: flags.has(QUIET) && sink === outputs[0]!.sink,
          command,
          timeline,
        };
        sink.write(make(renderers[format], options));
      }
    },
  };
}
