/**
 * What each command does, behind a loader, so that whoever asks for one does not wait for the others. It holds no behaviour.
 */
import type { CliCommand, CommandAction, CommandHead, CommandName } from "./command.js";
import { COMMANDS } from "./commands.js";

const LOADERS: Readonly<Record<CommandName, () => Promise<CommandAction>>> = {
  flood: async () => (await import("./commands/experiment.js")).flood,
  flush: async () => (await import("./commands/experiment.js")).flush,
  run: async () => (await import("./commands/run.js")).run,
  explain: async () => (await import("./commands/explain.js")).explain,
  parity: async () => (await import("./commands/parity.js")).parity,
  metrics: async () => (await import("./commands/metrics.js")).metrics,
  completion: async () => (await import("./commands/completion.js")).completion,
};

export async function loaded(head: CommandHead): Promise<CliCommand> {
  return { ...head, ...(await LOADERS[head.name]()) };
}

/** For what is about every flag there is: completion, the manual page, the variables of the environment. */
export function allCommands(): Promise<CliCommand[]> {
  return Promise.all(COMMANDS.map(loaded));
}
