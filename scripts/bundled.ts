/**
 * Our modules as a few files, beside what the compiler leaves in dist/: the command, which Node then loads quickly, and
 * the library. Rollup leaves a `const` a constant, so that the engine knows an offset or a flag of the hot path and
 * need not fetch it, as it must from another module. What both are worth is in docs/PERFORMANCE.md.
 */
import { rmSync } from "node:fs";
import path from "node:path";
import { rollup } from "rollup";

/**
 * What is started by its path, each in one file. They share no class: what goes to and fro is plain data or a function.
 */
const PROGRAMS = [
  ["study/run-worker.js"],
  ["live/child.js"],
  ["live/readers/listener-thread.js"],
  ["live/readers/program-watch.js"],
];
/** In parts that are loaded when they are asked for. */
const IN_PARTS = ["cli/main.js", "index.js"];

/** From the compiled modules in `dist`, with those of `also` beside the library. What was in `folder` is gone. */
export async function bundle(dist: string, folder: string, also: readonly string[] = []): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([...PROGRAMS, [...IN_PARTS, ...also]].map((files) => bundleOf(dist, files, folder)));
}

async function bundleOf(dist: string, files: readonly string[], folder: string): Promise<void> {
  const built = await rollup({
    input: files.map((file) => path.join(dist, file)),
    // Packages stay where they are.
    external: (id, importer) => importer !== undefined && !/^[./]/.test(id),
    onwarn: ({ message }) => {
      throw new Error(message);
    },
  });
  // A part that others share may bear the name of the module that was asked for.
  await built.write({ dir: folder, entryFileNames: "[name].js", chunkFileNames: "part-[name].js" });
  await built.close();
}
