/**
 * `npm run mutation -- [--sample N] [--seed N] [--only PART]`: mistakes are made in src/kernel/, one at a time and by
 * chance, and the tests have to notice. Stryker wants a runner of its own for each test framework; here a mistake is a
 * file in a copy of the tree. First come the reference and the properties in one process, and where those notice
 * nothing the tests that mirror src/. Files that hold what came out once (docs/, the recordings) are not asked.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import seedrandom from "seedrandom";
import { type Mutant, mutantsOf } from "./mutants.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What only makes a run faster: a mistake there is none. */
const WITHOUT_EFFECT = /prefetch/;
/**
 * Of CPU time, which is no matter of how busy the machine is: far above what the tests take, for loops without an end.
 */
const MOST_CPU_SECONDS = 60;

const { values } = parseArgs({
  options: {
    sample: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
  },
});

const tree = mkdtempSync(join(tmpdir(), "ct-reliable-mutation-"));
for (const name of ["src", "test", "package.json", "tsconfig.json", "scenarios", "bench", "scripts", "schema"]) {
  cpSync(join(ROOT, name), join(tree, name), { recursive: true });
}
symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));

const mutants = sample(Number(values.sample));
const survivors: Mutant[] = [];
for (const [index, mutant] of mutants.entries()) {
  const path = join(tree, mutant.file);
  const right = readFileSync(path, "utf8");
  writeFileSync(path, mutant.text);
  const killer = killerOf();
  writeFileSync(path, right);
  if (killer === null) survivors.push(mutant);
  console.log(
    `${index + 1}/${mutants.length} ${said(mutant)}: ${killer === null ? "SURVIVED" : `killed by ${killer}`}`,
  );
}
rmSync(tree, { recursive: true });
const killed = mutants.length - survivors.length;
console.log(`${killed} of ${mutants.length} killed (${((100 * killed) / mutants.length).toFixed(1)} %)`);
for (const survivor of survivors) console.log(`survived: ${said(survivor)}`);

function said({ file, line, from, to }: Mutant): string {
  return `${file}:${line} ${JSON.stringify(from.slice(0, 60))} -> ${JSON.stringify(to.slice(0, 60))}`;
}

function sample(size: number): Mutant[] {
  const files = readdirSync(join(ROOT, "src", "kernel"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !WITHOUT_EFFECT.test(name))
    .map((name) => join("src", "kernel", name))
    .filter((name) => name.includes(values.only))
    .sort();
  const all = files.flatMap((file) => mutantsOf(file, readFileSync(join(ROOT, file), "utf8")));
  console.log(
    `${all.length} mutants in ${files.length} files, a sample of ${Math.min(size, all.length)}, seed ${values.seed}`,
  );
  const random = seedrandom(values.seed);
  const chosen: Mutant[] = [];
  while (chosen.length < size && all.length > 0) chosen.push(...all.splice(Math.floor(random() * all.length), 1));
  return chosen;
}

function killerOf(): string | null {
  const tests = readdirSync(join(tree, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => /^(kernel|simulation|explain|scenario|property\/closed)\b.*\.test\.ts$/.test(name))
    .map((name) => join("test", name));
  if (fails("test/mutation/killer.ts")) return "the reference or a property";
  // In one process: to start one for each file takes longer than the tests.
  const imports = tests.map((name) => `import "./${name}";`).join("\n");
  writeFileSync(join(tree, "tests.mjs"), imports);
  return fails("tests.mjs") ? "a test" : null;
}

function fails(...argv: readonly string[]): boolean {
  const limited = [
    "-c",
    `ulimit -t ${MOST_CPU_SECONDS} && exec "$0" "$@"`,
    process.execPath,
    "--import",
    "tsx",
    ...argv,
  ];
  return spawnSync("sh", limited, { cwd: tree, stdio: "ignore" }).status !== 0;
}
