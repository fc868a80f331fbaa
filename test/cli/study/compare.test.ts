import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { CompareReport } from "../../../src/study/compare.js";
import { inFolder, simulated } from "./simulated.js";

const QUICK = ["--connections", "200", "--runs", "4"];

async function variants(argv: readonly string[]): Promise<CompareReport> {
  const { code, stdout, stderr } = await simulated(["compare", ...argv, ...QUICK, "--format", "json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

describe("compare", () => {
  test("of kernels begins with a sentence for each after the first", async () => {
    const { stdout } = await simulated(["compare", "flush", "--kernel", "2.6.31,5.4,6.18.44", ...QUICK]);
    const [first, second] = stdout.split("\n\n");
    assert.match(first!, /^5\.4 drains [\d.]+ .*times\s(slower|faster)\sthan\s2\.6\.31/);
    assert.match(second!, /^6\.18\.44 drains/);
    assert.match(
      stdout,
      /\nct-reliable compare flush --kernel 2\.6\.31,5\.4,6\.18\.44 --runs 4 --connections 200 --seed 1\n$/,
    );
  });

  test("of one variant is with the scenario as it is", async () => {
    const { axes } = await variants(["flush", "--variant", "big:buffer=64k"]);
    assert.deepEqual(axes[0]!.values, ["base", "big"]);
  });

  test("of a buffer that rmem_max cuts says so, and not of one that is forced or fits", async () => {
    const noteOf = async (...argv: string[]): Promise<string> =>
      (await simulated(["compare", "flush", "--connections", "50", "--runs", "1", "--kernel", "5.4", ...argv])).stderr;
    const cut = /rmem_max cuts a buffer of 4MiB to 208k: --rmem-max raises it, --force passes it/;
    assert.match(await noteOf("--variant", "big:buffer=4MiB"), cut);
    assert.match(await noteOf("--buffer", "4MiB", "--variant", "slow:reader=1ms"), cut);
    for (const variant of [
      "big:buffer=4MiB force",
      "big:buffer=4MiB rmem-max=4MiB",
      "big:buffer=64k",
      "one:preset=conntrackd",
    ]) {
      assert.doesNotMatch(await noteOf("--variant", variant), /rmem_max cuts/, variant);
    }
  });

  test("of a variant that changes nothing sees no difference", async () => {
    const { comparisons } = await variants(["flush", "--variant", "same:buffer=2048"]);
    assert.equal(comparisons[0]!.sentence, "No difference seen between base and same in 4 runs of each.");
  });

  test("takes several settings of a variant, switches among them", async () => {
    const { axes, comparisons } = await variants([
      "flood",
      "--variant",
      "a:policy=lossy reader=1ms,exponential no-flush",
      "--variant",
      "b:policy=reliable no-flush",
    ]);
    assert.deepEqual(axes[0]!.values, ["a", "b"]);
    assert.equal(comparisons.length, 1);
  });

  test("of floods says that the flush counts, and without one has no figure of a flush", async () => {
    const policies = ["--variant", "a:policy=lossy", "--variant", "b:policy=reliable"];
    const flushed = await simulated(["compare", "flood", ...policies, ...QUICK]);
    assert.match(flushed.stdout, /Each run ends with a flush \(conntrack -F\), whose events the figures count/);
    const without = await simulated(["compare", "flood", ...policies, ...QUICK, "--no-flush"]);
    assert.doesNotMatch(without.stdout, /drain|never|conntrack -F/);
    const some = await simulated(["compare", "flood", "--variant", "a:no-flush", ...QUICK]);
    assert.match(some.stdout, /Some of the runs end with a flush/);
    assert.match(some.stdout, /\n +a +– *\n/);
    assert.doesNotMatch(some.stdout, /never/);
    const asked = await simulated(["compare", "flood", ...policies, ...QUICK, "--no-flush", "--metric", "drain"]);
    assert.deepEqual([asked.code, asked.stdout], [2, ""]);
    assert.match(asked.stderr, /--metric: expected a metric that some run has, got drain \(there is no flush/);
  });

  test("--quiet prints the sentences alone, and --export the whole beside them", () =>
    inFolder(async (pathOf) => {
      const argv = ["compare", "flush", "--kernel", "2.6.31,5.4", ...QUICK];
      const { stdout } = await simulated([...argv, "--quiet", "--export", `markdown=${pathOf("a.md")}`]);
      assert.match(stdout, /^5\.4 drains[^\n]*(\n[^\n]*)?\n$/);
      const whole = (await simulated([...argv, "--format", "markdown"])).stdout;
      assert.equal(readFileSync(pathOf("a.md"), "utf8"), whole);
    }));

  test("of scenario files is of what each says", async () => {
    const { axes } = await variants(
      ["scenarios/default-rmem.yaml", "scenarios/conntrack-flush.yaml", "--only", "x"].slice(0, 2),
    );
    assert.ok(axes[0]!.values.length >= 2);
    assert.ok(axes[0]!.values.some((name) => name.startsWith("conntrack-flush")));
  });

  test("in parts is what one machine prints", () =>
    inFolder(async (pathOf) => {
      const argv = ["compare", "flush", "--kernel", "2.6.31,5.4", ...QUICK];
      for (const index of [1, 2]) {
        await simulated([...argv, "--shard", `${index}/2`, "--resume", pathOf(String(index))]);
      }
      assert.equal((await simulated(["merge", pathOf("1"), pathOf("2")])).stdout, (await simulated(argv)).stdout);
    }));

  for (const [what, argv, sentence] of [
    [
      "with nothing",
      ["flush"],
      /expected --variant, several of --kernel, or several scenarios, got nothing to compare with/,
    ],
    ["of nothing", [], /expected flood, flush or scenario files after compare, got nothing/],
    [
      "of kernels and variants",
      ["flush", "--kernel", "5.4,6.1", "--variant", "a:hz=100"],
      /expected one kind of variants/,
    ],
    [
      "with a name twice",
      ["flush", "--variant", "a:hz=100", "--variant", "a:hz=250"],
      /a name of its own for each variant, got "a" twice/,
    ],
    ["with a variant without a name", ["flush", "--variant", ":hz=100"], /--variant: expected NAME:SETTING=VALUE/],
    [
      "with a setting that is none",
      ["flush", "--variant", "a:bufer=1k"],
      /--variant: a: expected a parameter .*did you mean "buffer"/,
    ],
    [
      "with a setting without a value",
      ["flush", "--variant", "a:buffer"],
      /--variant: a: expected buffer=SIZE, got "buffer"/,
    ],
    [
      "with a switch that has a value",
      ["flush", "--variant", "a:stop-at-enobufs=yes"],
      /expected stop-at-enobufs without a value/,
    ],
    ["with a wrong value", ["flush", "--variant", "a:buffer=oops"], /a: buffer: expected a size/],
    [
      "with a kernel that is not modelled",
      ["flush", "--kernel", "2.6.31,1.0"],
      /variant=1\.0: kernel: expected a Linux version/,
    ],
  ] as const) {
    test(`${what} is refused`, async () => {
      const { code, stdout, stderr } = await simulated(["compare", ...argv]);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, sentence);
    });
  }
});
