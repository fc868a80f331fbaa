/** The README's commands of many runs: each is run as it stands, and what stands beside it is in its output. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { builtPackage, removePackage } from "../built.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(join(ROOT, "README.md"), "utf8");
const ROWS = [...PAGE.matchAll(/^\| [^|]+ \| `((?:compare|size|sweep|run|flush .*--what-if)[^`]*)` \| (.*) \|$/gm)].map(
  ([, command, answer]) => ({ command: command!, parts: answer!.split("; ").filter((part) => part !== "…") }),
);

/** As a person reads it: where lines break and columns are aligned says nothing. */
const read = (text: string): string => text.replaceAll(":", " ").replace(/\s+/g, " ");

describe("README.md", () => {
  let folder: string;
  before(async () => {
    folder = await builtPackage();
  });
  after(() => removePackage(folder));

  test("has a command for each question about many runs", () => {
    for (const word of ["compare flood", "compare flush", "size flush", "size flood", "--what-if", "run "]) {
      assert.ok(
        ROWS.some(({ command }) => command.includes(word)),
        word,
      );
    }
  });

  for (const { command, parts } of ROWS) {
    test(command, () => {
      const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
      const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, "bin/ct-reliable.js"), ...words], {
        cwd: ROOT,
        encoding: "utf8",
        env: { PATH: process.env.PATH, NO_COLOR: "1" },
      });
      assert.equal(status, 0, stderr);
      for (const part of parts) assert.ok(read(stdout).includes(read(part)), `expected "${part}" in ${stdout}`);
    });
  }
});
