/**
 * The environment as flags: `CT_RELIABLE_NF_CONNTRACK_MAX=4096` stands for `--nf-conntrack-max 4096` where that was not
 * given. A variable that stands for nothing is said, because a misspelt one would otherwise change nothing in silence.
 */
import { choice } from "../scenario/choice.js";
import { inPlace } from "../scenario/errors.js";
import { overruledLoad } from "../scenario/merge.js";
import { didYouMean } from "../scenario/suggest.js";
import type { Command } from "./command.js";
import { type Flag, type Given, readFlags } from "./flag.js";
import type { Environment } from "./io.js";

const PREFIX = "CT_RELIABLE_";
/** Those that stand for no flag. */
const OTHERS = [`${PREFIX}DEBUG`];

function variableOf(flag: string): string {
  return `${PREFIX}${flag.replaceAll("-", "_").toUpperCase()}`;
}

/** What was given, and what the environment adds. Throws UsageError. */
export function withEnvironment(table: readonly Flag[], given: readonly Given[], env: Environment): Given[] {
  const added = table
    .filter((flag) => !given.some((one) => one.flag === flag))
    .flatMap((flag): Given[] => {
      const place = variableOf(flag.name);
      const text = env[place] ?? "";
      // An empty variable is one that is not set.
      if (text === "") return [];
      if (flag.value !== null) return [{ flag, text, place }];
      const set = inPlace(place, () => choice(["1", "true", "0", "false"])(text));
      return set === "1" || set === "true" ? [{ flag, text: null, place }] : [];
    });
  if (added.length === 0) return [...given];
  const [before, later] = [added, given].map((some) => readFlags(table, some).overrides);
  const overruled = overruledLoad(before!, later!);
  return [...given, ...added.filter(({ flag }) => flag.sets === null || !overruled.includes(flag.sets))];
}

/** What the user wrote where a flag is meant: the name of its variable if it was taken from there. */
export function writtenAs(flag: string, argv: readonly string[], env: Environment): string {
  const variable = variableOf(flag.replace(/^--/, ""));
  const typed = argv.some((word) => word === flag || word.startsWith(`${flag}=`));
  return typed || !flag.startsWith("--") || (env[variable] ?? "") === "" ? flag : variable;
}

/** A sentence for each variable with our prefix that is no flag of any command. */
export function unknownVariables(commands: readonly Command[], env: Environment): string[] {
  const ours = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !OTHERS.includes(name));
  if (ours.length === 0) return [];
  const known = [...commands.flatMap(({ flags }) => flags.map(({ name }) => variableOf(name))), ...OTHERS];
  return ours
    .filter((name) => !known.includes(name))
    .map((name) => `${name} in the environment stands for no flag${didYouMean(name, known)}`);
}
