/**
 * The scenario library for tests and the README: the files of scenarios/ as they are, and a file judged in this
 * process, without worker threads. It tests nothing itself.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { SuiteReport } from "../src/report/suite.js";
import { readScenarioFiles, type ScenarioFile } from "../src/scenario/file.js";
import { simulation } from "../src/simulation/simulation.js";
import { pool } from "../src/study/pool.js";
import { type Plan, planSuite, runSuite } from "../src/study/suite.js";

const FOLDER = fileURLToPath(new URL("../scenarios/", import.meta.url));
export const README = fileURLToPath(new URL("../README.md", import.meta.url));

export interface LibraryFile {
  /** Without its extension, which is what the scenario is called. */
  name: string;
  text: string;
  scenario: ScenarioFile;
}

/** Every file of the folder, in the order of their names. */
export function libraryFiles(): LibraryFile[] {
  return readdirSync(FOLDER)
    .sort()
    .map((file) => {
      const name = path.basename(file, ".yaml");
      const text = readFileSync(path.join(FOLDER, file), "utf8");
      const [scenario, ...others] = readScenarioFiles(text, `scenarios/${file}`, name);
      if (others.length > 0) throw new Error(`expected one scenario in ${file}, got ${others.length + 1}`);
      return { name, text, scenario: scenario! };
    });
}

export function planned(file: ScenarioFile, runs = 1): Plan[] {
  return planSuite([file], { runs });
}

/** All cases of a file, each with its own seed and `runs` − 1 others. */
export function judged(file: ScenarioFile, runs = 1): Promise<SuiteReport> {
  const watch = { progress: () => {}, signal: new AbortController().signal };
  return runSuite(
    planned(file, runs),
    pool(1, simulation, () => {}),
    { bail: false, watch },
  );
}

/** Rules of simulation/invariants.ts that a run of it broke, without their figures. */
export function brokenInvariants({ scenarios }: SuiteReport): string[] {
  const violated = scenarios.flatMap(({ reports }) => reports.flatMap(({ invariants }) => invariants.violated));
  return [...new Set(violated.map((message) => message.slice(0, message.lastIndexOf(": "))))];
}
