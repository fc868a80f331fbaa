/**
 * Where the results of a run go: standard output or a file in one format, and any number of files in others. All are opened
 * before the run, so that a path that cannot be written costs no run; each is there whole or not at all (output.ts).
 */

import type { Renderer, RenderOptions } from "../render/renderer.js";
import type { Format } from "../render/renderers.js";
import { quoted, UsageError } from "../scenario/errors.js";
import { hasColour } from "./colour.js";
import type { Dependencies } from "./dependencies.js";
import type { Settings } from "./flag.js";
import { DEFAULT_COLUMNS, type Io, widthOf } from "./io.js";
import { fileOutput, type Sink, standardOutput } from "./output.js";

export interface Outputs {
  /** `make`: the text, given a format and the place where it will stand. */
  write(command: string, make: (renderer: Renderer, options: RenderOptions) => string): Promise<void>;
}

interface Output {
  format: Format;
  sink: Sink;
  colour: boolean;
  width: number;
}

/** Where a single text goes. Throws UsageError where the file cannot be written. */
export function mainSink({ output }: Settings, io: Io): Sink {
  return output === null ? standardOutput(io.stdout) : fileOutput(output, "--output");
}

/** Throws UsageError where one of the files cannot be written. */
export function openOutputs(settings: Settings, io: Io, dependencies: Dependencies): Outputs {
  const { output, exports, format, colour, quiet, timeline } = settings;
  if (timeline && ![format, ...exports.map((one) => one.format)].includes("csv")) {
    throw new UsageError("--timeline: expected --format csv or --export csv=FILE beside it, got neither");
  }
  refuseSharedPaths([...(output === null ? [] : [output]), ...exports.map(({ path }) => path)]);
  // A file is as wide as a pipe, so that its content does not depend on the terminal beside it.
  const file = { colour: false, width: DEFAULT_COLUMNS };
  const screen = { colour: hasColour(io.stdout, io.env, colour), width: widthOf(io.stdout) };
  const outputs: Output[] = [
    { format, sink: mainSink(settings, io), ...(output === null ? screen : file) },
    ...exports.map((one) => ({ format: one.format, sink: fileOutput(one.path, "--export"), ...file })),
  ];
  return {
    async write(command, make) {
      const renderers = await dependencies.renderers();
      for (const { format, sink, ...place } of outputs) {
        // --quiet is about what a person sees.
        const options = { ...place, quiet: quiet && sink === outputs[0]!.sink, command, timeline };
        sink.write(make(renderers[format], options));
      }
    },
  };
}

function refuseSharedPaths(paths: readonly string[]): void {
  const shared = paths.find((path, index) => paths.indexOf(path) !== index);
  if (shared !== undefined)
    throw new UsageError(`--export: expected a file of its own for each format, got ${quoted(shared)} twice`);
}
