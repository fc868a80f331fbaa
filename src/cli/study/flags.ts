/** The flags that commands with many runs have in common. */
import { inPlace } from "../../scenario/errors.js";
import { formatCount, parseCount } from "../../scenario/units.js";
import { parseShard, type Shard, shardText } from "../../study/shard.js";
import { NO_COLOR } from "../colour.js";
import type { Studies } from "../dependencies.js";
import { formatFlag, OUTPUT_FILE, QUIET } from "../destinations.js";
import { type Flag, type FlagValues, valued } from "../flag.js";
import { parsePath } from "../written-file.js";

export const STUDY = "Study:";

export const METRIC = valued({
  name: "metric",
  value: "NAME",
  heading: STUDY,
  description:
    "a figure to look at, or with % behind it its share (may be repeated; default: what is lost and dropped, the drain, " +
    "the dying list); the command metrics lists them",
  repeatable: true,
  repeats: true,
  parse: (text) => text,
});

export const WORKERS = valued({
  name: "workers",
  value: "N",
  heading: STUDY,
  description: "runs that go on at once (default: one for each core); the result does not depend on it",
  parse: (text) => parseCount(text, { min: 1, max: 1024 }),
  format: formatCount,
});

const AUTO = "auto";

export const SHARD: Flag<Shard | typeof AUTO> = valued({
  name: "shard",
  value: "I/N|auto",
  heading: STUDY,
  description:
    "run this part of the study and keep it in a file for the command merge; auto: which part this job of a Slurm array, a " +
    "Kubernetes Indexed Job, an AWS Batch array or a GitHub or GitLab matrix is",
  parse: (text) => (text === AUTO ? AUTO : parseShard(text)),
  format: (shard) => (shard === AUTO ? AUTO : shardText(shard)),
});

export const RESUME = valued({
  name: "resume",
  value: "FILE",
  heading: STUDY,
  description: "keep every finished run in FILE, and go on from those that are in it",
  file: true,
  parse: parsePath,
});

export const STUDY_FORMAT = formatFlag(["text", "json", "csv", "markdown"]);

export const STUDY_OUTPUT: readonly Flag[] = [STUDY_FORMAT, OUTPUT_FILE, QUIET, NO_COLOR];

/** The names of what is looked at. Throws UsageError. */
export function measuresOf(flags: FlagValues, { measureNamed, USUAL_MEASURES }: Studies): readonly string[] {
  const given = flags.all(METRIC);
  if (given.length === 0) return USUAL_MEASURES;
  return [...new Set(given.map((text) => inPlace(`--${METRIC.name}`, () => measureNamed(text).name)))];
}
