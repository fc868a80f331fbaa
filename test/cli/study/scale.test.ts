import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Job } from "kubernetes-models/batch/v1";
import ts from "typescript";
import { parse } from "yaml";
import { shardOfEnvironment } from "../../../src/study/shard.js";
import { builtPackage, removePackage } from "../../built.js";
import { startCluster, whyNoSlurm } from "./slurm.js";

const PAGE = readFileSync(new URL("../../../docs/SCALE.md", import.meta.url), "utf8");
interface Manifest {
  spec: {
    completions: number;
    template: { spec: { containers: { env: { name: string; value: string }[]; args: string[] }[] } };
  };
}

const WHOLE = ["sweep", "flush", "--connections", "500", "-L", "buffer=2048,8k,64k", "--runs", "6"];

/** By the schema that Kubernetes 1.33 publishes for a Job of batch/v1, as the package kubernetes-models has it. */
function validateJob(manifest: unknown): void {
  new Job(manifest as ConstructorParameters<typeof Job>[0]).validate();
}

/** What the compiler says of a manifest that is to be a Job. */
function typeMistakes(manifest: unknown): string[] {
  const file = join(import.meta.dirname, "manifest.ts");
  const text = `import type { IJob } from "kubernetes-models/batch/v1";\nexport const job: IJob = ${JSON.stringify(manifest)};\n`;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? text : readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ESNext) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

/** The block of the page that begins with these words. */
function block(begin: string): string {
  const found = [...PAGE.matchAll(/```\w+\n([\s\S]*?)```/g)].map(([, text]) => text!);
  return found.find((text) => text.startsWith(begin))!;
}

describe("docs/SCALE.md", () => {
  let built: string;
  let folder: string;
  before(async () => {
    built = await builtPackage();
    folder = mkdtempSync(join(tmpdir(), "ct-reliable-scale-"));
  });
  after(() => {
    removePackage(built);
    rmSync(folder, { recursive: true });
  });

  const command = (): string => `${process.execPath} ${join(built, "bin/ct-reliable.js")}`;

  /** What one machine prints. */
  function whole(): string {
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(built, "bin/ct-reliable.js"), ...WHOLE], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  const noParallel = existsSync("/usr/bin/parallel") ? false : "GNU parallel is not installed (Debian: parallel)";
  test("its line for GNU parallel gives what one machine prints", { skip: noParallel }, () => {
    const lines = block("# parallel").replaceAll("npx ct-reliable", command());
    const { stdout, status, stderr } = spawnSync("sh", ["-e", "-c", lines], { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, whole());
  });

  const noSlurm = whyNoSlurm();
  test("its Slurm script gives what one machine prints", { skip: noSlurm ?? false, timeout: 180_000 }, async () => {
    const own = mkdtempSync(join(folder, "slurm-"));
    const script = join(own, "sweep.sh");
    writeFileSync(script, block("#!/bin/sh\n#SBATCH").replaceAll("npx ct-reliable", command()));
    chmodSync(script, 0o755);
    const cluster = await startCluster();
    try {
      const { status, stderr } = spawnSync("sbatch", ["--wait", script], {
        cwd: own,
        env: cluster.env,
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
    } finally {
      await cluster.stop();
    }
    const { stdout } = spawnSync("sh", ["-c", `${command()} merge part-*.runs`], { cwd: own, encoding: "utf8" });
    assert.equal(stdout, whole());
  });

  test("its Kubernetes Job is one, and each of its pods knows its part", () => {
    const manifest: Manifest = parse(block("apiVersion: batch/v1"));
    assert.doesNotThrow(() => validateJob(manifest));
    assert.throws(() => validateJob({ ...manifest, spec: { ...manifest.spec, completions: "four" } }), /completions/);
    // The published schema lets through what it does not know; its types do not.
    assert.deepEqual(typeMistakes(manifest), []);
    const misspelt = { ...manifest, spec: { ...manifest.spec, completionMod: "Indexed" } };
    assert.match(typeMistakes(misspelt).join(), /completionMod"' does not exist in type 'IJobSpec'/);
    const container = manifest.spec.template.spec.containers[0]!;
    const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
    const { completions } = manifest.spec;
    const shards = Array.from({ length: completions }, (_, index) =>
      shardOfEnvironment({ ...env, JOB_COMPLETION_INDEX: String(index) }),
    );
    assert.deepEqual(
      shards,
      Array.from({ length: completions }, (_, index) => ({ index: index + 1, of: completions })),
    );
    assert.match(container.args[0]!, /--shard auto --resume \/parts\/part-\$JOB_COMPLETION_INDEX\.runs$/);
  });

  test("its workflows for GitHub and GitLab are YAML that sets what a part is known by", () => {
    const github = parse(block("# GitHub")).jobs.sweep;
    assert.deepEqual(Object.keys(github.env), ["STRATEGY_JOB_INDEX", "STRATEGY_JOB_TOTAL"]);
    assert.ok(parse(block("# GitLab")).sweep.parallel > 1);
  });
});
