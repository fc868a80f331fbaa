/** The command `merge`: the parts of a study, put together to what one machine would have printed. */
import { UsageError } from "../../scenario/errors.js";
import type { Call, Command } from "../command.js";
import { EXIT } from "../exit-codes.js";
import { readFlags } from "../flag.js";
import { STUDY_OUTPUT, studyOutputs } from "../study/flags.js";
import { textOf } from "../study/runs-file.js";
import { writeStudy } from "../study/study-run.js";
import { SUMMARIES } from "../summaries.js";

export const merge: Command = {
  name: "merge",
  summary: SUMMARIES.merge,
  operands: "PART...",
  examples: [
    ["merge part-*.runs", "the table that one machine would have printed"],
    ["merge part-*.runs --format csv --output sweep.csv", "for a spreadsheet"],
  ],
  flags: STUDY_OUTPUT,
  defaults: null,
  run: mergeParts,
};

async function mergeParts(call: Call): Promise<number> {
  const { given, operands, io, dependencies } = call;
  const flags = readFlags(STUDY_OUTPUT, given);
  if (operands.length === 0) throw new UsageError("expected the files of all parts after merge, got nothing");
  const studies = await dependencies.studies();
  const files = operands.map((path) => studies.readRuns(textOf(path), path));
  const runs = studies.merged(files, process.getBuiltinModule("node:v8").getHeapStatistics().heap_size_limit);
  await writeStudy(runs, flags, studyOutputs(flags, io), call);
  return EXIT.ok;
}
