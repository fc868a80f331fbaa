import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { simulate } from "../../../src/simulation/simulation.js";
import type { SweepReport } from "../../../src/study/sweep.js";
import { inFolder, simulated } from "./simulated.js";

const SWEEP = ["sweep", "flush", "--connections", "40", "-L", "buffer=2048,8k", "-P", "reader=100us:10ms:x10"];
const QUICK = [...SWEEP, "--runs", "2"];

async function report(argv: readonly string[]): Promise<SweepReport> {
  const { code, stdout, stderr } = await simulated([...argv, "--format", "json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

describe("sweep", () => {
  test("has a cell for each combination, with the values in canonical form", async () => {
    const { axes, cells, runsPerCell } = await report(QUICK);
    assert.deepEqual(axes, [
      { name: "buffer", values: ["2048", "8192"] },
      { name: "reader", values: ["100us", "1ms", "10ms"] },
    ]);
    assert.equal(cells.length, 6);
    assert.equal(runsPerCell, 2);
  });

  test("takes linear ranges, and ranges of rates", async () => {
    const linear = await report(["sweep", "flush", "--connections", "5", "-P", "grace-max=1s:10s:3s", "--runs", "1"]);
    assert.deepEqual(linear.axes[0]!.values, ["1s", "4s", "7s", "10s"]);
    const rates = await report(["sweep", "flood", "--connections", "5", "-P", "rate=0.5:8:x4", "--runs", "1"]);
    assert.deepEqual(rates.axes[0]!.values, ["0.5/s", "2/s", "8/s"]);
  });

  test("takes values with commas between semicolons, and this machine's kernel", async () => {
    const readers = await report([
      "sweep",
      "flush",
      "--connections",
      "5",
      "-L",
      "reader=1ms;1ms,exponential",
      "--runs",
      "1",
    ]);
    assert.deepEqual(readers.axes[0]!.values, ["1ms", "1ms,exponential"]);
    const kernels = await report(["sweep", "flush", "--connections", "5", "-L", "kernel=5.4,host", "--runs", "1"]);
    assert.deepEqual(kernels.axes[0]!.values, ["5.4", "6.18.44-fc-v669"]);
  });

  test("looks at the measures that it is asked for, once each", async () => {
    const { measures } = await report([
      ...QUICK,
      "--metric",
      "drain",
      "--metric",
      "events.new.lost%",
      "--metric",
      "drain",
    ]);
    assert.deepEqual(
      measures.map(({ name, unit }) => [name, unit]),
      [
        ["drain", "seconds"],
        ["new.lost%", "share"],
      ],
    );
  });

  test("says how many runs it is before it starts, and with --quiet not", async () => {
    assert.equal((await simulated(QUICK)).stderr, "ct-reliable: 12 runs: 2 × 3 cells of 2\n");
    assert.equal((await simulated([...QUICK, "--quiet"])).stderr, "");
  });

  test("prints a map of two axes, what varies, what does not, and the command that repeats it", async () => {
    const { stdout } = await simulated(QUICK, { columns: 100 });
    assert.match(stdout, /^Sweep of flush \(ct-reliable [\d.]+\): 2 × 3 cells of 2 runs\.\n/);
    assert.match(stdout, /: buffer down, reader across\n/);
    assert.match(stdout, /^The same in every cell: destroy\.lost% 0 %/m);
    assert.ok(
      stdout.endsWith(
        "ct-reliable sweep flush --list buffer=2048,8k --range reader=100us:10ms:x10 --runs 2 --connections 40 --seed 1\n",
      ),
    );
  });

  test("prints the same when that command is run", async () => {
    const { stdout } = await simulated(QUICK);
    const words = stdout.trimEnd().split("\n").at(-1)!.split(" ").slice(1);
    assert.equal((await simulated(words)).stdout, stdout);
  });

  test("has a row for each cell in CSV and Markdown", async () => {
    const csv = (await simulated([...QUICK, "--format", "csv"])).stdout.trimEnd().split("\r\n");
    assert.equal(csv.length, 7);
    assert.match(csv[0]!, /^buffer,reader,runs,destroy\.lost%\.mean,destroy\.lost%\.deviation,destroy\.lost%\.low95/);
    assert.match(csv[1]!, /^2048,100us,2,0,0,0,0,0,0,0,0,/);
    const markdown = (await simulated([...QUICK, "--format", "markdown"])).stdout;
    assert.equal(markdown.split("\n").filter((line) => line.startsWith("| ")).length, 8);
  });

  for (const [what, argv, sentence] of [
    [
      "without a scenario",
      ["sweep", "-L", "buffer=1k"],
      /expected flood, flush or one scenario file after sweep, got nothing/,
    ],
    ["of two scenarios", ["sweep", "flood", "flush"], /after sweep, got 2 of them/],
    [
      "over what is no parameter",
      ["sweep", "flush", "-L", "bufer=1k"],
      /--list: expected a parameter .*did you mean "buffer"/,
    ],
    ["over seeds, which are its runs", ["sweep", "flush", "-L", "seed=1,2"], /--list: expected a parameter/],
    ["over a wrong value", ["sweep", "flush", "-L", "buffer=2048,oops"], /buffer: expected a size/],
    [
      "over nothing",
      ["sweep", "flush", "-L", "buffer="],
      /expected PARAMETER=VALUES such as buffer=2048,8k, got "buffer="/,
    ],
    ["over a range that falls", ["sweep", "flush", "-P", "rate=10:1:x2"], /--range: expected a range that rises/],
    ["over a range that stands", ["sweep", "flush", "-P", "rate=1:10:x1"], /--range: expected a range that rises/],
    ["over a range of words", ["sweep", "flush", "-P", "policy=a:b:1"], /expected a parameter that is a quantity/],
    [
      "over one parameter twice",
      ["sweep", "flush", "-L", "buffer=1k", "-P", "buffer=1k:4k:x2"],
      /one axis of each parameter, got buffer twice/,
    ],
    [
      "of what no run has",
      ["sweep", "flush", "--metric", "drian"],
      /--metric: expected a metric .*did you mean "drain"/,
    ],
    [
      "in which one cell is impossible",
      ["sweep", "flush", "-L", "buffer-max=1k,8k"],
      /buffer-max=1024: .*expected at least/,
    ],
    [
      "of too many runs",
      ["sweep", "flush", "-P", "connections=1:9000:1", "-P", "rate=1:9000:1", "--runs", "10k"],
      /would need [\d.kM]+ MiB/,
    ],
    ["as a part that is none", ["sweep", "flush", "--shard", "4/3"], /--shard: expected a part such as 2\/3/],
    [
      "as a part with a seed of its own",
      ["sweep", "flush", "--shard", "1/3", "--seed", "random"],
      /expected a seed that all parts share/,
    ],
    [
      "as the part of no job",
      ["sweep", "flush", "--shard", "auto"],
      /--shard: expected one of the variables SLURM_ARRAY_TASK_ID/,
    ],
  ] as const) {
    test(`${what} is refused before it starts`, async () => {
      const { code, stdout, stderr } = await simulated(argv);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, sentence);
    });
  }

  test("of a scenario file has its parameters, under those of the flags", async () => {
    const { of, cells } = await report([
      "sweep",
      "scenarios/conntrack-flush.yaml",
      "--connections",
      "30",
      "--runs",
      "1",
    ]);
    assert.equal(of, "conntrack-flush");
    assert.equal(cells.length, 1);
    const { stderr, code } = await simulated(["sweep", "scenarios/kernel-generations.yaml", "--connections", "30"]);
    assert.equal(code, 2);
    assert.match(stderr, /--only: expected a part of the name of one of kernel-generations\/.*, got nothing/);
  });

  test("ends as a bug of ours, with its command, where an invariant breaks", async () => {
    const { code, stderr } = await simulated([...QUICK, "--quiet"], {
      backend: (scenario) => ({ ...simulate(scenario), invariants: { checked: 1, violated: ["a rule: broken"] } }),
    });
    assert.equal(code, 4);
    assert.match(
      stderr,
      /run 1 of 12 \(buffer=2048 reader=100us, seed 1\): expected every invariant to hold, got a rule: broken/,
    );
    assert.match(stderr, /repeat it with: ct-reliable sweep flush/);
  });
});

describe("a sweep in parts", () => {
  test("merged is what one machine prints, in every format", () =>
    inFolder(async (pathOf) => {
      const parts = [1, 2, 3].map((index) => pathOf(`part-${index}.runs`));
      for (const [index, path] of parts.entries()) {
        const { code, stdout, stderr } = await simulated([...QUICK, "--shard", `${index + 1}/3`, "--resume", path]);
        assert.deepEqual([code, stdout], [0, ""]);
        assert.match(
          stderr,
          /12 runs: 2 × 3 cells of 2; this is part \d\/3\n.*part \d\/3 is in .*merge puts all parts together/,
        );
      }
      for (const format of ["text", "json", "csv", "markdown"]) {
        const merged = await simulated(["merge", ...parts, "--format", format]);
        assert.equal(merged.stdout, (await simulated([...QUICK, "--format", format])).stdout);
        assert.equal(merged.code, 0);
      }
    }));

  test("that is run again changes nothing", () =>
    inFolder(async (pathOf) => {
      const path = pathOf("part.runs");
      const part = [...QUICK, "--shard", "1/1", "--resume", path];
      await simulated(part);
      const before = readFileSync(path, "utf8");
      const { stderr } = await simulated(part);
      assert.match(stderr, /; 12 are done\n/);
      assert.equal(readFileSync(path, "utf8"), before);
    }));

  test("knows its part from the variables of the job", () =>
    inFolder(async (pathOf) => {
      const env = { SLURM_ARRAY_TASK_ID: "2", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "2" };
      const { stderr } = await simulated([...QUICK, "--shard", "auto", "--resume", pathOf("p")], { env });
      assert.match(stderr, /this is part 2\/2\n/);
    }));

  test("is refused by merge where a part is missing, or is something else", () =>
    inFolder(async (pathOf) => {
      await simulated([...QUICK, "--shard", "1/2", "--resume", pathOf("one")]);
      const missing = await simulated(["merge", pathOf("one")]);
      assert.deepEqual([missing.code, missing.stdout], [2, ""]);
      assert.match(missing.stderr, /expected all 12 runs, got 6: part 2\/2 is missing/);
      writeFileSync(pathOf("text"), "hello\n");
      assert.match((await simulated(["merge", pathOf("text")])).stderr, /expected a file of runs that a study wrote/);
      assert.match((await simulated(["merge", pathOf("none")])).stderr, /expected a file of runs .*no such file/);
      assert.match((await simulated(["merge"])).stderr, /expected the files of all parts after merge, got nothing/);
    }));
});

describe("an interrupted sweep", () => {
  /** Ctrl-C after so many runs. */
  function interrupted(argv: readonly string[], after: number) {
    const signals = new EventEmitter();
    let ran = 0;
    return simulated(argv, {
      signals,
      backend(scenario) {
        if (++ran === after) signals.emit("SIGINT");
        return simulate(scenario);
      },
    });
  }

  test("keeps what is finished, goes on with --resume, and then prints what it would have printed", () =>
    inFolder(async (pathOf) => {
      const argv = [...QUICK, "--resume", pathOf("runs")];
      const first = await interrupted(argv, 5);
      assert.equal(first.code, 130);
      assert.match(first.stdout, /interrupted, 5 of\sthem have runs/);
      assert.match(
        first.stderr,
        /interrupted: 5 of 12 runs are done and kept in .*; the same command with --resume .* goes on/,
      );
      const second = await simulated(argv);
      assert.match(second.stderr, /12 runs: .*; 5 are done/);
      assert.equal(second.stdout, (await simulated(QUICK)).stdout);
    }));

  test("that was ended in the middle of a line loses that run alone", () =>
    inFolder(async (pathOf) => {
      const argv = [...QUICK, "--resume", pathOf("runs")];
      await interrupted(argv, 5);
      const kept = readFileSync(pathOf("runs"), "utf8");
      writeFileSync(pathOf("runs"), kept.slice(0, -4));
      const second = await simulated(argv);
      assert.match(second.stderr, /; 4 are done/);
      assert.equal(second.stdout, (await simulated(QUICK)).stdout);
    }));

  test("does not go on with the runs of another one", () =>
    inFolder(async (pathOf) => {
      await simulated([...QUICK, "--resume", pathOf("runs")]);
      const { code, stderr } = await simulated(
        [...QUICK, "--connections", "41", "--resume", pathOf("runs")].filter((_, index) => index !== 2 && index !== 3),
      );
      assert.equal(code, 2);
      assert.match(stderr, /expected runs of this study, got those of another one, of flush/);
    }));
});

test("a sweep of loads that end early says which duration would not, of the kernel that needs the longest", async () => {
  const argv = ["sweep", "flood", "--protocol", "udp", "--packets", "1", "--rate", "10/s", "--no-flush", "--runs", "1"];
  const { stdout } = await simulated([...argv, "--duration", "2s", "-L", "kernel=2.6.31,5.10.100,6.1.100"], {
    columns: 200,
  });
  assert.match(stdout, /That is a load of 2 s; .* ask with --duration\s270s\s+or\s+more\./);
  const flushed = await simulated([
    ...argv.filter((word) => word !== "--no-flush"),
    "--duration",
    "2s",
    "-L",
    "kernel=6.1.100",
  ]);
  assert.doesNotMatch(flushed.stdout, /That is a load of/);
});
