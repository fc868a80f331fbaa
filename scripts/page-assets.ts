/**
 * What a page of the HTML report carries with it: the style, the script with uPlot in it, and the notice of uPlot's
 * licence. They are made of src/render/html/browser and kept as a module, so that the package needs neither files
 * beside it nor uPlot itself.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { type TransformOptions, transformSync } from "esbuild";

const BROWSER = path.join(import.meta.dirname, "..", "src", "render", "html", "browser");
const UPLOT = path.dirname(createRequire(import.meta.url).resolve("uplot/package.json"));

/** The text of src/render/html/assets.ts. */
export function pageAssets(): string {
  const read = (...parts: string[]): string => readFileSync(path.join(...parts), "utf8").trim();
  const { version } = JSON.parse(read(UPLOT, "package.json")) as { version: string };
  const script = `${read(UPLOT, "dist", "uPlot.iife.min.js")}\n${compiled(read(BROWSER, "charts.ts"))}`;
  if (/<\/script|<!--/i.test(script)) {
    throw new Error("expected a script that can stand in a page, got one that ends its element");
  }
  const constant = (name: string, text: string): string => `export const ${name} = ${JSON.stringify(text)};\n`;
  return [
    "/** Made by `npm run generate` of the files in browser/ and of uPlot. */\n",
    constant("STYLE", `${read(UPLOT, "dist", "uPlot.min.css")}\n${minified("css", read(BROWSER, "style.css"))}`),
    constant("LICENCE", `The charts are drawn with uPlot ${version}.\n${read(UPLOT, "LICENSE")}`),
    constant("SCRIPT", script),
  ].join("\n");
}

/** For a browser, in a scope of its own; uPlot is there before it. */
function compiled(source: string): string {
  const body = minified("ts", source.replace(/^import uPlot from "uplot";\n/m, ""), { format: "iife" });
  if (/\brequire\(/.test(body)) throw new Error("expected a script that imports nothing but uPlot and types");
  return body;
}

function minified(loader: "ts" | "css", text: string, options: TransformOptions = {}): string {
  return transformSync(text, { loader, minify: true, target: "es2022", ...options }).code.trim();
}
