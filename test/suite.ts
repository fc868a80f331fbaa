/**
 * What runs the tests of a compiled tree, from inside of it: `node test/suite.js [PART OF A PATH…]`. As many processes
 * at once as there are CPUs, and the live runs beside them one by one, because they wait for most of their time. What a
 * process costs is its start and the code that it compiles, so that the files of a folder share one. What failed is
 * told with its place in the source.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec, type TestEvent } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { filesIn } from "./compiled-tree.js";

/** Runs on the kernel; what is below it calls the parts of one alone. */
const LIVE = join("test", "live");
/** What measures how much of a CPU something takes, and is alone with it. */
const ALONE = join(LIVE, "pace.test.js");
/** Folders whose files have a process each; elsewhere, those of a folder share one. */
const APART = ["conformance", "docs"];
/** What takes longest begins first, so that nothing of one thread is left alone at the end. */
const LONGEST = ["docs/field", "cli/study", "cli", "property", "study", "browser"].map((name) => join("test", name));
/** What keeps all CPUs busy by itself is the last. */
const OF_MANY_THREADS = ["conformance", "docs/readme"].map((name) => join("test", name));

/** The files of the tests whose path contains one of the parts, or of all. */
export function testsIn(tree: string, parts: readonly string[]): string[] {
  const words = parts.map((part) => part.replace(/\.ts$/, ""));
  return filesIn(tree, "test", ".test.js").filter(
    (file) => words.length === 0 || words.some((word) => file.includes(word)),
  );
}

/** Of all processes, with one summary: each run would tell of its own otherwise. */
async function* eventsOf(tree: string, files: readonly string[]): AsyncGenerator<TestEvent> {
  const summary = new Map<string, number>();
  const [alone, beside] = parted(files, (file) => file === ALONE);
  const [live, others] = parted(beside, (file) => dirname(file) === LIVE);
  const processes = processesOf(tree, others).sort((one, other) => place(one) - place(other));
  const phases = [
    [
      { files: processes, concurrency: availableParallelism() },
      { files: live, concurrency: 1 },
    ],
    [{ files: alone, concurrency: 1 }],
  ];
  for (const lanes of phases) {
    // All lanes of a phase begin at once; what one has to say while another is told waits.
    for (const events of lanes.filter(({ files }) => files.length > 0).map((lane) => run(lane))) {
      for await (const event of events as AsyncIterable<TestEvent>) {
        const [, what, count] = (isSummary(event) && /^(\w+) ([\d.]+)$/.exec(event.data.message)) || [];
        if (what === undefined) yield event;
        else summary.set(what, (summary.get(what) ?? 0) + Number(count));
      }
    }
  }
  summary.set("duration_ms", performance.now());
  for (const [what, count] of summary)
    yield { type: "test:diagnostic", data: { message: `${what} ${count}`, nesting: 0 } };
  const count = (what: string) => summary.get(what) ?? 0;
  process.exitCode = count("tests") === 0 || count("fail") + count("cancelled") > 0 ? 1 : 0;
}

function parted(files: readonly string[], isFirst: (file: string) => boolean): [string[], string[]] {
  return [files.filter(isFirst), files.filter((file) => !isFirst(file))];
}

/** The files to start: of several that share a process, one that imports them. */
function processesOf(tree: string, files: readonly string[]): string[] {
  const shared = new Map<string, string[]>();
  for (const file of files) {
    const [, folder, ...rest] = file.split(sep) as [string, string, ...string[]];
    // The command line's are too many for one.
    const home = folder === "cli" ? dirname(file) : join("test", folder);
    const name = rest.length === 0 || APART.includes(folder) ? file : join(home, "together.js");
    shared.set(name, [...(shared.get(name) ?? []), file]);
  }
  for (const [name, together] of shared) {
    const imports = together.map((file) => `import ${JSON.stringify(join(tree, file))};\n`);
    if (together[0] !== name) writeFileSync(join(tree, name), imports.join(""));
  }
  return [...shared.keys()];
}

function isSummary(event: TestEvent): event is Extract<TestEvent, { type: "test:diagnostic" }> {
  return event.type === "test:diagnostic" && event.data.nesting === 0 && event.data.file === undefined;
}

function place(file: string): number {
  if (OF_MANY_THREADS.some((name) => file.startsWith(name))) return LONGEST.length + 1;
  const at = LONGEST.findIndex((name) => file.startsWith(name));
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
  await pipeline(Readable.from(eventsOf(tree, files)), new spec(), told, process.stdout, { end: false });
}

const own = fileURLToPath(import.meta.url);
if (process.argv[1] === own) await main(dirname(dirname(own)), process.argv.slice(2));
