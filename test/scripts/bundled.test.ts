/** The bundle of the modules as they are now: what it consists of and what it needs. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import ts from "typescript";
import { bundle } from "../../scripts/bundled.js";
import * as library from "../../src/index.js";
import { bundledPackage, removePackage } from "../built.js";

const ROOT = path.join(import.meta.dirname, "..", "..");
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));

describe("the bundle", () => {
  let installation: string;
  let folder: string;
  before(async () => {
    installation = await bundledPackage();
    folder = path.join(installation, "dist", "command");
  });
  after(() => removePackage(installation));

  const files = () => readdirSync(folder);
  const textOf = (name: string) => readFileSync(path.join(folder, name), "utf8");
  /** Every module that a file of the bundle imports or exports from, at once or later. */
  const imported = (name: string) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const said =
        ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
          ? node.moduleSpecifier
          : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
            ? node.arguments[0]
            : undefined;
      if (said !== undefined && ts.isStringLiteral(said)) found.push(said.text);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(name, textOf(name), ts.ScriptTarget.Latest));
    return found;
  };

  /** By a method that the simulation alone has: names of properties stay. */
  const simulates = (name: string, within = folder) =>
    /\blookOrStop\(\w+\)\{/.test(readFileSync(path.join(within, name), "utf8"));

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

  test("imports modules of Node, files of its own, and packages that an installation has", () => {
    const packages = new Set<string>();
    for (const file of files()) {
      for (const name of imported(file)) {
        if (name.startsWith("./")) assert.ok(existsSync(path.join(folder, name)), `${file} imports ${name}`);
        else if (!name.startsWith("node:")) packages.add(name.split("/")[0]!);
      }
    }
    // Each of them is used, and every one that is used comes with the package.
    assert.deepEqual([...packages].sort(), Object.keys({ ...dependencies, ...optionalDependencies }).sort());
  });

  test("has a library with the names of the library's source", async () => {
    const { exports } = JSON.parse(readFileSync(path.join(installation, "package.json"), "utf8"));
    const bundled = await import(path.join(installation, exports["."].default));
    assert.equal(path.join(installation, exports["."].default), path.join(folder, "index.js"));
    assert.deepEqual(Object.keys(bundled), Object.keys(library));
  });

  test("keeps the constants of the hot path constants, beside the code that needs them", () => {
    const simulator = "part-simulator.js";
    assert.deepEqual(
      files().filter((name) => simulates(name)),
      [simulator],
    );
    assert.deepEqual(
      imported(simulator).filter((name) => name.startsWith(".")),
      ["./part-shared.js"],
    );
    const { statements } = ts.createSourceFile(simulator, textOf(simulator), ts.ScriptTarget.Latest);
    const declared = statements.filter((statement) => ts.isVariableStatement(statement));
    assert.ok(declared.length > 0);
    for (const { declarationList } of declared) assert.ok(declarationList.flags & ts.NodeFlags.Const);
  });

  test("has what it was asked for beside the library, no second copy for it, and nothing that stood there before", async (context) => {
    const own = mkdtempSync(path.join(tmpdir(), "ct-reliable-bundle-"));
    context.after(() => rmSync(own, { recursive: true }));
    symlinkSync(path.join(ROOT, "node_modules"), path.join(own, "node_modules"));
    writeFileSync(path.join(own, "package.json"), '{ "type": "module" }');
    const wider = path.join(own, "command");
    mkdirSync(wider);
    writeFileSync(path.join(wider, "stale.js"), "");
    // Where the compiled modules are, of which dist/ may be a link.
    const modules = path.join(realpathSync(path.join(installation, "dist", "cli")), "..");
    await bundle(modules, wider, ["simulation/loop.js"]);
    assert.deepEqual(readdirSync(wider), [...files(), "loop.js"].sort());
    const { Run } = await import(path.join(wider, "loop.js"));
    assert.equal(typeof Run, "function");
    assert.equal(readdirSync(wider).filter((name) => name.endsWith(".js") && simulates(name, wider)).length, 1);
  });
});
