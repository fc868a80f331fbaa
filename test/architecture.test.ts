/**
 * The house plan holds: imports point one way, and below the command line and the live backend there is no clock, no
 * chance and no file. The plan is the list of layers below; a folder that is not in it fails the test, so that it is
 * given a place.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { TOOL_VERSION } from "../src/report/version.js";
import { Source } from "./source.js";

const ROOT = path.join(import.meta.dirname, "..");

interface Layer {
  name: string;
  holds: (file: string) => boolean;
}

const folder = (name: string): Layer => ({ name, holds: (file) => file.startsWith(`src/${name}/`) });

/** In the order in which a reader meets them: a file imports only from its own layer and those above it. */
const LAYERS: readonly Layer[] = [
  folder("scenario"),
  folder("report"),
  folder("wire"),
  { name: "kernel", holds: (file) => /^src\/kernel\/[^/]+$/.test(file) },
  folder("kernel/conntrack"),
  folder("kernel/events"),
  folder("kernel/netlink"),
  folder("kernel/sched"),
  folder("daemon"),
  folder("workload"),
  folder("simulation"),
  folder("live/host"),
  folder("live/traffic"),
  folder("live/readers"),
  folder("live/run"),
  folder("live"),
  folder("study"),
  folder("render"),
  folder("explain"),
  folder("trace"),
  folder("cli"),
  { name: "the importable API", holds: (file) => file === "src/index.ts" },
];

/** Edges against the order, each with the reason that makes it right. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  [
    "src/scenario/defaults.ts → src/kernel/release.ts",
    "what a scenario leaves out is a fact of its kernel release, and those are written down once",
  ],
]);

/** What only the command line and the live backend may do; and what is no part of the program but of its pages. */
const FREE = /^src\/(cli|live|render\/html\/browser)\/|^src\/index\.ts$/;
const CLOCKS_AND_CHANCE = new Set([
  ...["Date", "performance", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"],
  ...["process", "console", "crypto", "fetch", "navigator", "require", "globalThis", "global", "eval"],
]);
/** Exactly specified, so that every engine gives the same bits; `sqrt` by IEEE 754, the others by ECMAScript. */
const EXACT_MATH = new Set([
  ...["abs", "ceil", "clz32", "floor", "fround", "imul", "max", "min", "round", "sign", "sqrt", "trunc"],
]);

const USE_EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  [
    "src/study/pool.ts uses node:worker_threads",
    "threads are what it is about; what runs in them is simulated all the same",
  ],
  ["src/study/run-worker.ts uses node:worker_threads", "the other end of the same"],
]);

const MATH_EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ["src/scenario/units.ts uses Math.log10", "of 1, 1e3 and 1e6 alone, at the edge where flags are parsed"],
]);

const layerOf = (file: string): number => LAYERS.findIndex((layer) => layer.holds(file));

function sourceFiles(folder = "src"): Source[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => path.posix.join(folder, name.split(path.sep).join("/")))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => new Source(name, readFileSync(path.join(ROOT, name), "utf8")));
}

const targetOf = (source: Source, specifier: string): string =>
  path.posix.join(path.posix.dirname(source.path), specifier).replace(/\.js$/, ".ts");

/** Every import against the order, as `from → to`. */
function wrongImports(source: Source): string[] {
  const wrong: string[] = [];
  for (const { specifier, line } of source.references) {
    if (!specifier.startsWith(".")) continue;
    const target = targetOf(source, specifier);
    const edge = `${source.path} → ${target}`;
    if (!target.startsWith("src/") || (layerOf(target) > layerOf(source.path) && !EXCEPTIONS.has(edge))) {
      wrong.push(`${edge} (line ${line})`);
    }
  }
  return wrong;
}

/** Every use of a clock, of chance, of the outside, or of mathematics without an exact result. */
function wrongUses(source: Source): string[] {
  if (FREE.test(source.path)) return [];
  const uses = [
    ...source.usesOf(CLOCKS_AND_CHANCE),
    ...source.mathBeyond(EXACT_MATH),
    ...source.inexactPowers,
    ...source.references
      .filter(({ specifier }) =>
        /^node:|^\(computed\)$|^(fs|path|os|util|url|child_process|worker_threads)(\/|$)/.test(specifier),
      )
      .map(({ specifier, line }) => ({ what: specifier, line })),
  ];
  return uses
    .map(({ what, line }) => ({ text: `${source.path} uses ${what}`, line }))
    .filter(({ text }) => !MATH_EXCEPTIONS.has(text) && !USE_EXCEPTIONS.has(text))
    .map(({ text, line }) => `${text} (line ${line})`);
}

