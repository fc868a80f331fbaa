/** The page of people's cases: every command on it is run as it stands, and what stands below it is in its output. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { builtPackage, removePackage } from "../built.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(join(ROOT, "docs", "FIELD.md"), "utf8");
const CASES = [...PAGE.matchAll(/```sh\nct-reliable (.*)\n```\n\n```text\n([^`]*)```/g)].map(([, command, says]) => ({
  command: command!,
  says: says!.trim().split("\n"),
}));

/** As a person reads it: where lines break and columns are aligned says nothing. */
const read = (text: string): string => text.replace(/\s+/g, " ");

describe("docs/FIELD.md", () => {
  let folder: string;
  before(async () => {
    folder = await builtPackage();
  });
  after(() => removePackage(folder));

  test("every command has what it says below it", () => {
    assert.equal(CASES.length, PAGE.split("```sh").length - 1);
    assert.ok(CASES.length > 10);
  });

  for (const { command, says } of CASES) {
    test(command, () => {
      // Words as a shell takes them: quotes hold one together.
      const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        [join(folder, "bin", "ct-reliable.js"), ...words],
        {
          cwd: ROOT,
          encoding: "utf8",
          env: { PATH: process.env.PATH, NO_COLOR: "1" },
        },
      );
      assert.equal(status, 0, stderr);
      const output = read(stderr + stdout);
      for (const line of says) assert.ok(output.includes(line), `expected "${line}" in ${stderr}${stdout}`);
    });
  }
});
