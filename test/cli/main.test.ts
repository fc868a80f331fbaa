import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { COMMANDS } from "../../src/cli/catalogue.js";
import { EXIT } from "../../src/cli/exit-codes.js";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { SUMMARIES } from "../../src/cli/summaries.js";
import { run, stubReport, stubResolve } from "./harness.js";

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
);

describe("help and version", () => {
  test("--version prints the version of the package and loads no simulator", async () => {
    const backend = () => Promise.reject(new Error("loaded"));
    const outcome = await run(["--version"], { dependencies: { backend } });
    assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
    assert.ok(
      outcome.stdout.startsWith(`${version} (Node ${process.versions.node}, ${process.platform} `),
      outcome.stdout,
    );
  });

  test("--help and help print the same, on stdout: what it is, the commands, then examples", async () => {
    const outcome = await run(["--help"]);
    assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
    assert.match(outcome.stdout, /^ct-reliable shows what happens .*\n\nCommands:\n.*\n\nExamples:\n/s);
    assert.match(outcome.stdout, /\n {2}ct-reliable flood --kernel host\n/);
    for (const argv of [["help"], ["-h"]]) assert.equal((await run(argv)).stdout, outcome.stdout);
  });

  test("the help of the program, which loads no command, lists each of them in the order of the catalogue", () => {
    const listed = COMMANDS.map(({ name, summary }) => [name, summary]);
    assert.deepEqual(Object.entries(SUMMARIES), listed);
  });

  test("no command prints the same help on stderr and is a usage error", async () => {
    const outcome = await run([]);
    assert.deepEqual([outcome.code, outcome.stdout], [2, ""]);
    assert.equal(outcome.stderr, (await run(["--help"])).stdout);
  });

  test("a command's help has the flags that most people need, --help-all every one, with the defaults of that command", async () => {
    const resolve: typeof stubResolve = (experiment, overrides) => ({
      ...stubResolve(experiment, overrides),
      connections: experiment === "flush" ? 5000 : 70_000,
    });
    const flood = await run(["flood", "--help"], { resolve });
    assert.match(flood.stdout, /^Flood .*\n\nExamples:\n/s);
    const all = await run(["flood", "--help-all"], { resolve });
    for (const { name } of EXPERIMENT_FLAGS) assert.match(all.stdout, new RegExp(`^  --${name}\\b`, "m"));
    assert.ok(flood.stdout.match(/^ {2}--/gm)!.length < 20);
    assert.doesNotMatch(flood.stdout, /--cost-packet/);
    assert.match(flood.stdout, /--connections <COUNT> +connections to open \(default: 70k\)/);
    const flush = await run(["help", "flush"], { resolve });
    assert.match(flush.stdout, /--connections <COUNT> +connections to open \(default: 5000\)/);
    assert.doesNotMatch(flush.stdout, /--no-flush/);
  });

  test("the examples of the help run", async () => {
    for (const command of ["flood", "flush"]) {
      const { stdout } = await run([command, "--help"]);
      const examples = stdout.split("\n").filter((line) => line.startsWith("  ct-reliable "));
      assert.ok(examples.length >= 2);
      for (const example of examples) {
        const outcome = await run(example.trim().split(" ").slice(1));
        assert.deepEqual([outcome.code, outcome.stderr], [0, ""], example);
      }
    }
  });

  test("the help fits the terminal", async () => {
    const { stdout } = await run(["flood", "--help"], { columns: 100, stdoutTty: true });
    for (const line of stdout.split("\n").slice(stdout.split("\n").indexOf(""))) assert.ok(line.length <= 100, line);
  });
});

describe("results", () => {
  test("--format json prints the report and nothing else on stdout", async () => {
    const outcome = await run(["flood", "--format", "json"]);
    assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
    assert.equal(outcome.stdout, '{"seed":"standard"}\n');
  });

  test("--print-config prints the resolved scenario and runs nothing", async () => {
    const outcome = await run(["flush", "--print-config", "--buffer", "4k", "--format", "json"]);
    assert.deepEqual([outcome.code, outcome.stderr, outcome.ran], [0, "", undefined]);
    assert.deepEqual(JSON.parse(outcome.stdout).scenario, stubResolve("flush", { listeners: [{ bufferBytes: 4096 }] }));
  });

  test("the renderer learns width, colour and quiet of the place where the text will stand", async () => {
    const options = async (argv: string[], setup: Parameters<typeof run>[1]) => {
      const { stdout } = await run(argv, setup);
      const { command: _, ...rest } = JSON.parse(stdout.slice("text ".length));
      return rest;
    };
    assert.deepEqual(await options(["flood"], {}), { colour: false, width: 80, quiet: false, timeline: false });
    assert.deepEqual(await options(["flood", "--quiet"], { stdoutTty: true, columns: 120 }), {
      colour: true,
      width: 120,
      quiet: true,
      timeline: false,
    });
    assert.deepEqual(await options(["flood", "--no-color"], { stdoutTty: true, columns: 60 }), {
      colour: false,
      width: 60,
      quiet: false,
      timeline: false,
    });
  });
});

describe("exit codes", () => {
  test("a failed expectation is 1", async () => {
    const expectations = [{ expression: "destroy.delivered == 100%", actual: 0.5, limit: 1, unit: "share", ok: false }];
    const outcome = await run(["flood"], { backend: (scenario) => stubReport(scenario, { expectations }) });
    assert.equal(outcome.code, EXIT.expectationFailed);
    assert.match(outcome.stdout, /^text/);
  });

  test("a broken invariant is 4, with the report and the command that repeats it", async () => {
    const invariants = { checked: 9, violated: ["count = active + dying"] };
    const outcome = await run(["flood", "--cpus", "1"], {
      backend: (scenario) => stubReport(scenario, { invariants }),
    });
    assert.equal(outcome.code, EXIT.bug);
    assert.match(outcome.stdout, /^text/);
    assert.equal(
      outcome.stderr,
      "ct-reliable: a bug of ct-reliable: expected every invariant to hold, got count = active + dying\n" +
        "ct-reliable: repeat it with: ct-reliable flood --cpus 1 --seed standard\n",
    );
  });

  const throwing = () => {
    throw new Error("boom\nand more");
  };

  test("an unexpected exception is 4: one sentence, the command that repeats it, no stack", async () => {
    const outcome = await run(["flush", "--seed", "a b"], { backend: throwing });
    assert.deepEqual([outcome.code, outcome.stdout], [EXIT.bug, ""]);
    assert.equal(
      outcome.stderr,
      "ct-reliable: a bug of ct-reliable: boom and more\nct-reliable: repeat it with: ct-reliable flush --seed 'a b'\n",
    );
  });

  test("an exception before there is a scenario repeats what was typed", async () => {
    const outcome = await run(["flood", "--seed", "a b"], { resolve: throwing });
    assert.equal(outcome.code, EXIT.bug);
    assert.match(outcome.stderr, /repeat it with: ct-reliable flood --seed 'a b'\n$/);
  });

  test("CT_RELIABLE_DEBUG=1 adds the stack", async () => {
    const outcome = await run(["flood"], { backend: throwing, env: { CT_RELIABLE_DEBUG: "1" } });
    assert.match(outcome.stderr, /\n {4}at /);
  });

  test("a simulator that cannot be loaded is a bug, not a crash", async () => {
    const outcome = await run(["flood"], { dependencies: { backend: () => Promise.reject(new Error("gone")) } });
    assert.deepEqual([outcome.code, outcome.stdout], [EXIT.bug, ""]);
    assert.match(outcome.stderr, /a bug of ct-reliable: gone\n/);
  });
});
