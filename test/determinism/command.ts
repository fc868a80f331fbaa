/**
 * `npm run determinism`: the reports of the whole scenario library, byte by byte, on Node 20, 22, 24 and 26, on one CPU
 * and on all, with and without progress on a terminal, in other languages and time zones. They must be the same, and
 * those of hashes.json, which says since when a report is what it is.
 *
 *     npm run determinism [-- --update] [--node PATH...]
 *
 * The releases of Node come from the npm registry (the packages of the `node` project) into a folder of the cache.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ownPackage, removePackage } from "../built.js";
import { nodes } from "../nodes.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HASHES = fileURLToPath(new URL("hashes.json", import.meta.url));

type Hashes = Record<string, string>;

/** In which surroundings the command runs. `terminal`: progress is shown. */
interface Surroundings {
  name: string;
  env?: Readonly<Record<string, string>>;
  oneCpu?: boolean;
  terminal?: boolean;
}

const PLAIN: Surroundings = { name: "as it is" };
const OTHERS: readonly Surroundings[] = [
  { name: "one CPU", oneCpu: true },
  { name: "a terminal with progress", terminal: true },
  { name: "German, Kathmandu", env: { LC_ALL: "de_DE.UTF-8", LANG: "de_DE.UTF-8", TZ: "Asia/Kathmandu" } },
  { name: "Turkish, Chatham", env: { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8", TZ: "Pacific/Chatham" } },
  { name: "no locale, no home", env: { LC_ALL: "C", HOME: "" } },
];

const { values } = parseArgs({
  options: { update: { type: "boolean", default: false }, node: { type: "string", multiple: true } },
});

const folder = mkdtempSync(join(tmpdir(), "ct-reliable-determinism-"));
const installation = await ownPackage();
try {
  process.exitCode = compared(values.node ?? nodes());
} finally {
  removePackage(installation);
  rmSync(folder, { recursive: true });
}

function compared(executables: readonly string[]): number {
  const wanted: Hashes | null = values.update || !existsSync(HASHES) ? null : JSON.parse(readFileSync(HASHES, "utf8"));
  let first: Hashes | null = wanted;
  let differences = 0;
  let runs = 0;
  for (const [index, node] of executables.entries()) {
    for (const surroundings of index === 0 ? [PLAIN, ...OTHERS] : [PLAIN, OTHERS[1]!]) {
      const hashes = hashesOf(node, surroundings);
      first ??= hashes;
      const names = [...new Set([...Object.keys(first), ...Object.keys(hashes)])];
      const other = names.filter((name) => first![name] !== hashes[name]);
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
      console.log(
        `${version}, ${surroundings.name}: ${names.length - other.length} of ${names.length} reports are the same`,
      );
      for (const name of other) console.log(`  another report: ${name}`);
      differences += other.length;
      runs++;
    }
  }
  if (values.update && first !== null) writeFileSync(HASHES, `${JSON.stringify(first, null, 2)}\n`);
  console.log(`${runs} runs of the library, ${differences} differences${wanted === null ? "" : " from hashes.json"}`);
  return differences === 0 && runs > 0 ? 0 : 1;
}

/** By scenario: the hash of its reports as they stand in the result. */
function hashesOf(node: string, { env = {}, oneCpu = false, terminal = false }: Surroundings): Hashes {
  const result = join(folder, "result.json");
  const command = [
    node,
    join(installation, "bin", "ct-reliable.js"),
    "run",
    join(ROOT, "scenarios"),
    "--format",
    "json",
  ];
  const line = [
    ...(oneCpu && availableParallelism() > 1 ? ["taskset", "-c", "0"] : []),
    ...command,
    "--output",
    result,
  ];
  const options = { env: { ...process.env, ...env }, encoding: "utf8" } as const;
  // A program of its own gives the command a terminal.
  const { status, stderr } = terminal
    ? spawnSync("script", ["-qec", line.join(" "), "/dev/null"], { ...options, stdio: ["ignore", "ignore", "pipe"] })
    : spawnSync(line[0]!, line.slice(1), options);
  if (status !== 0) throw new Error(`exit ${status} of ${line.join(" ")}: ${stderr}`);
  const { scenarios } = JSON.parse(readFileSync(result, "utf8")) as { scenarios: { name: string; reports: unknown }[] };
  const whole = createHash("sha256").update(readFileSync(result)).digest("hex");
  const parts = scenarios.map(({ name, reports }) => [
    name,
    createHash("sha256").update(JSON.stringify(reports)).digest("hex"),
  ]);
  return { ...Object.fromEntries(parts), "the whole result": whole };
}
