import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { bundle } from "../../scripts/bundled.js";

const ROOT = path.join(import.meta.dirname, "..", "..");

describe("the bundled command", () => {
  let folder: string;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "ct-reliable-bundle-"));
    await bundle(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  const bundled = () => readdirSync(folder).filter((name) => name.endsWith(".js"));

  test("has every program that a source starts by its path", () => {
    const sources = readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(path.join(ROOT, "src", name), "utf8"));
    const started = sources.flatMap((text) =>
      [...text.matchAll(/new URL\("\.\/([\w-]+\.js)", import\.meta\.url\)/g)].map(([, name]) => name!),
    );
    assert.ok(started.length >= 3);
    for (const name of started) assert.ok(existsSync(path.join(folder, name)), name);
  });

  test("needs no package but the optional one", () => {
    const imported = bundled()
      .map((name) => readFileSync(path.join(folder, name), "utf8"))
      .flatMap((text) => [...text.matchAll(/^import [^;]*"([^"]+)";|\bimport\("([^"]+)"\)/gm)])
      .map(([, atOnce, later]) => (atOnce ?? later)!);
    const packages = imported.filter((name) => !/^(node:|\.\/)/.test(name));
    assert.deepEqual([...new Set(packages)], ["koffi"]);
  });

  test("has the licence of every package in it", () => {
    const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
    const licences = readFileSync(path.join(folder, "LICENSES.txt"), "utf8").split(/^(?=[\w-]+ \d+\.\d+\.\d+$)/m);
    for (const text of licences) assert.match(text, /copyright.*\b(permission|redistribution)/is);
    const names = licences.map((text) => text.split(" ")[0]!);
    assert.deepEqual([...names].sort(), names);
    for (const name of Object.keys(dependencies)) assert.ok(names.includes(name), name);
  });

  test("holds nothing that stood in its folder before", async () => {
    writeFileSync(path.join(folder, "stale.js"), "");
    await bundle(folder);
    assert.ok(!bundled().includes("stale.js"));
  });
});
