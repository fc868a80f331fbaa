import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { installed } from "../../../src/cli/dependencies.js";
import { EXIT } from "../../../src/cli/exit-codes.js";
import { simulation } from "../../../src/simulation/simulation.js";
import { builtPackage, removePackage } from "../../built.js";
import { run as runWithStubs, type Setup } from "../harness.js";

/** The command line on the real simulator and the real renderers, in this thread. */
const run = (argv: readonly string[], setup: Setup = {}) =>
  runWithStubs(argv, { ...setup, dependencies: { ...installed, cores: () => 1, ...setup.dependencies } });

const HEAD = "title: t\nscenario:\n  experiment: flood\n  connections: 20\n  ratePerSecond: 100\n";
const HOLDS = `${HEAD}expectations: [table.created == 20]\n`;
const FAILS = `${HEAD}expectations:\n  - table.created == 20\n  - table.created == 21\n`;
const VARIANTS = `${HEAD}expectations: [drain <= 20s over 2 seeds, table.created <= 2 * table.created in 5.10]
variants: {5.10: {scenario: {kernel: 5.10}}, 250: {}, 100: {scenario: {hz: 100}}}
`;

let folder: string;
let paths: (...names: string[]) => string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ct-reliable-run-"));
  paths = (...names) => names.map((name) => join(folder, name));
  const files = {
    "a.yaml": HOLDS,
    "b.yml": FAILS,
    "c.json": JSON.stringify({ title: "c", scenario: { experiment: "flush", connections: 5 } }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("run", () => {
  test("expects what --expect says beside what the file does", async () => {
    const [a] = paths("a.yaml");
    const [asked, held] = ["table.created == 21", "table.drop == 0"];
    const more = await run(["run", a!, "--expect", held!, "--expect", asked!]);
    assert.equal(more.code, EXIT.expectationFailed);
    assert.match(more.stdout, /3 expectations in 1 run: 1 expectation of 1 scenario failed/);
    const printed = await run(["run", a!, "--expect", held!, "--print-config"]);
    assert.match(printed.stdout, /table\.created == 20[\s\S]*table\.drop == 0/);
    assert.match((await run(["run", a!, "--expect", "drian == 1"])).stderr, /--expect: expected a metric/);
  });

  test("of what holds is 0, of what does not 1, with the command that repeats it", async () => {
    const [a, b] = paths("a.yaml", "b.yml");
    const good = await run(["run", a!]);
    assert.deepEqual([good.code, good.stderr], [EXIT.ok, ""]);
    assert.match(
      good.stdout,
      /\n\n✓ a {2}t\n {4}✓ table.created == 20 {2}20\n1 scenario, 1 expectation in 1 run: all hold\n$/,
    );
    const bad = await run(["run", b!, "--hz", "100", "--runs", "2"]);
    assert.deepEqual([bad.code, bad.stderr], [EXIT.expectationFailed, ""]);
    assert.match(bad.stdout, new RegExp(`\\n {4}ct-reliable run ${b} --runs 2 --hz 100 --seed 1\\n`));
  });

  test("says what a kernel whose name hides its level is taken for, once, whether a file or a flag names it", async () => {
    const [a] = paths("a.yaml");
    writeFileSync(a!, HOLDS.replace("scenario:", 'scenario:\n  kernel: "5.15.0-1049-gke"'));
    const taken = /^ct-reliable: note: 5\.15\.0-1049-gke is taken for 5\.15\.0[^\n]*\n$/;
    assert.match((await run(["run", a!, "--runs", "2"])).stderr, taken);
    assert.match((await run(["run", paths("c.json")[0]!, "--kernel", "5.15.0-1049-gke"])).stderr, taken);
    assert.equal((await run(["run", a!, "--quiet"])).stderr, "");
  });

  test("of a single run begins with the report of flood and flush, of many when it is asked for", async () => {
    const [a, b] = paths("a.yaml", "b.yml");
    const report = /ct-reliable [\d.]+: flood on Linux .*\nload {8}/;
    const single = await run(["run", a!]);
    assert.match(single.stdout, new RegExp(`^${report.source}`));
    assert.match(single.stdout, new RegExp(`Repeat it with\\nct-reliable run ${a} --seed 1\\n\\n✓ a`));
    for (const argv of [
      ["run", a!, "--quiet"],
      ["run", a!, "--runs", "2"],
      ["run", a!, b!],
    ]) {
      assert.doesNotMatch((await run(argv)).stdout, report, argv.join(" "));
    }
    const many = await run(["run", a!, b!, "--report", "--runs", "2"]);
    assert.match(many.stdout, new RegExp(`^a, the first of 2 runs\\n\\n${report.source}`));
    assert.match(many.stdout, new RegExp(`\\n\\nb, the first of 2 runs\\n\\n${report.source}`));
  });

  test("of a folder is every scenario in it, in the order of their names, and those below", async () => {
    mkdirSync(join(folder, "B"));
    writeFileSync(join(folder, "B", "z.yaml"), HOLDS);
    writeFileSync(join(folder, "notes.txt"), "nothing");
    symlinkSync(join(folder, "a.yaml"), join(folder, "link.yaml"));
    const { stdout, code } = await run(["run", folder, "--format", "json"]);
    const { scenarios } = JSON.parse(stdout);
    assert.deepEqual(
      scenarios.map(({ name }: { name: string }) => name),
      ["z", "a", "b", "c", "link"],
    );
    assert.equal(code, 1);
  });

  test("--bail ends at the first that fails", async () => {
    const { stdout, code } = await run(["run", ...paths("a.yaml", "b.yml", "c.json"), "--bail"]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /\n2 scenarios, 3 expectations in 2 runs: 1 expectation of 1 scenario failed; 1\sscenario not run\n$/,
    );
  });

  test("--only is a part of a name, or a pattern", async () => {
    const names = async (only: string) => {
      const { stdout } = await run(["run", folder, "--only", only, "--format", "json"]);
      return JSON.parse(stdout).scenarios.map(({ name }: { name: string }) => name);
    };
    assert.deepEqual(await names("a"), ["a"]);
    assert.deepEqual(await names("*"), ["a", "b", "c"]);
    const none = await run(["run", folder, "--only", "xyzzy"]);
    assert.deepEqual([none.code, none.stdout], [2, ""]);
    assert.match(none.stderr, /^ct-reliable: --only: expected a part of the name of a scenario, got "xyzzy"\n$/);
  });

  test("--seed random draws one for all, says so, and repeats with it", async () => {
    const { stdout, stderr } = await run(["run", ...paths("b.yml"), "--seed", "random"]);
    const seed = /^ct-reliable: --seed random drew ([0-9a-f]{16})\n$/.exec(stderr)?.[1];
    assert.match(stdout, new RegExp(`--seed ${seed}\\n`));
    assert.doesNotMatch(stdout, /--seed random/);
  });

  test("--quiet prints what failed and the sums", async () => {
    const { stdout } = await run(["run", folder, "--quiet"]);
    assert.doesNotMatch(stdout, /✓ a/);
    assert.match(stdout, /^✗ b/);
  });

  test("a broken invariant is a bug of ours, above all else", async () => {
    const backend = {
      run: async (scenario: Parameters<typeof simulation.run>[0]) => ({
        ...(await simulation.run(scenario)),
        invariants: { checked: 1, violated: ["count = active + dying"] },
      }),
    };
    const [a] = paths("a.yaml");
    const { code, stdout, stderr } = await run(["run", a!], { dependencies: { backend: async () => backend } });
    assert.equal(code, EXIT.bug);
    assert.match(stdout, /^✓ a/m);
    assert.equal(
      stderr,
      "ct-reliable: a bug of ct-reliable: expected every invariant to hold in a, got count = active + dying\n" +
        `ct-reliable: repeat it with: ct-reliable run ${a} --seed 1\n`,
    );
  });

  test("a run that goes wrong is a bug of ours, and leaves no file", async () => {
    const backend = { run: () => Promise.reject(new Error("boom")) };
    const out = join(folder, "out.xml");
    const outcome = await run(["run", ...paths("a.yaml"), "--export", `junit=${out}`], {
      dependencies: { backend: async () => backend },
    });
    assert.deepEqual([outcome.code, outcome.stdout], [EXIT.bug, ""]);
    assert.match(
      outcome.stderr,
      /^ct-reliable: a bug of ct-reliable: boom\nct-reliable: repeat it with: ct-reliable run \S+a\.yaml\n$/,
    );
    assert.deepEqual(readdirSync(folder), ["a.yaml", "b.yml", "c.json"]);
  });

  test("Ctrl-C prints what is whole by then and ends with 130", async () => {
    const signals = new EventEmitter();
    let runs = 0;
    const backend = {
      run: async (...[scenario, observer]: Parameters<typeof simulation.run>) => {
        if (++runs === 3) signals.emit("SIGINT");
        return simulation.run(scenario, observer);
      },
    };
    const out = join(folder, "out.json");
    const outcome = await run(["run", ...paths("a.yaml", "c.json", "a.yaml", "c.json"), "--export", `json=${out}`], {
      signals,
      dependencies: { backend: async () => backend },
    });
    assert.equal(outcome.code, EXIT.interrupted);
    assert.match(outcome.stdout, /\ninterrupted — 3 scenarios, .*: all hold; 1 scenario not\srun\n$/);
    assert.equal(
      outcome.stderr,
      "ct-reliable: stopping; Ctrl-C again ends at once\nct-reliable: interrupted: the summary so far\n",
    );
    assert.equal(JSON.parse(readFileSync(out, "utf8")).interrupted, true);
    assert.deepEqual(readdirSync(folder), ["a.yaml", "b.yml", "c.json", "out.json"]);
    assert.equal(signals.listenerCount("SIGINT"), 0);
  });

  test("in GitHub Actions failures are annotations, on stderr alone", async () => {
    const [b] = paths("b.yml");
    const plain = await run(["run", b!]);
    const outcome = await run(["run", b!], { env: { GITHUB_ACTIONS: "true" } });
    assert.equal(outcome.stdout, plain.stdout);
    const file = b!.replaceAll(":", "%3A").replaceAll(",", "%2C");
    assert.equal(
      outcome.stderr,
      `::error file=${file},line=8,title=ct-reliable b::expected table.created == 21, got 20\n`,
    );
  });
});

describe("a mistake is exit 2 and one sentence:", () => {
  const TABLE: readonly (readonly [what: string, make: (path: string) => void, sentence: RegExp])[] = [
    [
      "a misspelt key",
      (path) => writeFileSync(path, `${HEAD}  hzz: 5\n`),
      /:6:3: expected a key of scenario, got "hzz", did you mean "hz"\?$/,
    ],
    [
      "a bad unit",
      (path) => writeFileSync(path, `${HEAD}  rmemMaxBytes: 5 apples\n`),
      /:6:17: rmemMaxBytes: expected a size such as .*, got "5 apples"$/,
    ],
    [
      "an unknown metric",
      (path) => writeFileSync(path, `${HEAD}expectations: [drian == 5]\n`),
      /:6:16: expected a metric .*, got "drian", did you mean "drain"\?$/,
    ],
    [
      "a tab",
      (path) => writeFileSync(path, "title: t\nscenario:\n\texperiment: flood\n"),
      /:3:1: expected spaces to indent, got a tab$/,
    ],
    [
      "an empty file",
      (path) => writeFileSync(path, ""),
      /: expected a scenario with a title and parameters, got an empty file$/,
    ],
    [
      "a file of 10 MB",
      (path) => writeFileSync(path, "#".repeat(10_000_000)),
      /: expected a scenario file of at most 1048576 bytes, got more$/,
    ],
    [
      "a binary file",
      (path) => writeFileSync(path, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0])),
      /: expected a scenario in YAML or JSON, got a binary file$/,
    ],
    [
      "zero bytes",
      (path) => writeFileSync(path, "title: \0"),
      /: expected a scenario in YAML or JSON, got a binary file$/,
    ],
    [
      "a folder without scenarios",
      (path) => mkdirSync(path),
      /expected scenario files \(\.yaml, \.yml, \.json\) in the folder ".*", got none$/,
    ],
    ["a missing file", () => {}, /expected a scenario file that can be read, got ".*" \(no such file or directory\)$/],
    [
      "a link to nothing",
      (path) => symlinkSync("nowhere", path),
      /expected a scenario file that can be read, got ".*" \(no such file or directory\)$/,
    ],
    [
      "a link to itself",
      (path) => symlinkSync(path, path),
      /expected a scenario file that can be read, got ".*" \(too many symbolic links encountered\)$/,
    ],
    [
      "a folder with a broken link",
      (path) => {
        mkdirSync(path);
        symlinkSync("nowhere", join(path, "a.yaml"));
      },
      /expected a scenario file that can be read, got ".*a\.yaml" \(no such file or directory\)$/,
    ],
  ];
  for (const [what, make, sentence] of TABLE) {
    test(what, async () => {
      const path = join(folder, "x.yaml");
      make(path);
      const { code, stdout, stderr } = await run(["run", path]);
      assert.deepEqual([code, stdout], [EXIT.usage, ""]);
      assert.match(stderr.trimEnd(), sentence);
      assert.match(stderr, /^ct-reliable: [^\n]*\n$/);
    });
  }

  test("a name that is too long for a file", async () => {
    const { code, stderr } = await run(["run", "x".repeat(300)]);
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /\(name too long\)\n$/);
  });

  test("a file that may not be read", { skip: process.getuid?.() === 0 }, async () => {
    chmodSync(join(folder, "a.yaml"), 0);
    const { code, stderr } = await run(["run", folder]);
    assert.deepEqual([code, /\(permission denied\)\n$/.test(stderr)], [EXIT.usage, true]);
  });

  test("no file at all", async () => {
    const { code, stderr } = await run(["run"]);
    assert.deepEqual(
      [code, stderr],
      [2, "ct-reliable: expected scenario files or folders after run, such as scenarios/, got nothing\n"],
    );
  });

  test("one wrong file among good ones, before anything runs", async () => {
    writeFileSync(join(folder, "d.yaml"), "");
    const backend = () => Promise.reject(new Error("ran"));
    const { code, stdout } = await run(["run", folder, "--export", `junit=${join(folder, "o.xml")}`], {
      dependencies: { backend },
    });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.deepEqual(readdirSync(folder), ["a.yaml", "b.yml", "c.json", "d.yaml"]);
  });
});

