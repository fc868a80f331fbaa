/**
 * The command `completion`: the script that teaches a shell our commands, flags and values. It is made of the table of
 * commands (completion-scripts.ts), so that it cannot fall behind.
 */
import { choice } from "../../scenario/choice.js";
import { inPlace, listed, quoted, UsageError } from "../../scenario/errors.js";
import type { Command } from "../command.js";
import { SHELLS, type Shell, scriptFor } from "../completion-scripts.js";
import { EXIT } from "../exit-codes.js";
import { SUMMARIES } from "../summaries.js";

export const completion: Command = {
  name: "completion",
  summary: SUMMARIES.completion,
  operands: SHELLS.join("|"),
  examples: [
    ["completion bash > ~/.local/share/bash-completion/completions/ct-reliable", "for bash"],
    ["completion zsh > ~/.zfunc/_ct-reliable", "for zsh, with ~/.zfunc in fpath"],
    ["completion fish > ~/.config/fish/completions/ct-reliable.fish", "for fish"],
  ],
  flags: [],
  defaults: null,
  async run({ operands, io, commands }) {
    io.stdout.write(scriptFor(shellOf(operands), commands));
    return EXIT.ok;
  },
};

function shellOf([word, ...others]: readonly string[]): Shell {
  if (word === undefined) throw new UsageError(`expected a shell (${listed(SHELLS)}) after completion, got nothing`);
  if (others.length > 0) throw new UsageError(`expected one shell after completion, got ${quoted(others[0]!)} as well`);
  return inPlace("completion", () => choice(SHELLS)(word));
}
