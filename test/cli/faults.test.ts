/**
 * Faults of the surroundings: full disks, closed terminals, signals at any moment, no home, a package that cannot be
 * written.
 */
import assert from "node:assert/strict";
import { type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { resolveScenario } from "../../src/scenario/defaults.js";
import type { SizeReport } from "../../src/study/size.js";
import type { SweepReport } from "../../src/study/sweep.js";
import { builtPackage, removePackage } from "../built.js";
import { endingWorkers } from "../study/ending-worker.js";
import { run } from "./harness.js";

let installation: string;
let command: string;
let folder: string;
before(async () => {
  installation = await builtPackage();
  command = join(installation, "bin", "ct-reliable.js");
  folder = mkdtempSync(join(tmpdir(), "ct-reliable-faults-"));
});
after(() => {
  removePackage(installation);
  rmSync(folder, { recursive: true });
});

const SMALL = ["flood", "--connections", "200", "--no-advice"];

/** Every look at the time of day is an hour before or after the last one. */
const JUMPING_CLOCK = `--import=data:text/javascript,${encodeURIComponent(`
  const RightDate = Date;
  let looks = 0;
  const now = () => RightDate.now() + (++looks % 2 ? 1 : -1) * 3.6e6;
  globalThis.Date = class extends RightDate {
    constructor(...given) { super(...(given.length === 0 ? [now()] : given)); }
    static now() { return now(); }
  };`)}`;
function program(argv: readonly string[], options: SpawnSyncOptions = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...argv], { ...options, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** A mount namespace of the test's own; what is mounted there nobody else sees. */
const canMount = spawnSync("unshare", ["-rm", "true"]).status === 0;
const inNamespace = (script: string) => spawnSync("unshare", ["-rm", "sh", "-c", script], { encoding: "utf8" });

describe("the command", { timeout: 120_000 }, () => {
  test("on a full disk ends with one sentence and leaves nothing half-written", { skip: !canMount }, () => {
    const disk = mkdtempSync(join(folder, "disk-"));
    const line = `${process.execPath} ${command} ${SMALL.join(" ")} --format json --output ${disk}/report.json`;
    const { status, stderr, stdout } = inNamespace(
      `mount -t tmpfs -o size=8k none ${disk} && ${line}; code=$?; ls -A ${disk}; exit $code`,
    );
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^ct-reliable: [^\n]*(no space left)[^\n]*\n$/);
    assert.equal(stdout, "", "no file is left");
  });

  test("on a disk that fills up keeps the runs that it took, and goes on from them elsewhere", {
    skip: !canMount,
  }, () => {
    const disk = mkdtempSync(join(folder, "disk-"));
    const argv = "sweep flood --connections 20 -L buffer=2k,4k,8k,16k --runs 150 --quiet --resume".split(" ");
    const kept = join(folder, "filled.runs");
    const { status, stderr, stdout } = inNamespace(
      `mount -t tmpfs -o size=8k none ${disk}; ${process.execPath} ${command} ${argv.join(" ")} ${disk}/r.runs; code=$?; ` +
        `cp ${disk}/r.runs ${kept}; exit $code`,
    );
    assert.deepEqual([status, stdout], [2, ""], stderr);
    assert.match(
      stderr,
      /^ct-reliable: expected a file of runs that can be read and written, .*no space left on device\)\n$/,
    );
    const whole = readFileSync(kept, "utf8").split("\n").length - 2;
    assert.ok(whole > 10, `${whole} runs`);
    const on = program([...argv.filter((word) => word !== "--quiet"), kept]);
    assert.match(on.stderr, new RegExp(`600 runs: 4 cells of 150; ${whole} are done\n`));
    assert.equal(on.stdout, program([...argv.slice(0, -1).filter((word) => word !== "--quiet")]).stdout);
  });

  test("runs from a folder that cannot be written, without a home", { skip: !canMount }, () => {
    const { status, stderr } = inNamespace(
      `mount --bind ${installation} ${installation} && mount -o remount,bind,ro ${installation} && ` +
        `! touch ${installation}/x 2>/dev/null && env -i PATH=$PATH ${process.execPath} ${command} ${SMALL.join(" ")} --quiet`,
    );
    assert.deepEqual([status, stderr], [0, ""]);
  });

  test("makes the same of a run whatever becomes of standard output", () => {
    for (const end of [" | head -c 10", " >&-", " | true"]) {
      const { status, stderr } = spawnSync(
        "bash",
        ["-o", "pipefail", "-c", `{ ${process.execPath} ${command} ${SMALL.join(" ")}; echo "exit $?" >&2; }${end}`],
        { encoding: "utf8" },
      );
      assert.ok(status !== null);
      assert.match(stderr, /exit [02]\n$/);
      assert.doesNotMatch(stderr, /\n {4}at |Unhandled|EPIPE/);
    }
  });

  test("ends by a signal at any moment, without a trace of a stack and without half a file", async () => {
    const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
    const moments = [0, 15, 60, 150, 300, 600];
    const big = ["flood", "--connections", "3M", "--rate", "200k/s", "--no-advice", "--format", "json"];
    for (const [index, milliseconds] of moments.entries()) {
      const signal = (["SIGINT", "SIGTERM", "SIGHUP"] as const)[index % 3]!;
      const output = join(folder, `signalled-${index}.json`);
      const child = spawn(process.execPath, [command, ...big, "--output", output], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr.on("data", (chunk) => {
        said += chunk;
      });
      await sleep(milliseconds);
      child.kill(signal);
      const [code, by] = (await once(child, "close")) as [number | null, string | null];
      assert.ok(code === codes[signal] || by === signal, `${signal} after ${milliseconds} ms: ${code} ${by} ${said}`);
      assert.doesNotMatch(said, /\n {4}at /);
      const written = readdirSync(folder).filter((name) => name.startsWith(`signalled-${index}`));
      for (const name of written) JSON.parse(readFileSync(join(folder, name), "utf8"));
    }
  });

  test("makes the same of a run while the time of day jumps", () => {
    const argv = ["flood", "--connections", "20k", "--rate", "10k/s", "--format", "json"];
    const jumping = program(argv, { env: { ...process.env, NODE_OPTIONS: JUMPING_CLOCK } });
    assert.deepEqual(jumping, program(argv));
  });

  test("waits for a reader of its output that is slow", async () => {
    const argv = ["flush", "--connections", "2000", "--format", "html"];
    const child = spawn(process.execPath, [command, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
    let read = "";
    for await (const chunk of child.stdout) {
      read += chunk;
      await sleep(20);
    }
    assert.equal(read, program(argv).stdout);
    assert.ok(read.length > 65_536, "more than a pipe holds");
  });

  const skip = availableParallelism() < 2 && "one CPU has no workers";
  describe("where a worker is killed", { skip }, () => {
    const study = "flood --connections 200 --seed s --format json".split(" ");
    const sweep = ["sweep", ...study, "-L", "buffer=2k,4k,8k,16k", "--runs", "3"];
    const why = "two workers ended in it, the last with code 137";

    test("makes its run once more, says so, and comes to the same", () => {
      const { status, stdout, stderr } = program(sweep, { env: endingWorkers("s-2", join(folder, "ended")) });
      assert.equal(status, 0, stderr);
      assert.match(stderr, /: its worker ended with code 137; another one has the run once more\n/);
      assert.equal(stdout, program(sweep).stdout);
    });

    test("goes on without runs that end every worker, and names them in the result, in the end and for the merge", () => {
      const [kept, output] = [join(folder, "kept.runs"), join(folder, "of-killed.json")];
      const argv = [...sweep, "--resume", kept, "--output", output];
      const { status, stderr } = program(argv, { env: endingWorkers("s-2") });
      assert.equal(status, 5, stderr);
      assert.match(
        stderr,
        /4 of 12 runs are missing: run \d+ of 12 \(buffer=\d+k?, seed s-2\): two workers ended in it/,
      );
      assert.match(stderr, /; the others are kept in .*kept.runs, and the same command tries again\n$/);
      const { missing, cells, interrupted } = JSON.parse(readFileSync(output, "utf8")) as SweepReport;
      assert.deepEqual([missing!.length, cells.length, interrupted], [4, 4, undefined]);
      assert.ok(missing![0]!.endsWith(why));
      const merged = program(["merge", kept]);
      assert.deepEqual([merged.status, merged.stdout], [2, ""]);
      assert.match(
        merged.stderr,
        /expected all 12 runs, got 8: the first missing is run \d+ of 12 \(buffer=\d+k?, seed s-2\)\n$/,
      );
      assert.equal(program(argv).status, 0, "the same command again");
      assert.equal(readFileSync(output, "utf8"), program(sweep).stdout);
    });

    test("gives no answer that rests on a run that is missing", () => {
      const argv = ["size", ...study, "--find", "buffer", "--expect", "destroy.lost == 0", "--runs", "6"];
      const { status, stdout, stderr } = program(argv, { env: endingWorkers("s-5") });
      assert.equal(status, 5, stderr);
      const { answer, missing } = JSON.parse(stdout) as SizeReport;
      assert.deepEqual([answer, missing!.length], [null, 1]);
    });

    test("does not judge a scenario of which a run is missing", () => {
      const file = join(folder, "killed.yaml");
      const scenario = "  experiment: flood\n  connections: 100\n  seed: s\n";
      writeFileSync(file, `title: t\nscenario:\n${scenario}expectations:\n  - table.created == 100\n`);
      const { status, stdout, stderr } = program(["run", file, "--runs", "6"], { env: endingWorkers("s-5") });
      assert.equal(status, 5, stderr);
      assert.match(stdout, /✗ missing killed with seed s-5: two workers ended in it/);
      assert.match(stdout, /no verdict on all; runs of 1 scenario are\smissing\n$/);
    });
  });

  test("says on a very narrow terminal what it says on a wide one", async () => {
    for (const columns of [1, 2, 5, 12, 20]) {
      const { status, stderr } = program(SMALL, { env: { ...process.env, COLUMNS: String(columns) } });
      assert.deepEqual([status, stderr], [0, ""]);
      for (const argv of [["--help"], ["flood", "--help"], ["explain", "buffer", "2k"]]) {
        const { code } = await run(argv, { stdoutTty: true, stderrTty: true, columns });
        assert.equal(code, 0);
      }
    }
  });

  test("refuses a run that does not fit into memory, with what it would need", async () => {
    const argv = ["flush", "--connections", "10M", "--kernel", "6.18"];
    const dependencies = { memoryBytes: () => 100 * 2 ** 20 };
    const { code, stdout, stderr, ran } = await run(argv, { resolve: resolveScenario, dependencies });
    assert.deepEqual([code, stdout, ran], [2, "", undefined]);
    assert.match(
      stderr,
      /^ct-reliable: expected a run that fits into 100 MiB of memory, got 10M? ?[^\n]*entries at once, which would need [\d,]+ MiB: [^\n]*\n$/,
    );
  });

  test("refuses one of many runs that does not fit, by its name, and leaves no file", async () => {
    const dependencies = { memoryBytes: () => 100 * 2 ** 20 };
    const folder = mkdtempSync(join(tmpdir(), "ct-reliable-memory-"));
    const file = join(folder, "large.yaml");
    writeFileSync(
      file,
      "name: large\ntitle: a large one\nscenario:\n  experiment: flush\n  connections: 10M\n  nfConntrackMax: 16M\n",
    );
    for (const argv of [
      [
        "sweep",
        "flush",
        "-L",
        "connections=1k,10M",
        "--kernel",
        "6.18",
        "--nf-conntrack-max",
        "16M",
        "--resume",
        join(folder, "o"),
      ],
      [
        "compare",
        "flush",
        "--variant",
        "big:connections=10M",
        "--kernel",
        "6.18",
        "--nf-conntrack-max",
        "16M",
        "--output",
        join(folder, "o"),
      ],
      [
        "size",
        "flush",
        "--find",
        "buffer",
        "--connections",
        "10M",
        "--nf-conntrack-max",
        "16M",
        "--expect",
        "destroy.lost == 0",
        "--output",
        join(folder, "o"),
      ],
      ["run", file, "--export", `json=${join(folder, "o")}`],
    ]) {
      const { code, stdout, stderr } = await run(argv, { resolve: resolveScenario, dependencies });
      assert.deepEqual([code, stdout], [2, ""], `${argv.join(" ")}\n${stderr}`);
      assert.match(
        stderr,
        /[^\n]+: expected a run that fits into 100 MiB of memory, got 10M entries at once/,
        argv.join(" "),
      );
      assert.deepEqual(readdirSync(folder), ["large.yaml"], argv.join(" "));
    }
    rmSync(folder, { recursive: true });
  });
});
