/**
 * Our modules as a few files, beside what the compiler leaves in dist/: the command, which Node then loads quickly, the
 * library, and the programs that they start by their path. All of them share their code. Rollup leaves a `const` a
 * constant, so that the engine knows an offset or a flag of the hot path and need not fetch it, as it must from another
 * file; so what runs hot is one file, and what every command needs, whichever it is, another. What this is worth is in
 * docs/PERFORMANCE.md. Comments, white space and local names are left out.
 */
import { rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { deflateRawSync } from "node:zlib";
import { transform } from "esbuild";
import { type GetManualChunk, type GetModuleInfo, rollup } from "rollup";

const COMMAND = "cli/main.js";
/** What answers for any command, and the defaults that its help shows. */
const COMMANDS = ["cli/command-line.js", "scenario/defaults.js"];
const SIMULATION = "simulation/loop.js";
const PAGE = "render/html/assets.js";
/** What the package is entered by. The rest is loaded in parts when it is asked for. */
const ENTRIES = [
  COMMAND,
  "index.js",
  "study/run-worker.js",
  "live/child.js",
  "live/readers/listener-thread.js",
  "live/readers/program-watch.js",
];

/** From the compiled modules in `dist`, with those of `also` beside the library. What was in `folder` is gone. */
export async function bundle(dist: string, folder: string, also: readonly string[] = []): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const built = await rollup({
    input: [...ENTRIES, ...also].map((file) => path.join(dist, file)),
    // Packages stay where they are.
    external: (id, importer) => importer !== undefined && !/^[./]/.test(id),
    plugins: [{ name: "packed", transform: (_, id) => (id === path.join(dist, PAGE) ? packed(id) : null) }],
    onwarn: ({ message }) => {
      throw new Error(message);
    },
  });
  await built.write({
    dir: folder,
    // A part that others share may bear the name of the module that was asked for.
    entryFileNames: "[name].js",
    chunkFileNames: "part-[name].js",
    onlyExplicitManualChunks: true,
    manualChunks: sharedParts(dist),
    plugins: [{ name: "minified", renderChunk: minified }],
  });
  await built.close();
}

function minified(code: string): Promise<{ code: string }> {
  return transform(code, { minify: true, format: "esm", legalComments: "none" });
}

/** The texts that a module exports, compressed: the script of a page alone would be a twentieth of the package. */
async function packed(id: string): Promise<string> {
  const texts: Record<string, string> = await import(pathToFileURL(id).href);
  const constants = Object.entries(texts).map(([name, text]) => {
    const bytes = deflateRawSync(text, { level: 9 }).toString("base64");
    return `export const ${name} = inflateRawSync(Buffer.from("${bytes}", "base64")).toString();`;
  });
  return ['import { inflateRawSync } from "node:zlib";', ...constants].join("\n");
}

/** Names the file that a module is in with others, whoever else asks for it. */
function sharedParts(dist: string): GetManualChunk {
  const loadedWith = new Map<string, ReadonlySet<string>>();
  return (id, { getModuleInfo }) => {
    const belongsTo = (file: string): boolean => {
      const known = loadedWith.get(file) ?? importedBy(path.join(dist, file), getModuleInfo);
      loadedWith.set(file, known);
      return known.has(id);
    };
    if (belongsTo(COMMAND)) return null;
    if (COMMANDS.some(belongsTo)) return id.startsWith(path.join(dist, "cli")) ? null : "shared";
    return belongsTo(SIMULATION) ? "simulator" : null;
  };
}

/** A module and all that is loaded with it. */
function importedBy(id: string, infoOf: GetModuleInfo, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(id)) return seen;
  seen.add(id);
  for (const imported of infoOf(id)?.importedIds ?? []) importedBy(imported, infoOf, seen);
  return seen;
}
