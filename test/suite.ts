/**
 * What runs the tests of a compiled tree, from inside of it: `node test/suite.js [PART OF A PATH…]`. As many files at
 * once as there are CPUs, but those of live runs after the others and one by one: they measure time. What failed is
 * told with its place in the source.
 */
import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec, type TestEvent } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { filesIn } from "./compiled-tree.js";

const LIVE = join("test", "live");
/** What takes longest begins first. */
const LONGEST = ["conformance", "docs", "property"].map((folder) => join("test", folder));

/** The files of the tests whose path contains one of the parts, or of all. */
export function testsIn(tree: string, parts: readonly string[]): string[] {
  const words = parts.map((part) => part.replace(/\.ts$/, ""));
  return filesIn(tree, "test", ".test.js").filter(
    (file) => words.length === 0 || words.some((word) => file.includes(word)),
  );
}

/** Of both groups, with one summary: it would tell of each otherwise. */
async function* eventsOf(files: readonly string[]): AsyncGenerator<TestEvent> {
  const summary = new Map<string, number>();
  const live = files.filter((file) => file.startsWith(LIVE));
  const others = files.filter((file) => !file.startsWith(LIVE)).sort((one, other) => place(one) - place(other));
  const groups = [
    { files: others, concurrency: availableParallelism() },
    { files: live, concurrency: 1 },
  ];
  for (const group of groups.filter(({ files }) => files.length > 0)) {
    for await (const event of run(group) as AsyncIterable<TestEvent>) {
      const [, what, count] = (isSummary(event) && /^(\w+) ([\d.]+)$/.exec(event.data.message)) || [];
      if (what === undefined) yield event;
      else summary.set(what, (summary.get(what) ?? 0) + Number(count));
    }
  }
  for (const [what, count] of summary)
    yield { type: "test:diagnostic", data: { message: `${what} ${count}`, nesting: 0 } };
  const count = (what: string) => summary.get(what) ?? 0;
  process.exitCode = count("tests") === 0 || count("fail") + count("cancelled") > 0 ? 1 : 0;
}

function isSummary(event: TestEvent): event is Extract<TestEvent, { type: "test:diagnostic" }> {
  return event.type === "test:diagnostic" && event.data.nesting === 0 && event.data.file === undefined;
}

function place(file: string): number {
  const at = LONGEST.findIndex((folder) => file.startsWith(folder));
  return at < 0 ? LONGEST.length : at;
}

/** A text in which every place of a compiled file is that of its source. */
function inSources(text: string, tree: string): string {
  return text.replaceAll(/(?:file:\/\/)?([^\s():]+\.js):(\d+):(\d+)/g, (whole, name: string, line, column) => {
    const file = resolve(tree, name);
    const map = `${file}.map`;
    if (!file.startsWith(tree) || !existsSync(map)) return whole;
    const entry = new SourceMap(JSON.parse(readFileSync(map, "utf8"))).findEntry(line - 1, column - 1);
    if (!("originalSource" in entry)) return whole;
    const source = join(dirname(file), entry.originalSource);
    return `${relative(tree, source)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

async function main(tree: string, parts: readonly string[]): Promise<void> {
  const files = testsIn(tree, parts);
  if (files.length === 0) {
    console.error(`expected the path of a test to contain ${parts.join(" or ")}, found none`);
    process.exitCode = 2;
    return;
  }
  const told = async function* (texts: AsyncIterable<unknown>) {
    for await (const text of texts) yield inSources(String(text), tree);
  };
  await pipeline(Readable.from(eventsOf(files)), new spec(), told, process.stdout, { end: false });
}

const own = fileURLToPath(import.meta.url);
if (process.argv[1] === own) await main(dirname(dirname(own)), process.argv.slice(2));