describe("--export", () => {
  test("writes any number of formats beside the text, each as --format prints it", async () => {
    const formats = ["json", "csv", "markdown", "junit", "text"];
    const flags = formats.flatMap((format) => ["--export", `${format}=${join(folder, `out.${format}`)}`]);
    const { stdout, code } = await run(["run", ...paths("a.yaml", "b.yml"), ...flags], {
      stdoutTty: true,
      columns: 150,
    });
    assert.equal(code, 1);
    assert.ok(stdout.includes("\u001b["), "a terminal has colours");
    for (const format of formats) {
      const printed = await run(["run", ...paths("a.yaml", "b.yml"), "--format", format]);
      assert.equal(readFileSync(join(folder, `out.${format}`), "utf8"), printed.stdout, format);
    }
    assert.equal(readdirSync(folder).length, 3 + formats.length);
  });

  for (const [what, flag, sentence] of [
    [
      "a folder that is not there",
      "junit=NO/x.xml",
      /^ct-reliable: --export: expected a file that can be written, got .* \(no such file or directory\)\n$/,
    ],
    [
      "a folder",
      "junit=.",
      /^ct-reliable: --export: expected a file that can be written, got .* \(it is a folder\)\n$/,
    ],
    ["no format", "x.xml", /^ct-reliable: --export: expected FORMAT=FILE such as html=report\.html, got "x\.xml"\n$/],
    [
      "an unknown format",
      "xunit=x.xml",
      /^ct-reliable: --export: expected text, json, .*, got "xunit", did you mean "junit"\?\n$/,
    ],
    ["no file", "junit=", /^ct-reliable: --export: expected the path of a file, got ""\n$/],
  ] as const) {
    test(`to ${what} is refused before the run`, async () => {
      const backend = () => Promise.reject(new Error("ran"));
      const good = join(folder, "good.xml");
      const path = flag.includes("NO/") ? flag.replace("NO", join(folder, "no")) : flag.replace("=.", `=${folder}`);
      const { code, stderr } = await run(
        [
          "run",
          ...paths("a.yaml"),
          "--export",
          `junit=${good}`,
          "--export",
          flag === "junit=." || flag.includes("NO/") ? path : flag,
        ],
        {
          dependencies: { backend },
        },
      );
      assert.equal(code, 2);
      assert.match(stderr, sentence);
      assert.deepEqual(readdirSync(folder), ["a.yaml", "b.yml", "c.json"]);
    });
  }

  test("twice to one file is refused", async () => {
    const out = join(folder, "x");
    const { code, stderr } = await run([
      "run",
      ...paths("a.yaml"),
      "--export",
      `json=${out}`,
      "--export",
      `csv=${out}`,
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /--export: expected a file of its own for each format, got ".*" twice\n$/);
  });
});

describe("--print-config", () => {
  const FLAGS: readonly (readonly [what: string, flags: readonly string[]])[] = [
    ["as it is", []],
    ["with more runs and flags", ["--runs", "3", "--hz", "300", "--listeners", "policy=lossy"]],
    ["with a seed", ["--seed", "a 'b\""]],
    ["with some of it", ["--only", "*0"]],
    ["with a variant that is compared with one left out", ["--only", "100"]],
  ];
  for (const form of ["text", "json"]) {
    for (const [what, flags] of FLAGS) {
      test(`${form}: what is printed ${what} runs to the same bytes`, async () => {
        const file = join(folder, "my file.yaml");
        writeFileSync(file, VARIANTS);
        const only = flags[0] === "--only" ? flags : [];
        const direct = await run(["run", file, ...flags, "--format", "json"]);
        assert.deepEqual([direct.code, direct.stderr], [0, ""]);
        const printed = await run(["run", file, ...flags, "--print-config", "--format", form]);
        const copy = join(folder, "copy.yaml");
        writeFileSync(copy, printed.stdout);
        if (form === "json") JSON.parse(printed.stdout);
        assert.equal((await run(["run", copy, ...only, "--format", "json"])).stdout, direct.stdout);
      });
    }
  }

  test("of several files is several documents, and runs nothing", async () => {
    const backend = () => Promise.reject(new Error("ran"));
    const direct = await run(["run", folder, "--format", "json"]);
    const printed = await run(["run", folder, "--print-config"], { dependencies: { backend } });
    assert.equal(printed.code, 0);
    writeFileSync(join(folder, "copy"), printed.stdout);
    assert.equal((await run(["run", join(folder, "copy"), "--format", "json"])).stdout, direct.stdout);
  });

  test("of many variants has no aliases that a reader would refuse", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `v${index}: {}`);
    writeFileSync(join(folder, "a.yaml"), `${HEAD}variants: {${many.join(", ")}}\n`);
    const printed = await run(["run", ...paths("a.yaml"), "--print-config"]);
    assert.doesNotMatch(printed.stdout, /[&*]a\d/);
    writeFileSync(join(folder, "a.yaml"), printed.stdout);
    assert.equal((await run(["run", ...paths("a.yaml")])).code, 0);
  });

  for (const argv of [
    ["flood", "--connections", "300", "--rate", "1k/s", "--kernel", "5.10"],
    [
      "flush",
      "--connections",
      "300",
      "--seed",
      "x: 'y'",
      "--listeners",
      "buffer=8k,reader=1ms,policy=lossy,groups=new+destroy",
      "--listeners",
      "stall=1s/10s",
      "--timeout",
      "udp=20s",
      "--kernel-config",
      "acct=off",
    ],
  ]) {
    test(`of ${argv[0]} repeats the run`, async () => {
      const direct = await run([...argv, "--format", "json", "--no-advice"]);
      const printed = await run([...argv, "--print-config", "--expect", "drain <= 100s"]);
      const copy = join(folder, "copy.yaml");
      writeFileSync(copy, printed.stdout);
      const again = await run(["run", copy, "--format", "json"]);
      const { expectations, ...report } = JSON.parse(again.stdout).scenarios[0].reports[0];
      const { expectations: none, ...expected } = JSON.parse(direct.stdout);
      assert.deepEqual(report, expected);
      assert.deepEqual([none, expectations.length], [[], 1]);
    });
  }
});

