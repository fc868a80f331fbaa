/**
 * Every wrong input is refused with one sentence, before anything ran: 0 bytes on standard output, exit 2, no stack
 * trace, no file. Each case runs in process; some of them also as a program.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { installed } from "../../src/cli/dependencies.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { builtPackage, removePackage } from "../built.js";
import { type BadInput, badInputs, RIGHT } from "./bad-input.js";
import { type Outcome, run } from "./harness.js";

const ALL = badInputs();

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "ct-reliable-bad-"));
});
after(() => rmSync(folder, { recursive: true }));

/** The case with its files written: its arguments and the folder, whose content must stay what it is. */
function prepared({ argv, files = {} }: BadInput, number: number): { args: string[]; own: string; names: string[] } {
  const own = join(folder, String(number));
  mkdirSync(own);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
  return { args: argv.map((word) => word.replaceAll("{folder}", own)), own, names: Object.keys(files).sort() };
}

function refusal(
  input: BadInput,
  { code, stdout, stderr }: Pick<Outcome, "code" | "stdout" | "stderr">,
): string | null {
  const says = `${JSON.stringify(input)}: exit ${code}, ${JSON.stringify(stderr.slice(0, 300))}`;
  if (code !== 2) return says;
  if (stdout !== "") return `${says}, and on standard output ${JSON.stringify(stdout.slice(0, 100))}`;
  if (!/^ct-reliable: [^\n]+\n$/.test(stderr) || /\n {4}at /.test(stderr)) return `not one sentence: ${says}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would act on is looked for
  return /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(stderr) ? `a control character: ${says}` : null;
}

describe("wrong input", () => {
  test("is tried in more than 1,500 forms", () => {
    assert.ok(ALL.length >= 1500, `${ALL.length}`);
  });

  test("is made of lines that are right but for what is wrong in them", async () => {
    for (const [number, input] of RIGHT.entries()) {
      const { args } = prepared(input, 2 * ALL.length + number);
      const { code, stderr } = await run(args, {
        resolve: resolveScenario,
        dependencies: { ...installed, cores: () => 1 },
      });
      assert.notEqual(code, 2, `${input.argv.join(" ")}: ${stderr}`);
    }
  });

  test("is one sentence, exit 2, nothing on standard output, no file and no run", async () => {
    const wrong: string[] = [];
    for (const [number, input] of ALL.entries()) {
      const { args, own, names } = prepared(input, number);
      const outcome = await run(args, {
        env: { ...input.env },
        resolve: resolveScenario,
        dependencies: { ...installed, cores: () => 1 },
      });
      const reason = refusal(input, outcome);
      if (reason !== null) wrong.push(reason);
      if (outcome.ran !== undefined) wrong.push(`ran: ${JSON.stringify(input)}`);
      if (readdirSync(own).sort().join() !== names.join()) wrong.push(`left a file: ${JSON.stringify(input)}`);
    }
    assert.deepEqual(wrong, []);
  });

  test("is so as a program, too", async () => {
    const folderOfPackage = await builtPackage();
    const command = join(folderOfPackage, "bin", "ct-reliable.js");
    const wrong: string[] = [];
    for (let number = 0; number < ALL.length; number += Math.floor(ALL.length / 6)) {
      const input = ALL[number]!;
      if (input.argv.some((word) => word.includes("\u0000"))) continue;
      const { args } = prepared(input, ALL.length + number);
      const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
        env: { ...process.env, ...input.env },
        encoding: "utf8",
      });
      const reason = refusal(input, { code: status!, stdout, stderr });
      if (reason !== null) wrong.push(reason);
    }
    removePackage(folderOfPackage);
    assert.deepEqual(wrong, []);
  });
});