const sources = sourceFiles();

describe("the direction of imports", () => {
  test("every source file has a place in the order", () => {
    assert.deepEqual(
      sources.map(({ path: file }) => file).filter((file) => layerOf(file) < 0 && !file.endsWith(".d.ts")),
      [],
    );
  });

  test("a file imports only from its own folder and from folders above it", () => {
    assert.ok(sources.length > 50);
    assert.deepEqual(sources.flatMap(wrongImports), []);
  });

  test("the simulation and the live backend stand side by side: neither imports from the other", () => {
    const crossing = sources.flatMap((source) => {
      const [side, other] = source.path.startsWith("src/live/") ? ["live", "simulation"] : ["simulation", "live"];
      if (!source.path.startsWith(`src/${side}/`)) return [];
      return source.references
        .filter(({ specifier }) => specifier.includes(`/${other}/`))
        .map(({ specifier }) => `${source.path} → ${specifier}`);
    });
    assert.deepEqual(crossing, []);
  });

  test("every exception is still needed", () => {
    const edges = new Set(
      sources.flatMap((source) =>
        source.references.map(({ specifier }) => `${source.path} → ${targetOf(source, specifier)}`),
      ),
    );
    assert.deepEqual(
      [...EXCEPTIONS.keys()].filter((edge) => !edges.has(edge)),
      [],
    );
  });

  for (const [what, file, text] of [
    ["an import", "src/kernel/clock.ts", 'import { Run } from "../simulation/loop.js";'],
    ["a type-only import", "src/kernel/conntrack/table.ts", 'import type { EventCache } from "../events/ecache.js";'],
    ["a re-export", "src/scenario/scenario.ts", 'export * from "../report/report.js";'],
    ["an import type", "src/report/report.ts", 'export type R = import("../kernel/release.js").Release;'],
    ["a dynamic import", "src/daemon/view.ts", 'const run = await import("../simulation/loop.js");'],
    ["a renderer in the shape of a report", "src/report/report.ts", 'import { text } from "../render/text.js";'],
    ["the command line in a renderer", "src/render/text.ts", 'import { colour } from "../cli/colour.js";'],
    ["something outside of src", "src/cli/main.ts", 'import { sample } from "../../test/report/sample.js";'],
  ] as const) {
    test(`${what} against the order is seen`, () => {
      assert.equal(wrongImports(new Source(file, text)).length, 1);
    });
  }

  test("an import in the order, a package and a text that looks like an import are not", () => {
    const text = `import { grown } from "../conntrack/table.js";
      import seedrandom from "seedrandom";
      // import { Run } from "../../simulation/loop.js";
      const text = 'import { Run } from "../../simulation/loop.js"';`;
    assert.deepEqual(wrongImports(new Source("src/kernel/events/ecache.ts", text)), []);
  });
});

describe("what is loaded before a command is known", () => {
  /** The way to each module that is loaded with one, from it on. */
  const waysFrom = (start: string, all: readonly Source[]): Map<string, string> => {
    const ways = new Map([[start, start]]);
    for (const [file, way] of ways) {
      const source = all.find(({ path: name }) => name === file);
      for (const specifier of source?.loads ?? []) {
        const target = specifier.startsWith(".") ? targetOf(source!, specifier) : specifier;
        if (!ways.has(target)) ways.set(target, `${way} → ${target}`);
      }
    }
    return ways;
  };
  /** What runs an experiment; the tables of releases and the parsers of files do not. */
  const RUNS = /^src\/(kernel\/[^/]+\/|daemon\/|workload\/[^/]+$|simulation\/|live\/)|^koffi$/;
  const LIGHT: ReadonlyMap<string, string> = new Map([
    ["src/simulation/memory.ts", "a sum of the scenario, which refuses a run before it is loaded"],
    ["src/live/host/impossible.ts", "a class of errors"],
  ]);
  const heavy = (all: readonly Source[]): string[] =>
    [...waysFrom("src/cli/command-line.ts", all)]
      .filter(([file]) => RUNS.test(file) && !LIGHT.has(file))
      .map(([, way]) => way);

  test("is nothing of the simulator and nothing of a live run: a help text would wait for it", () => {
    assert.deepEqual(heavy(sources), []);
  });

  test("is small where it is excepted, and the exceptions are still needed", () => {
    const ways = waysFrom("src/cli/command-line.ts", sources);
    for (const file of LIGHT.keys()) {
      assert.ok(ways.has(file), file);
      assert.deepEqual(sources.find(({ path: name }) => name === file)!.loads, []);
    }
  });

  test("is seen over several files, but not where types alone are imported or a command loads it later", () => {
    const line = new Source(
      "src/cli/command-line.ts",
      'import { a } from "./a.js";\nimport type { Run } from "../simulation/loop.js";\nconst later = () => import("../live/live.js");',
    );
    const light = new Source("src/cli/a.ts", 'export type { Row } from "../kernel/conntrack/table.js";');
    assert.deepEqual(heavy([line, light]), []);
    const loading = new Source("src/cli/a.ts", 'export * from "../kernel/conntrack/status.js";');
    assert.deepEqual(heavy([line, loading]), [
      "src/cli/command-line.ts → src/cli/a.ts → src/kernel/conntrack/status.ts",
    ]);
  });
});

