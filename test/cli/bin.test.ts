import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
    build("io.stdout.write(JSON.stringify(argv)); return argv.length + (io.env.PATH ? 40 : 0);");
    const { status, stdout } = start("flood", "--seed", "a b");
    assert.deepEqual([status, stdout], [43, '["flood","--seed","a b"]']);
  });

  test("a stream that cannot be written is an error of output", { skip: !existsSync("/dev/full") }, () => {
    build('io.stdout.write("x"); await new Promise((done) => setTimeout(done, 50)); return 0;');
    const { stderr } = spawnSync("sh", ["-c", `"${process.execPath}" "${bin}" > /dev/full; echo "code $?" >&2`], {
      encoding: "utf8",
    });
    assert.match(stderr, /^ct-reliable: expected standard output to take the report, got .*ENOSPC.*\ncode 2\n$/);
  });

  test("a signal that comes before the command line is there is heard by the run that listens first", () => {
    build(
      'let heard = ""; process.kill(process.pid, "SIGTERM"); await new Promise((done) => setTimeout(done, 50));' +
        'io.signals.on("SIGTERM", (signal) => { heard = signal; }); return heard === "SIGTERM" ? 143 : 0;',
    );
    assert.equal(start().status, 143);
  });

  test("while a pipe is read, a signal ends the process as any other", () => {
    build(
      'io.signals.whileReading(() => { process.kill(process.pid, "SIGTERM"); const end = Date.now() + 5000; while (Date.now() < end); }); return 0;',
    );
    assert.equal(start().signal, "SIGTERM");
  });

  test("a long report goes through a pipe whole", () => {
    build('io.stdout.write("x".repeat(5_000_000)); return 0;');
    const length = execFileSync("sh", ["-c", `"${process.execPath}" "${bin}" | (sleep 0.2; wc -c)`], {
      encoding: "utf8",
    });
    assert.equal(Number(length), 5_000_000);
  });

  test("a reader that leaves early does not change the exit code", () => {
    build(
      'for (let i = 0; i < 200; i++) { io.stdout.write("x".repeat(9999) + "\\n"); await new Promise(setImmediate); } return 7;',
    );
    const shell = `("${process.execPath}" "${bin}"; echo "code $?" >&2) | head -c 10 > /dev/null`;
    const { stderr } = spawnSync("sh", ["-c", shell], { encoding: "utf8" });
    assert.equal(stderr, "code 7\n");
  });
});
