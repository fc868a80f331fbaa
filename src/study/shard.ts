/**
 * A part of a study for one of several machines: every n-th run. Neighbouring runs are alike and cost alike, so each
 * part costs about the same. Which part this machine is, the variables of job arrays say; no scheduler is asked and
 * none is needed.
 */
import { quoted, UsageError } from "../scenario/errors.js";

export interface Shard {
  /** From 1. */
  index: number;
  of: number;
}

const MOST_SHARDS = 100_000;

export function inShard({ index, of }: Shard, run: number): boolean {
  return run % of === index - 1;
}

export function shardText({ index, of }: Shard): string {
  return `${index}/${of}`;
}

/** `2/3`. Throws UsageError. */
export function parseShard(text: string): Shard {
  const [, index, of] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (index !== undefined && shard.index <= shard.of && shard.of <= MOST_SHARDS) return shard;
  throw new UsageError(`expected a part such as 2/3 (from 1/3 to 3/3), or auto, got ${quoted(text)}`);
}

/** A kind of job array: the variables that say which job of how many this one is. */
interface JobArray {
  name: string;
  index: string;
  /** The variable that has the number of jobs. */
  of: string;
  /** The index of the first job: a number, or the variable that has it. */
  first: number | string;
  /** The variable that has the distance between two indices; without it they follow one another. */
  step?: string;
  /** What to do where `of` is not set. */
  remedy: string;
}

/**
 * By the documentation of each: sbatch --array, Kubernetes Indexed Jobs, AWS Batch array jobs, GitLab parallel, GitHub
 * strategy contexts.
 */
const JOB_ARRAYS: readonly JobArray[] = [
  {
    name: "a Slurm job array",
    index: "SLURM_ARRAY_TASK_ID",
    of: "SLURM_ARRAY_TASK_COUNT",
    first: "SLURM_ARRAY_TASK_MIN",
    step: "SLURM_ARRAY_TASK_STEP",
    remedy: "which sbatch --array sets",
  },
  {
    name: "an AWS Batch array job",
    index: "AWS_BATCH_JOB_ARRAY_INDEX",
    of: "AWS_BATCH_JOB_ARRAY_SIZE",
    first: 0,
    remedy: "which AWS Batch sets in array jobs",
  },
  {
    name: "a Kubernetes Indexed Job",
    index: "JOB_COMPLETION_INDEX",
    of: "JOB_COMPLETIONS",
    first: 0,
    remedy: "which the Job's manifest has to set to its completions",
  },
  {
    name: "a GitLab parallel job",
    index: "CI_NODE_INDEX",
    of: "CI_NODE_TOTAL",
    first: 1,
    remedy: "which GitLab sets with the keyword parallel",
  },
  {
    name: "a GitHub matrix job",
    index: "STRATEGY_JOB_INDEX",
    of: "STRATEGY_JOB_TOTAL",
    first: 0,
    remedy: "which the workflow has to set to strategy.job-total",
  },
];

/** The part of this machine. Throws UsageError where no job array is found. */
export function shardOfEnvironment(env: Readonly<Record<string, string | undefined>>): Shard {
  const array = JOB_ARRAYS.find(({ index }) => env[index] !== undefined && env[index] !== "");
  if (array === undefined) {
    const names = JOB_ARRAYS.map(({ index, name }) => `${index} of ${name}`).join(", ");
    throw new UsageError(`expected one of the variables ${names}, got none; a part such as 2/3 can be said outright`);
  }
  const of = counted(env, array.of, array);
  const first = typeof array.first === "number" ? array.first : counted(env, array.first, array);
  const step = array.step === undefined || env[array.step] === undefined ? 1 : counted(env, array.step, array);
  const index = (counted(env, array.index, array) - first) / step + 1;
  if (Number.isInteger(index) && index >= 1 && index <= of && of <= MOST_SHARDS) return { index, of };
  throw new UsageError(
    `expected ${array.index} from ${first} to ${first + step * (of - 1)} in ${array.name} of ${of}, got ` +
      `${quoted(env[array.index]!)}; a list of indices with gaps is not known, a part such as 2/3 can be said outright`,
  );
}

function counted(env: Readonly<Record<string, string | undefined>>, variable: string, array: JobArray): number {
  const text = env[variable] ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(
    `expected a whole number in ${variable} (${array.name}, ${array.remedy}), got ${text === "" ? "nothing" : quoted(text)}`,
  );
}