describe("a real process", () => {
  let installation: string;
  before(async () => {
    installation = await builtPackage();
  });
  after(() => removePackage(installation));

  const bin = () => join(installation, "bin", "ct-reliable.js");
  const start = (argv: readonly string[], input = ""): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [bin(), ...argv], {
      encoding: "utf8",
      input,
      timeout: 30_000,
      env: { PATH: process.env.PATH },
    });

  test("run - reads standard input", () => {
    const { status, stdout } = start(["run", "-"], HOLDS);
    assert.equal(status, 0);
    assert.match(stdout, /^✓ stdin {2}t\n/m);
    assert.equal(
      start(["run", "-"], "x".repeat(2_000_000)).stderr,
      "ct-reliable: -: expected a scenario file of at most 1048576 bytes, got more\n",
    );
  });

  test("prints the same bytes on one core and on two", () => {
    writeFileSync(join(folder, "v.yaml"), VARIANTS);
    const script = join(installation, "two-cores.mjs");
    writeFileSync(
      script,
      `import { installed } from "./dist/cli/dependencies.js";
      import { main } from "./dist/cli/main.js";
      const cores = Number(process.argv[2]);
      const backend = () => cores > 1 ? Promise.resolve({ run: () => Promise.reject(new Error("here")) }) : installed.backend();
      process.exitCode = await main(process.argv.slice(3),
        { stdout: process.stdout, stderr: process.stderr, env: {}, signals: process }, { ...installed, backend, cores: () => cores });`,
    );
    const [one, two] = ["1", "2"].map((cores) =>
      spawnSync(process.execPath, [script, cores, "run", folder, "--runs", "3", "--format", "json"], {
        encoding: "utf8",
      }),
    );
    assert.deepEqual([one!.status, one!.stderr, two!.stderr], [1, "", ""]);
    assert.equal(two!.stdout, one!.stdout);
    assert.equal(JSON.parse(one!.stdout).summary.runs, 18);
  });

  test("hears Ctrl-C in the middle of many runs, and leaves no temporary file", { timeout: 30_000 }, async () => {
    writeFileSync(
      join(folder, "long.yaml"),
      "title: t\nruns: 8\nscenario: {experiment: flood, connections: 10M, ratePerSecond: max, nfConntrackMax: 10M}\n",
    );
    const argv = [bin(), "run", join(folder, "long.yaml"), "--export", `junit=${join(folder, "out.xml")}`];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => {
      said.stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      said.stderr += chunk;
    });
    setTimeout(() => child.kill("SIGINT"), 1500);
    assert.deepEqual(await once(child, "close"), [130, null]);
    assert.match(said.stdout, /^interrupted — 0 scenarios, .*; 1\sscenario not run\n$/s);
    assert.equal(
      said.stderr,
      "ct-reliable: stopping; Ctrl-C again ends at once\nct-reliable: interrupted: the summary so far\n",
    );
    assert.deepEqual(readdirSync(folder), ["a.yaml", "b.yml", "c.json", "long.yaml", "out.xml"]);
  });
});

