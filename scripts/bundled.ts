/**
 * The command as a few files that Node loads quickly, with the packages that it uses. Users of the library get the modules of dist/ as the
 * compiler makes them. What a bundle is worth is in docs/PERFORMANCE.md.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type BuildOptions, build } from "esbuild";

const ROOT = path.join(import.meta.dirname, "..");

/** Into `folder`, two folders below that of the package. What was there is gone. */
export async function bundle(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const options = {
    absWorkingDir: ROOT,
    // All beside each other, where each finds what it starts by its path.
    entryNames: "[name]",
    outdir: folder,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    // koffi is optional and has a binary for each machine.
    external: ["koffi", "./call.js"],
    // For the packages that are CommonJS.
    banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  } satisfies BuildOptions;
  const built = await Promise.all([
    // Each in one file. They share no class with what they start: what goes to and fro is plain data or a function.
    build({
      ...options,
      entryPoints: ["src/cli/main.ts", "src/study/run-worker.ts", "src/live/child.ts", "src/live/listener-thread.ts"],
    }),
    // In parts that are loaded when they are asked for. In one file whatever a package imports would come first, and
    // node:process as a module opens standard input.
    build({ ...options, entryPoints: ["src/cli/call.ts"], splitting: true }),
  ]);
  const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  writeFileSync(path.join(folder, "LICENSES.txt"), licences(inputs));
}

/** Those of the packages that the bundled files are of. */
function licences(inputs: readonly string[]): string {
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(folders)].sort().map(licence).join("\n\n");
}

function licence(folder: string): string {
  const read = (name: string): string => readFileSync(path.join(ROOT, folder, name), "utf8");
  const file = readdirSync(path.join(ROOT, folder)).find((name) => /^licen[cs]e/i.test(name));
  // seedrandom has it at the end of its README.
  const text = file === undefined ? /^LICENSE.*/ms.exec(read("README.md"))?.[0] : read(file);
  if (text === undefined) throw new Error(`expected ${folder} to have a licence, got none`);
  const { name, version } = JSON.parse(read("package.json"));
  return `${name} ${version}\n\n${text.trim()}\n`;
}
