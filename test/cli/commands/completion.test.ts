/**
 * The completion scripts do in a shell what they are for, and know every command and flag there is.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { COMMANDS } from "../../../src/cli/catalogue.js";
import { SHELLS, scriptFor } from "../../../src/cli/completion-scripts.js";
import { renderManPage } from "../../../src/cli/man.js";
import { run } from "../harness.js";

/** What bash would offer for the last of these words. */
function offered(...words: string[]): string[] {
  const script = `${scriptFor("bash", COMMANDS)}
COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _ct_reliable; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script, "bash", "ct-reliable", ...words], { encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.split("\n").filter((word) => word !== "");
}

describe("bash completes", () => {
  for (const [words, expected] of [
    [["fl"], ["flood", "flush"]],
    [["--v"], ["--version"]],
    [["flood", "--poli"], ["--policy"]],
    [["flood", "--policy", "re"], ["reliable"]],
    [["flood", "--policy", "=", "lo"], ["lossy"]],
    [
      ["flood", "--hz", "1"],
      ["100", "1000"],
    ],
    [["flush", "--output", "package.js"], ["package.json"]],
    [["run", "package.js"], ["package.json"]],
    [["explain", "buf"], ["buffer"]],
    [["completion", "f"], ["fish"]],
    // Only the user knows a size.
    [["flood", "--buffer", ""], []],
    // A flag of another command is none here.
    [["explain", "--buf"], []],
  ] as const) {
    test(words.join(" "), () => assert.deepEqual(offered(...words), expected));
  }
});

describe("a script", () => {
  for (const shell of SHELLS) {
    test(`for ${shell} names every command and every flag`, async () => {
      const { code, stdout } = await run(["completion", shell]);
      assert.equal(code, 0);
      for (const { name, flags } of COMMANDS) {
        assert.ok(stdout.includes(name), name);
        for (const flag of flags)
          assert.ok(stdout.includes(shell === "fish" ? `-l ${flag.name} ` : `--${flag.name}`), flag.name);
      }
    });

    test(`for ${shell} is one that ${shell} reads`, (context) => {
      const folder = mkdtempSync(join(tmpdir(), "ct-reliable-"));
      const script = join(folder, "script");
      writeFileSync(script, scriptFor(shell, COMMANDS));
      const { error, status, stderr } = spawnSync(shell, ["-n", script], { encoding: "utf8" });
      rmSync(folder, { recursive: true });
      if (error !== undefined) return context.skip(`${shell} is not installed here`);
      assert.deepEqual([status, stderr], [0, ""]);
    });
  }
});

test("the manual page names every command and every flag, and holds no line that troff would take for a request", () => {
  const page = renderManPage(COMMANDS, "1.2.3");
  const [, ...sections] = page.split(/^\.S[SH] /m);
  for (const { name, flags } of COMMANDS) {
    const own = sections.filter((section) => {
      const title = section.split("\n")[0]!;
      return title.startsWith(`ct-reliable ${name} `) || title.split(", ").includes(name);
    });
    assert.ok(own[0]?.startsWith(`ct-reliable ${name}`), name);
    for (const flag of flags) {
      const said = own.filter((section) =>
        new RegExp(`^\\.BI? "?(?:\\S+ )?${dashed(flag.name)}[" \n]`, "m").test(section),
      );
      assert.equal(said.length, 1, `${name} --${flag.name}`);
    }
  }
  const texts = page.split("\n.TP\n").slice(1);
  assert.equal(new Set(texts).size, texts.length, "a flag is described once");
  const requests = page.split("\n").filter((line) => /^[.']/.test(line));
  assert.deepEqual(
    requests.filter((line) => !/^\.(TH|SH|SS|TP|B|BR|BI|PP|nf|fi|br)\b/.test(line)),
    [],
  );
});

function dashed(flag: string): string {
  return `--${flag}`.replaceAll("-", "\\\\-");
}