describe("below the command line and the live backend", () => {
  test("there is no clock, no chance, no process, no file and no inexact mathematics", () => {
    assert.deepEqual(sources.flatMap(wrongUses), []);
  });

  for (const text of [
    "const now = Date.now();",
    "const at: Date = start;",
    "const t = performance.now();",
    "const r = Math.random();",
    "const { random } = Math;",
    "const f = [1].map(Math.log);",
    "setTimeout(() => {}, 1);",
    "if (process.env.CI) { }",
    "const g = globalThis;",
    'import { readFileSync } from "node:fs";',
    'import type { Writable } from "node:stream";',
    'import fs from "fs/promises";',
    "const y = Math.log2(x);",
    "const y = 10 ** digits;",
    "const y = 2 ** 0.5 ** x;",
    "let y = 1; y **= x;",
    "const load = (name: string) => import(name);",
  ]) {
    test(`\`${text}\` is seen`, () => {
      assert.notEqual(wrongUses(new Source("src/simulation/loop.ts", text)).length, 0);
    });
  }

  test("names of members, whole powers and comments are not", () => {
    const text = `interface Clock { now: number; performance: number; Date(): void }
      const { process: p } = run; run.process(); const t = run.performance; // Date.now()
      const x = { setTimeout: 1 }; const limit = 2 ** bits - 1; const parts = 10n ** BigInt(n); const k = 10 ** 3;
      const m = Math.floor(Math.max(1, 2));`;
    assert.deepEqual(wrongUses(new Source("src/simulation/loop.ts", text)), []);
  });

  test("the command line may", () => {
    assert.deepEqual(wrongUses(new Source("src/cli/io.ts", 'import fs from "node:fs"; process.exitCode = 1;')), []);
  });
});

describe("the time of day", () => {
  const uses = (source: Source) => source.usesOf(new Set(["Date"])).map(({ line }) => `${source.path}:${line}`);

  test("is read nowhere: it jumps", () => {
    assert.deepEqual(sources.filter(({ path: file }) => !file.endsWith("html/assets.ts")).flatMap(uses), []);
  });

  test("is seen where the command line reads it", () => {
    assert.deepEqual(uses(new Source("src/cli/progress.ts", "const now = Date.now();")), ["src/cli/progress.ts:1"]);
  });
});

describe("comments", () => {
  const { lineWidth } = JSON.parse(readFileSync(path.join(ROOT, "biome.json"), "utf8")).formatter as {
    lineWidth: number;
  };

  test("are wrapped at the formatter's width, like code", () => {
    const all = ["src", "test", "bench", "scripts"].flatMap((folder) => sourceFiles(folder));
    const long = all.flatMap((source) => source.commentsBeyond(lineWidth).map((line) => `${source.path}:${line}`));
    assert.deepEqual(long, []);
  });

  test("that are longer are seen, and long lines of a text in backquotes are none", () => {
    const words = "word ".repeat(lineWidth / 5);
    const lines = ["/**", ` * ${words}`, " */", "// short", `// ${words}`, "const text = `", `* ${words}`, "`;"];
    assert.deepEqual(new Source("src/a.ts", lines.join("\n")).commentsBeyond(lineWidth), [2, 5]);
  });
});

test("reports carry the version of package.json", () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as { version: string };
  assert.equal(TOOL_VERSION, version);
});
