import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { run } from "./harness.js";

describe("--output", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ct-reliable-output-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("the report goes to the file, plain and 80 wide, and nothing to stdout", async () => {
    const path = join(folder, "report.txt");
    const outcome = await run(["flood", "--output", path], {
      stdoutTty: true,
      columns: 200,
      env: { FORCE_COLOR: "1" },
    });
    assert.deepEqual([outcome.code, outcome.stdout, outcome.stderr], [0, "", ""]);
    assert.match(readFileSync(path, "utf8"), /^text \{"colour":false,"width":80,.*\}\n$/);
    assert.deepEqual(readdirSync(folder), ["report.txt"]);
  });

  test("--print-config goes there, too", async () => {
    const path = join(folder, "scenario.json");
    const outcome = await run(["flood", "--output", path, "--print-config", "--format", "json"]);
    assert.deepEqual([outcome.code, outcome.stdout], [0, ""]);
    assert.equal(JSON.parse(readFileSync(path, "utf8")).scenario.experiment, "flood");
  });

  test("what cannot be written is refused before the run, and leaves nothing behind", async () => {
    const outcome = await run(["flood", "--output", join(folder, "no", "report")]);
    assert.deepEqual([outcome.code, outcome.ran], [2, undefined]);
    assert.match(outcome.stderr, /^ct-reliable: --output: expected a file .*\(no such file or directory\)\n$/);
    assert.deepEqual(readdirSync(folder), []);
  });

  test("a run that fails leaves the old file as it was", async () => {
    const path = join(folder, "report");
    writeFileSync(path, "old");
    const outcome = await run(["flood", "--output", path], { backend: () => Promise.reject(new Error("boom")) });
    assert.equal(outcome.code, 4);
    assert.equal(readFileSync(path, "utf8"), "old");
    assert.deepEqual(readdirSync(folder), ["report"]);
  });

  test("an existing file keeps its permissions, and a link stays a link", async () => {
    const path = join(folder, "report");
    const link = join(folder, "link");
    writeFileSync(path, "old");
    chmodSync(path, 0o600);
    symlinkSync(path, link);
    assert.equal((await run(["flood", "--output", link])).code, 0);
    assert.match(readFileSync(path, "utf8"), /^text/);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder).sort(), ["link", "report"]);
  });

  test("a link to a file that is not there yet makes that file", async () => {
    const link = join(folder, "link");
    symlinkSync(join(folder, "report"), link);
    assert.equal((await run(["flood", "--output", link])).code, 0);
    assert.match(readFileSync(link, "utf8"), /^text/);
  });

  for (const [what, second] of [
    ["the same name", "a"],
    ["another way to it", "./b/../a"],
    ["a link to it", "link"],
  ] as const) {
    test(`a file gets one report: ${what}`, async () => {
      mkdirSync(join(folder, "b"));
      symlinkSync(join(folder, "a"), join(folder, "link"));
      const outcome = await run(["flood", "--output", join(folder, "a"), "--export", `json=${folder}/${second}`]);
      assert.deepEqual([outcome.code, outcome.ran], [2, undefined]);
      assert.match(
        outcome.stderr,
        /^ct-reliable: --export: expected a file of its own for each format, got .*twice\n$/,
      );
    });
  }

  test("an input is never overwritten, whatever name it has", async () => {
    const path = join(folder, "in.yaml");
    writeFileSync(path, "title: t\nscenario: {experiment: flood, connections: 5}\n");
    symlinkSync(path, join(folder, "link"));
    for (const output of [path, join(folder, "link")]) {
      for (const argv of [
        ["run", path, "--output", output],
        ["run", folder, "--only", "in", "--export", `json=${output}`],
      ]) {
        const outcome = await run(argv);
        assert.equal(outcome.code, 2);
        assert.match(outcome.stderr, /expected a file that is not an input, got /);
      }
    }
    assert.match(readFileSync(path, "utf8"), /^title/);
  });

  test("a device is written to, not replaced", async () => {
    assert.equal((await run(["flood", "--output", "/dev/null"])).code, 0);
    assert.ok(statSync("/dev/null").isCharacterDevice());
  });

  test("a device that takes nothing is a sentence", { skip: !existsSync("/dev/full") }, async () => {
    const outcome = await run(["flood", "--output", "/dev/full"]);
    assert.equal(outcome.code, 2);
    assert.match(
      outcome.stderr,
      /^ct-reliable: --output: expected a file .*got "\/dev\/full" \(no space left on device\)\n$/,
    );
  });
});
