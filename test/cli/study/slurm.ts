/**
 * A Slurm cluster of one node in a folder of its own: munged, slurmctld and slurmd on ports that no other cluster has.
 * It ends what it started and tests nothing itself.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const PROGRAMS = ["/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd"];

/** Null: a cluster can be started here. */
export function whyNoSlurm(): string | null {
  const missing = PROGRAMS.filter((program) => !existsSync(program));
  if (missing.length > 0) return `${missing.join(", ")} not installed (Debian: slurm-wlm)`;
  return process.getuid?.() === 0 ? null : "slurmd needs root";
}

export interface Cluster {
  env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "ct-reliable-slurm-"));
  const name = hostname().split(".")[0]!;
  for (const part of ["munge", "state", "spool"]) mkdirSync(join(folder, part), { mode: 0o711 });
  writeFileSync(join(folder, "munge/key"), randomBytes(1024), { mode: 0o400 });
  const port = 20_000 + (process.pid % 10_000);
  const conf = join(folder, "slurm.conf");
  writeFileSync(
    conf,
    [
      "ClusterName=test",
      `SlurmctldHost=${name}(127.0.0.1)`,
      `SlurmctldPort=${port}`,
      `SlurmdPort=${port + 1}`,
      "AuthType=auth/munge",
      `AuthInfo=socket=${folder}/munge/socket`,
      "SlurmUser=root",
      `StateSaveLocation=${folder}/state`,
      `SlurmdSpoolDir=${folder}/spool`,
      `SlurmctldPidFile=${folder}/slurmctld.pid`,
      `SlurmdPidFile=${folder}/slurmd.pid`,
      `SlurmctldLogFile=${folder}/slurmctld.log`,
      `SlurmdLogFile=${folder}/slurmd.log`,
      "ProctrackType=proctrack/linuxproc",
      "TaskPlugin=task/none",
      "MpiDefault=none",
      "SelectType=select/cons_tres",
      "SelectTypeParameters=CR_CPU",
      "SlurmdParameters=config_overrides",
      "ReturnToService=2",
      "SchedulerParameters=sched_interval=1,batch_sched_delay=0",
      `NodeName=${name} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN`,
      "PartitionName=all Nodes=ALL Default=YES MaxTime=10 State=UP",
      "",
    ].join("\n"),
  );
  const munge = ["socket=socket", "key-file=key", "pid-file=pid", "log-file=log", "seed-file=seed"].map((option) =>
    option.replace(/^(.*)=/, `--$1=${folder}/munge/`),
  );
  const env = { ...process.env, SLURM_CONF: conf };
  const pidFiles = ["slurmd.pid", "slurmctld.pid", "munge/pid"].map((file) => join(folder, file));
  const stop = async (): Promise<void> => {
    const pids = pidFiles.filter((file) => existsSync(file)).map((file) => Number(readFileSync(file, "utf8")));
    // They write their state before they end.
    for (const pid of pids) for (let tries = 0; tries < 200 && end(pid); tries++) await setTimeout(100);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    run(PROGRAMS[0]!, ["--force", ...munge], env);
    run(PROGRAMS[1]!, ["-f", conf], env);
    run(PROGRAMS[2]!, ["-f", conf], env);
    await untilIdle(env);
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, stop };
}

function run(program: string, argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stderr } = spawnSync(program, argv, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
}

async function untilIdle(env: NodeJS.ProcessEnv): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const { stdout } = spawnSync("sinfo", ["-h", "-o", "%t"], { env, encoding: "utf8" });
    if (stdout.trim() === "idle") return;
    await setTimeout(500);
  }
  throw new Error("expected the node to become idle in a minute, it did not");
}

/** Whether it is still there. */
function end(pid: number): boolean {
  try {
    return process.kill(pid);
  } catch {
    return false;
  }
}
