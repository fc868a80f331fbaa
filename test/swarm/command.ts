/**
 * `npm run swarm -- --minutes N`: random runs and random sequences of kernel calls until the time is over, each by a
 * seed that is printed. The first failure is made as small as it gets, written to a file that repeats it, and ends the
 * swarm.
 *
 *     npm run swarm -- --minutes 10 [--seed N] [--only NAME]
 *     npm run swarm -- --repeat FILE
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { readScenarioFiles } from "../../src/scenario/file.js";
import { printScenarioFile } from "../../src/scenario/print.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { anyScenario } from "../property/any-scenario.js";
import { holds } from "../property/holds.js";
import {
  fasterReadersLoseNoMore,
  idleListenersChangeNothing,
  settles,
  slicesMakeNoDifference,
} from "../property/rules.js";
import { type Case, cases, compare } from "../reference/calls.js";

interface Part {
  /** Cases in one turn. */
  batch: number;
  property: fc.IProperty<unknown[]>;
}

const part = <T extends unknown[]>(batch: number, property: fc.IProperty<T>): Part => ({
  batch,
  property: property as unknown as fc.IProperty<unknown[]>,
});

const PARTS: Readonly<Record<string, Part>> = {
  reference: part(400, fc.property(cases, compare)),
  run: part(100, fc.property(anyScenario(), holds)),
  settles: part(50, settles),
  idle: part(25, idleListenersChangeNothing),
  slices: part(25, slicesMakeNoDifference),
  faster: part(25, fasterReadersLoseNoMore),
};

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    repeat: { type: "string" },
  },
});

if (values.repeat === undefined) process.exitCode = swarm(Number(values.minutes), Number(values.seed));
else process.exitCode = repeat(values.repeat);

function swarm(minutes: number, firstSeed: number): number {
  const names = Object.keys(PARTS).filter((name) => values.only === undefined || name === values.only);
  if (!(minutes > 0) || !Number.isInteger(firstSeed) || names.length === 0) {
    console.error(`expected --minutes above 0, a whole --seed, and --only one of ${Object.keys(PARTS).join(", ")}`);
    return 2;
  }
  const end = Date.now() + minutes * 60_000;
  const done: Record<string, number> = {};
  for (let seed = firstSeed; Date.now() < end; seed++) {
    for (const name of names) {
      const { batch, property } = PARTS[name]!;
      const result = fc.check(property, { numRuns: batch, seed });
      done[name] = (done[name] ?? 0) + result.numRuns;
      if (result.failed) return report(name, seed, result);
    }
    console.log(`seed ${seed}: ${names.map((name) => `${name} ${done[name]}`).join(", ")}`);
  }
  console.log(`no failure in ${Object.values(done).reduce((sum, count) => sum + count, 0)} cases`);
  return 0;
}

function report(name: string, seed: number, result: fc.RunDetails<unknown[]>): number {
  console.error(
    `${name} failed with seed ${seed} after ${result.numRuns} cases, made smaller ${result.numShrinks} times`,
  );
  const { errorInstance } = result as { errorInstance?: unknown };
  console.error(errorInstance instanceof Error ? errorInstance.message : errorInstance);
  const [first, ...rest] = result.counterexample ?? [];
  const file = name === "reference" ? `swarm-${name}-${seed}.json` : `swarm-${name}-${seed}.yaml`;
  writeFileSync(file, name === "reference" ? JSON.stringify(first) : scenarioFile(name, seed, first as Scenario));
  if (rest.length > 0) console.error(`with ${JSON.stringify(rest)}`);
  console.error(`written to ${file}; to repeat it: npm run swarm -- --repeat ${file}`);
  return 1;
}

/** A file that `ct-reliable run` takes, too. */
function scenarioFile(name: string, seed: number, scenario: Scenario): string {
  const title = `what the swarm found with seed ${seed}`;
  const one = { variant: null, title, scenario, expectations: [] };
  const file = { name: `swarm-${name}`, title, story: "", shows: "", sources: [], runs: 1, cases: [one] };
  return printScenarioFile(file, "yaml");
}

function repeat(path: string): number {
  const text = readFileSync(path, "utf8");
  if (path.endsWith(".json")) {
    const { scenario, calls } = JSON.parse(text) as Case;
    // What has become a parameter since then has its default.
    const { listeners, traffic, ...rest } = scenario;
    const overrides = { ...rest, listeners: [...listeners], traffic: [...traffic] };
    compare({ scenario: resolveScenario(scenario.experiment, overrides), calls });
  } else {
    const [file] = readScenarioFiles(text, path, path);
    const { experiment, overrides } = file!.cases[0]!;
    const { property } = PARTS[file!.name.replace(/^swarm-/, "")] ?? PARTS.run!;
    const example = [resolveScenario(experiment, overrides), 2];
    const result = fc.check(property, { examples: [example], numRuns: 1 });
    if (result.failed) return report(file!.name, 0, result);
  }
  console.log("it holds");
  return 0;
}
