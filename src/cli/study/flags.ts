/** The flags that commands with many runs have in common. */
import type { StudyFormat } from "../../render/study/study.js";
import { inPlace } from "../../scenario/errors.js";
import { formatCount, parseCount } from "../../scenario/units.js";
import type { Study } from "../../study/grid.js";
import { parseShard, type Shard, shardText } from "../../study/shard.js";
import { NO_COLOR } from "../colour.js";
import type { Studies } from "../dependencies.js";
import { exportFlag, formatFlag, OUTPUT_FILE, type Output, outputsOf, QUIET } from "../destinations.js";
import { type Flag, type FlagValues, valued } from "../flag.js";
import type { Io } from "../io.js";
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

const FORMATS: readonly StudyFormat[] = ["text", "json", "csv", "markdown", "html"];
const STUDY_FORMAT = formatFlag(FORMATS);
const STUDY_EXPORT = exportFlag(FORMATS);

export const STUDY_OUTPUT: readonly Flag[] = [STUDY_FORMAT, OUTPUT_FILE, STUDY_EXPORT, QUIET, NO_COLOR];

/** Throws UsageError where one of the files cannot be written. */
export function studyOutputs(flags: FlagValues, io: Io): Output<StudyFormat>[] {
  return outputsOf(flags, io, { format: STUDY_FORMAT, exported: STUDY_EXPORT });
}

/** The names of what is looked at. Throws UsageError. */
export function measuresFrom(
  flags: FlagValues,
  study: Omit<Study, "measures">,
  { measuresFor }: Studies,
): readonly string[] {
  return inPlace(flags.has(METRIC) ? `--${METRIC.name}` : study.of, () => measuresFor(study, flags.all(METRIC)));
}
