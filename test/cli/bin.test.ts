import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

/** The executable beside a dist/ of the test's own, so that nothing needs to be built. */
describe("bin/ct-reliable.js", () => {
  let root: string;
  let bin: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "ct-reliable-bin-"));
    bin = join(root, "bin", "ct-reliable.js");
    mkdirSync(join(root, "bin"));
    copyFileSync(fileURLToPath(new URL("../../bin/ct-reliable.js", import.meta.url)), bin);
    writeFileSync(join(root, "package.json"), '{"type":"module"}');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const build = (body: string) => {
    mkdirSync(join(root, "dist", "command"), { recursive: true });
    writeFileSync(join(root, "dist", "command", "main.js"), `export async function main(argv, io) { ${body} }`);
  };
  const start = (...argv: string[]) => spawnSync(process.execPath, [bin, ...argv], { encoding: "utf8" });

  test("without a build it says what to run, in one sentence, and exits with 2", () => {
    const { status, stdout, stderr } = start("--version");
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /^ct-reliable: expected the compiled program .* run `npm run build` or `npm ci`\n$/);
  });

  test("it hands over the arguments and exits with the code that it is given", () => {
    build(
      "io.stdout.write(JSON.stringify(argv)); return argv.length + (io.signals === process && io.env.PATH ? 40 : 0);",
    );
    const { status, stdout } = start("flood", "--seed", "a b");
    assert.deepEqual([status, stdout], [43, '["flood","--seed","a b"]']);
  });

  test("a long report goes through a pipe whole", () => {
    build('io.stdout.write("x".repeat(5_000_000)); return 0;');
    const length = execFileSync("sh", ["-c", `"${process.execPath}" "${bin}" | (sleep 0.2; wc -c)`], {
      encoding: "utf8",
    });
    assert.equal(Number(length), 5_000_000);
  });

  test("a reader that leaves early is no error", () => {
    build(
      'for (let i = 0; i < 200; i++) { io.stdout.write("x".repeat(9999) + "\\n"); await new Promise(setImmediate); } return 7;',
    );
    const shell = `("${process.execPath}" "${bin}"; echo "code $?" >&2) | head -c 10 > /dev/null`;
    const { stderr } = spawnSync("sh", ["-c", shell], { encoding: "utf8" });
    assert.equal(stderr, "code 0\n");
  });
});