describe("a log that is replayed", () => {
  const folder = mkdtempSync(join(tmpdir(), "ct-reliable-replay-"));
  after(() => rmSync(folder, { recursive: true }));
  const log = join(folder, "events.csv");
  const lines = Array.from({ length: 200 }, (_, index) => [`${(index / 100).toFixed(2)},NEW,udp,10`]).flat();
  writeFileSync(log, `${lines.join("\n")}\n`);

  const file = (name: string, replay: object): string => {
    const path = join(folder, name);
    const scenario = { experiment: "flood", kernel: "6.1", replay };
    writeFileSync(path, JSON.stringify({ title: "t", scenario, expectations: ["new.raised == 200"] }));
    return path;
  };

  test("is named by a scenario file, and read", async () => {
    const outcome = await run(["run", file("named.json", { file: log })]);
    assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
    assert.match(outcome.stdout, /new\.raised == 200 {2}200\n/);
  });

  test("has to be the one that the scenario is about", async () => {
    const path = file("other.json", { file: log, sha256: "0".repeat(64) });
    const { code, stderr } = await run(["run", path]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /other\.json: replay: expected the log that the scenario is about \(SHA-256 000000000000…\), got another content in /,
    );
  });

  /** A worker thread has no log, and could not start from these sources. */
  const manyCores: Setup = { dependencies: { cores: () => 8 } };

  test("is in every run of a study, whichever thread has it", async () => {
    const argv = [
      "size",
      "flood",
      "--replay",
      log,
      "--kernel",
      "6.1",
      "--find",
      "buffer",
      "--runs",
      "4",
      "--reader",
      "1ms",
    ];
    const { code, stdout, stderr } = await run([...argv, "--expect", "new.lost == 0", "--policy", "lossy"], manyCores);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /The smallest buffer for new\.lost == 0: /);
    assert.match(stderr, /note: repeating this run needs the file/);
    const compared = await run(["compare", "flood", "--replay", log, "--kernel", "5.4,6.1", "--runs", "4"], manyCores);
    assert.equal(compared.code, 0, compared.stderr);
  });

  test("is in every run of scenario files that are compared, one log or several", async () => {
    const second = join(folder, "more.csv");
    writeFileSync(second, `${lines.slice(0, 100).join("\n")}\n`);
    const files = [file("first.json", { file: log }), file("second.json", { file: second })];
    const { code, stdout, stderr } = await run(
      ["compare", ...files, "--runs", "8", "--metric", "new.raised"],
      manyCores,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /200/);
    assert.match(stdout, /100/);
  });
});
