import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { simulate } from "../../../src/simulation/simulation.js";
import { inFolder, simulated } from "./simulated.js";

const FLUSH = ["flush", "--connections", "150", "--policy", "lossy"];
const SIZE = ["size", ...FLUSH, "--find", "buffer", "--expect", "destroy.lost == 0", "--runs", "3"];

/** The words of a line that a shell would run. */
function words(line: string): string[] {
  const { stdout } = spawnSync("sh", ["-c", `printf '%s\\n' ${line}`], { encoding: "utf8" });
  return stdout.trimEnd().split("\n").slice(1);
}

describe("size", () => {
  test("says the value, what refutes the next, the margin, and how to confirm it", async () => {
    const { code, stdout } = await simulated(SIZE, { columns: 120 });
    assert.equal(code, 0);
    assert.match(stdout, /^The smallest buffer for destroy\.lost == 0: \w+, which holds in all 3 runs\.\n/);
    assert.match(
      stdout,
      /\nOne step smaller, at \w+, it does not hold: destroy\.lost == 0 \(is \d+\), as [23]\sruns showed\.\n/,
    );
    assert.match(stdout, /\nAt most [\d.]+ % of the buffer was in use/);
    assert.match(
      stdout,
      /\nConfirm it with\nct-reliable flush --buffer \w+ .*--print-config --seed 1 \| ct-reliable run - --runs 3\n/,
    );
  });

  test("is confirmed by the command that it names, and refuted by it one step below", async () => {
    const { stdout } = await simulated([...SIZE, "--format", "json"]);
    const { answer, refuted } = JSON.parse(stdout);
    const text = (await simulated(SIZE)).stdout;
    const [printing] = /^ct-reliable flush .*(?= \| )/m.exec(text)!;
    for (const [value, code] of [
      [answer.text, 0],
      [refuted.text, 1],
    ]) {
      const line = printing.replace(`--buffer ${answer.text}`, `--buffer ${value}`);
      const argv = words(line).filter((word) => word !== "--print-config");
      const runs = await Promise.all(["1", "1-2", "1-3"].map((seed) => simulated([...argv.slice(0, -1), seed])));
      assert.equal(Math.max(...runs.map((run) => run.code)), code, line);
    }
  });

  test("a reader that lets its buffer grow has no cap, and the answer is said in its own words", async () => {
    const { stdout } = await simulated(
      [
        "size",
        "flush",
        "--connections",
        "9000",
        "--kernel",
        "5.4",
        "--preset",
        "conntrackd",
        ...SIZE.slice(6, 10),
        "--runs",
        "2",
      ],
      {
        columns: 200,
      },
    );
    const [, bytes] = /Its own setting: NetlinkBufferSize (\d+), NetlinkBufferSizeMaxGrowth \1\./.exec(stdout)!;
    assert.ok(Number(bytes) > 2 * 4 * 1024 * 1024, stdout);
    assert.doesNotMatch(stdout, /rmem_max/);
  });

  test("takes the files of a real machine, and says what it took the kernel for", () =>
    inFolder(async (pathOf) => {
      writeFileSync(pathOf("conntrackd.conf"), "Stats {\n}\nGeneral {\n  Nice -20\n  NetlinkBufferSize 262144\n}\n");
      writeFileSync(pathOf("sysctl.txt"), "net.netfilter.nf_conntrack_max = 100000\n");
      const files = ["--conntrackd-conf", pathOf("conntrackd.conf"), "--sysctl-conf", pathOf("sysctl.txt")];
      const argv = [...SIZE, ...files, "--kernel", "5.10.0-23-amd64"].filter(
        (word) => word !== "--policy" && word !== "lossy",
      );
      const { code, stdout, stderr } = await simulated(argv, { columns: 200 });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /Its own setting: NetlinkBufferSize \d+/);
      assert.match(stderr, /without effect on what is delivered: Nice \(line 4\)/);
      assert.match(stderr, /5\.10\.0-23-amd64 is taken for 5\.10\.179/);
      const study = ["sweep", "flush", "--connections", "50", "-L", "kernel=5.10.0-23-amd64", "--runs", "1", ...files];
      const swept = await simulated(study);
      assert.equal(swept.code, 0, swept.stderr);
      assert.match(swept.stderr, /Nice \(line 4\)/);
      assert.match(swept.stderr, /5\.10\.0-23-amd64 is taken for 5\.10\.179/);
    }));

  test("says what a load that goes on longer may need beyond the answer", async () => {
    const flood = [
      "size",
      "flood",
      "--protocol",
      "udp",
      "--packets",
      "1",
      "--rate",
      "20/s",
      "--no-flush",
      "--kernel",
      "6.1.100",
    ];
    const asked = ["--find", "buffer", "--policy", "lossy", "--expect", "destroy.lost == 0", "--runs", "1"];
    const short = await simulated([...flood, ...asked, "--duration", "10s"], { columns: 200 });
    assert.match(short.stdout, /That is a load of 10 s; .* ask with --duration\s150s\sor\smore\./);
    const long = await simulated([...flood, ...asked, "--duration", "150s"], { columns: 200 });
    assert.doesNotMatch(long.stdout, /That is a load of/);
  });

  const SCENARIO =
    "title: t\nscenario:\n  experiment: flood\n  connections: 300\n  ratePerSecond: 20000\n  kernel: 6.18.44\n";
  for (const [what, argv] of [
    ["a flush on 5.4", ["flush", "--connections", "150", "--kernel", "5.4", "--policy", "lossy"]],
    [
      "a burst of UDP",
      ["flood", "--connections", "200", "--protocol", "udp", "--packets", "1", "--rate", "50k", "--policy", "lossy"],
    ],
    ["a scenario file", ["FILE", "--policy", "lossy", "--no-flush"]],
  ] as const) {
    test(`${what}: fifty runs of the command that it names confirm the answer, and refute the next value`, () =>
      inFolder(async (pathOf) => {
        writeFileSync(pathOf("file.yaml"), SCENARIO);
        const lost = what === "a scenario file" ? "update.lost == 0" : "destroy.lost == 0";
        const asked = ["--find", "buffer", "--expect", lost, "--runs", "50"];
        const size = ["size", ...argv.map((word) => (word === "FILE" ? pathOf("file.yaml") : word)), ...asked];
        const { stdout: said } = await simulated([...size, "--export", `json=${pathOf("size.json")}`]);
        const { answer, refuted } = JSON.parse(readFileSync(pathOf("size.json"), "utf8"));
        const [, line] = /\nConfirm it with\n(.*)\n/.exec(said)!;
        for (const [value, code] of [
          [answer.text, 0],
          [refuted.text, 1],
        ]) {
          const [first, piped] = line!.replaceAll(` ${answer.text}`, ` ${value}`).split(" | ");
          let confirming = words(`x ${first!.replace(/^ct-reliable /, "")}`);
          if (piped !== undefined) {
            writeFileSync(pathOf("printed.yaml"), (await simulated(confirming)).stdout);
            confirming = words(`x ${piped.replace(/^ct-reliable /, "").replace(" - ", ` ${pathOf("printed.yaml")} `)}`);
          }
          assert.deepEqual(confirming.slice(0, 1), ["run"]);
          const { code: ended, stdout } = await simulated(confirming);
          assert.equal(ended, code, `${confirming.join(" ")}: ${stdout}`);
          assert.match(stdout, /in 50 runs/);
        }
      }));
  }

  test("of a scenario file asks what the file expects, and confirms with run", async () => {
    const { stdout, code } = await simulated([
      "size",
      "scenarios/conntrack-flush.yaml",
      "--find",
      "grace-max",
      "--connections",
      "100",
      "--runs",
      "2",
    ]);
    assert.ok(code === 0 || code === 1);
    assert.match(stdout, /grace/);
    if (code === 0)
      assert.match(
        stdout,
        /ct-reliable run scenarios\/conntrack-flush\.yaml --only conntrack-flush --runs 2 --grace-max/,
      );
  });

  test("of a scenario file that is asked more than it says is confirmed by a command that asks it", async () => {
    const file = [
      "size",
      "scenarios/conntrack-flush.yaml",
      "--connections",
      "100",
      "--runs",
      "2",
      "--find",
      "grace-max",
    ];
    const { stdout } = await simulated([...file, "--expect", "drain <= 100s"]);
    const confirming = /^ct-reliable (run .*)$/m.exec(stdout)![1]!;
    assert.match(confirming, /--expect 'drain <= 100s'/);
    const all = Number(/(\d+) expectations? in 2 runs/.exec((await simulated(words(`x ${confirming}`))).stdout)![1]);
    const own = Number(
      /(\d+) expectations? in 2 runs/.exec((await simulated(["run", file[1]!, "--runs", "2"])).stdout)![1],
    );
    assert.equal(all, own + 1);
  });

  test("without an answer says so and exits with 1", async () => {
    const { code, stdout } = await simulated([
      "size",
      "flush",
      "--connections",
      "20",
      "--find",
      "buffer",
      "--expect",
      "table.created == 21",
      "--runs",
      "1",
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /^No value from 256 to 1GiB gives table\.created == 21 in its run\.\n/);
    assert.doesNotMatch(stdout, /Confirm/);
  });

  test("has a row for each value that was tried in CSV and Markdown", async () => {
    const tried = JSON.parse((await simulated([...SIZE, "--format", "json"])).stdout).tried.length;
    const csv = (await simulated([...SIZE, "--format", "csv"])).stdout.trimEnd().split("\r\n");
    assert.equal(csv[0], "buffer,holds,runs,expectation,actual,limit,ok");
    assert.equal(csv.length, tried + 1);
    const markdown = (await simulated([...SIZE, "--format", "markdown"])).stdout;
    assert.equal(markdown.split("\n").filter((line) => line.startsWith("| ")).length, tried + 2);
  });

  test("that is interrupted shows what was tried, and gives no answer", async () => {
    const signals = new EventEmitter();
    let ran = 0;
    const { code, stdout } = await simulated(SIZE, {
      signals,
      backend(scenario) {
        if (++ran === 8) signals.emit("SIGINT");
        return simulate(scenario);
      },
    });
    assert.equal(code, 130);
    assert.match(stdout, /^Interrupted: no answer yet to the smallest buffer for destroy\.lost == 0\.\n/);
  });

  for (const [what, argv, sentence] of [
    ["without a question", ["flush"], /--find: expected what to search for, such as buffer, got nothing/],
    [
      "of what cannot be searched",
      ["flush", "--find", "policy"],
      /--find: expected buffer, rate, reader, grace-max or nf-conntrack-max/,
    ],
    ["without an expectation", ["flush", "--find", "buffer"], /--expect: expected what must hold/],
    ["with a wrong one", ["flush", "--find", "buffer", "--expect", "drian < 1s"], /--expect: expected a metric/],
    [
      "with one about another variant",
      ["flush", "--find", "buffer", "--expect", "drain < drain in b"],
      /of one scenario/,
    ],
  ] as const) {
    test(`${what} is refused`, async () => {
      const { code, stdout, stderr } = await simulated(["size", ...argv]);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, sentence);
    });
  }
});
