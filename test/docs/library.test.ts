import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { builtPackage, removePackage } from "../built.js";
import { exampleOfTheLibrary } from "./library-example.js";

test("the example of docs/LIBRARY.md runs as it stands there", async () => {
  const installation = await builtPackage();
  const home = mkdtempSync(join(tmpdir(), "ct-reliable-library-"));
  mkdirSync(join(home, "node_modules"));
  symlinkSync(installation, join(home, "node_modules", "ct-reliable"));
  writeFileSync(join(home, "example.mjs"), exampleOfTheLibrary());
  const { status, stdout, stderr } = spawnSync(process.execPath, ["example.mjs"], { cwd: home, encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /^5000 of 5000 DESTROY delivered\nthe dying list was empty [\d.]+ s after the flush\n/);
  rmSync(home, { recursive: true });
  removePackage(installation);
});
