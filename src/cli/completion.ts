/**
 * The command `completion`: the script that teaches a shell our commands, flags and values. It is made of the table of commands
 * (completion-scripts.ts), so that it cannot fall behind.
 */
import { choice } from "../scenario/choice.js";
import { inPlace, listed, quoted, UsageError } from "../scenario/errors.js";
import type { CliCommand } from "./command.js";
import { SHELLS, type Shell, scriptFor } from "./completion-scripts.js";
import { EXIT } from "./exit-codes.js";

export const completion: CliCommand = {
  name: "completion",
  summary: "print the script that completes commands and flags in a shell",
  operands: SHELLS.join("|"),
  examples: [
    ["completion bash > ~/.local/share/bash-completion/completions/ct-reliable", "for bash"],
    ["completion zsh > ~/.zfunc/_ct-reliable", "for zsh, with ~/.zfunc in fpath"],
    ["completion fish > ~/.config/fish/completions/ct-reliable.fish", "for fish"],
  ],
  flags: [],
  defaults: null,
  async run(_given, io, _dependencies, operands) {
    const shell = shellOf(operands);
    const { COMMANDS } = await import("./commands.js");
    io.stdout.write(scriptFor(shell, COMMANDS));
    return EXIT.ok;
  },
};

function shellOf([word, ...others]: readonly string[]): Shell {
  if (word === undefined) throw new UsageError(`expected a shell (${listed(SHELLS)}) after completion, got nothing`);
  if (others.length > 0) throw new UsageError(`expected one shell after completion, got ${quoted(others[0]!)} as well`);
  return inPlace("completion", () => choice(SHELLS)(word));
}
