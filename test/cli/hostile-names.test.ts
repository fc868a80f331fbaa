/** Whatever a file is called, no format has what a terminal, a spreadsheet or a page would act on. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { installed } from "../../src/cli/dependencies.js";
import { shellLine } from "../../src/cli/repeat.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { run } from "./harness.js";

/** A colour, C1, DEL, a reversed direction, a link of OSC 8, a tab, a tag, a table's bar and a cell's formula. */
const HOSTILE = "h\u001b[31m\u009b2J\u007f\u202e\u2066\u200e\u001b]8;;http:x\u001b\\\t=1+1|`<b>&\"'.yaml";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ACTED_ON = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;

let folder: string;
let path: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "ct-reliable-hostile-"));
  path = join(folder, HOSTILE);
});
after(() => rmSync(folder, { recursive: true }));

const told = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  run(argv, { env, resolve: resolveScenario, dependencies: { ...installed, cores: () => 1 } });

describe("a file with a hostile name", () => {
  const text = (more: string) =>
    `title: t\nscenario:\n  experiment: flood\n  connections: 20\nexpectations:\n  - ${more}\n`;

  for (const format of ["text", "json", "csv", "markdown", "junit", "html"]) {
    test(`is harmless in ${format}, in its command and in GitHub's annotations`, async () => {
      writeFileSync(path, `name: n\n${text("destroy.lost > 5")}`);
      const { code, stdout, stderr } = await told(["run", path, "--format", format], { GITHUB_ACTIONS: "true" });
      assert.equal(code, 1, stderr);
      assert.doesNotMatch(stdout, ACTED_ON);
      assert.doesNotMatch(stderr, ACTED_ON);
    });
  }

  test("is harmless where it is wrong, and gives the scenario no name", async () => {
    for (const content of [text("destroy.lost > 5"), "title: [", `name: n\n${text("nosuch > 5")}`]) {
      writeFileSync(path, content);
      for (const command of ["run", "merge"]) {
        const { code, stdout, stderr } = await told([command, path]);
        assert.deepEqual([code, stdout], [2, ""]);
        assert.match(stderr, /^ct-reliable: [^\n]+\n$/);
        assert.doesNotMatch(stderr, ACTED_ON);
      }
    }
  });

  test("is read back by a shell as the same word", () => {
    const line = shellLine([HOSTILE, "it's \\ plain", "\\u001b\u001b"]).replace(/^ct-reliable/, "printf '%s\\0'");
    const { stdout } = spawnSync("bash", ["-c", line], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    assert.deepEqual(stdout.split("\0"), [HOSTILE, "it's \\ plain", "\\u001b\u001b", ""]);
  });
});
