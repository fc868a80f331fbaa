/**
 * Mistakes are made in src/kernel/, one at a time and by chance, and the tests have to notice. Stryker wants a runner
 * of its own for each test framework; here a mistake is a file in a compiled copy of the tree. Of the reference, the
 * properties and the tests of the model those are asked that reach the place of the mistake, the shortest first, up to
 * the first that fails. Files that hold what came out once (docs/, the recordings) are not asked.
 *
 *     npm run mutation -- [--sample N] [--seed N] [--only PART OF FILE:LINE]
 *     npm run mutation -- --survivors FILE
 *
 * The second form tries again what survived by what the first one printed.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import seedrandom from "seedrandom";
import { compile, compiledTree, filesIn } from "../compiled-tree.js";
import { type Asked, askedIn, reaches, run } from "./asked.js";
import { type Mutant, mutantsOf } from "./mutants.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What only makes a run faster: a mistake there is none. */
const WITHOUT_EFFECT = /prefetch/;
const ASKED =
  /^test\/(kernel|simulation|daemon|explain|scenario|scenarios\/library|trace|reference|property\/(closed|random|rules))\b.*\.test\.js$/;
/** Of CPU time: so much goes into one process, because to start one for each file takes longer than many tests. */
const PROCESS_SECONDS = 5;

const { values } = parseArgs({
  options: {
    sample: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    survivors: { type: "string" },
  },
});

const tree = compiledTree();
try {
  const files = filesIn(tree, "test", ".test.js").filter((path) => ASKED.test(path));
  const asked = askedIn(tree, ["test/mutation/killer.js", ...files]);
  const mutants = sample(Number(values.sample));
  const survivors: Mutant[] = [];
  for (const [index, mutant] of mutants.entries()) {
    const fate = fateOf(mutant, asked);
    if (fate.survived) survivors.push(mutant);
    console.log(`${index + 1}/${mutants.length} ${said(mutant)}: ${fate.said}`);
  }
  const killed = mutants.length - survivors.length;
  console.log(`${killed} of ${mutants.length} killed (${((100 * killed) / mutants.length).toFixed(1)} %)`);
  for (const survivor of survivors) console.log(`survived: ${said(survivor)}`);
} finally {
  rmSync(tree, { recursive: true });
}

function said({ file, line, from, to }: Mutant): string {
  return `${file}:${line} ${JSON.stringify(from.slice(0, 60))} -> ${JSON.stringify(to.slice(0, 60))}`;
}

function sample(size: number): Mutant[] {
  const files = filesIn(ROOT, "src/kernel", ".ts").filter((name) => !WITHOUT_EFFECT.test(name));
  const all = files
    .flatMap((file) => mutantsOf(file, readFileSync(join(ROOT, file), "utf8")))
    .filter(({ file, line }) => `${file}:${line}`.includes(values.only));
  if (values.survivors !== undefined) {
    const printed = readFileSync(values.survivors, "utf8");
    return all.filter((mutant) => printed.includes(`${said(mutant)}: SURVIVED`));
  }
  console.log(
    `${all.length} mutants in ${files.length} files, a sample of ${Math.min(size, all.length)}, seed ${values.seed}`,
  );
  const random = seedrandom(values.seed);
  const chosen: Mutant[] = [];
  while (chosen.length < size && all.length > 0) chosen.push(...all.splice(Math.floor(random() * all.length), 1));
  return chosen;
}

function fateOf(mutant: Mutant, asked: readonly Asked[]): { survived: boolean; said: string } {
  const source = join(tree, mutant.file);
  const module = mutant.file.replace(/\.ts$/, ".js");
  const right = { source: readFileSync(source, "utf8"), module: readFileSync(join(tree, module), "utf8") };
  try {
    writeFileSync(source, mutant.text);
    compile(tree, [mutant.file]);
    const wrong = readFileSync(join(tree, module), "utf8");
    if (wrong === right.module) return { survived: true, said: "SURVIVED, compiled to the same" };
    const place = firstDifference(right.module, wrong);
    // V8 counts an operator to what is right of it, which may never have been asked.
    const places = [place, place - "&& ".length];
    const reaching = asked.filter((one) => places.some((offset) => reaches(one, module, offset)));
    if (reaching.length === 0) return { survived: true, said: "SURVIVED, no test comes there" };
    for (const together of inProcesses(reaching)) {
      const failed = run(tree, together);
      if (failed !== null) return { survived: false, said: `killed by ${failed}` };
    }
    return { survived: true, said: `SURVIVED ${reaching.length} files of tests` };
  } finally {
    writeFileSync(source, right.source);
    writeFileSync(join(tree, module), right.module);
  }
}

function firstDifference(one: string, other: string): number {
  let index = 0;
  while (one[index] === other[index]) index++;
  return index;
}

function inProcesses(asked: readonly Asked[]): Asked[][] {
  const processes: Asked[][] = [];
  let seconds = Number.POSITIVE_INFINITY;
  for (const one of asked) {
    if (seconds + one.seconds > PROCESS_SECONDS) {
      processes.push([]);
      seconds = 0;
    }
    processes.at(-1)!.push(one);
    seconds += one.seconds;
  }
  return processes;
}
