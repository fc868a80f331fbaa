/**
 * The command `completion`: the script that teaches a shell our commands, flags and values. It is made of the table of commands
 * (completion-scripts.ts), so that it cannot fall behind.
 */
import { choice } from "../../scenario/choice.js";
import { inPlace, listed, quoted, UsageError } from "../../scenario/errors.js";
import type { CommandAction } from "../command.js";
import { SHELLS, type Shell, scriptFor } from "../completion-scripts.js";
import { EXIT } from "../exit-codes.js";

export const completion: CommandAction = {
  flags: [],
  defaults: null,
  async run(_given, io, _dependencies, operands) {
    const shell = shellOf(operands);
    const { allCommands } = await import("../actions.js");
    io.stdout.write(scriptFor(shell, await allCommands()));
    return EXIT.ok;
  },
};

function shellOf([word, ...others]: readonly string[]): Shell {
  if (word === undefined) throw new UsageError(`expected a shell (${listed(SHELLS)}) after completion, got nothing`);
  if (others.length > 0) throw new UsageError(`expected one shell after completion, got ${quoted(others[0]!)} as well`);
  return inPlace("completion", () => choice(SHELLS)(word));
}
