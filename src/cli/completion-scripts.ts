/**
 * Completion scripts of the shells, made of the table of commands: commands, their flags, the words that a flag takes,
 * files where anything else may stand. Pure; each shell has its own function because they have nothing in common.
 */
import type { Command } from "./command.js";
import type { Flag } from "./flag.js";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const GLOBAL_FLAGS = ["--help", "--version"];

export function scriptFor(shell: Shell, commands: readonly Command[]): string {
  return SCRIPTS[shell](commands);
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly Command[]) => string>> = { bash, zsh, fish };

function bash(commands: readonly Command[]): string {
  const values = commands.flatMap(({ name, flags }) =>
    flags.filter(({ value }) => value !== null).map((flag) => `    "${name} --${flag.name}") ${bashValue(flag)} ;;`),
  );
  const words = commands.map((command) => `    ${command.name}) words="${wordsOf(command).join(" ")}" ;;`);
  return `# bash completion for ct-reliable
_ct_reliable() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  COMPREPLY=()
  # bash takes --flag=value apart.
  if [[ $previous == "=" ]]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  if [[ $current == "=" ]]; then current=""; fi
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${[...commands.map(({ name }) => name), "help", ...GLOBAL_FLAGS].join(" ")}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]} $previous" in
${values.join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${words.join("\n")}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -W "\${words//--[a-z-]*/}" -- "$current") $(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _ct_reliable ct-reliable
`;
}

function bashValue({ choices, file }: Flag): string {
  if (choices.length > 0) return `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current")); return`;
  return file ? 'COMPREPLY=($(compgen -f -- "$current")); return' : "return";
}

function zsh(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    ${single(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const operands = operandsOf(command);
    const rest = operands.length > 0 ? `*:operand:(${operands.join(" ")})` : "*:file:_files";
    const specs = [...command.flags.map(zshFlag), single("--help[print help]"), single(rest)];
    return `    ${command.name})\n      _arguments \\\n        ${specs.join(" \\\n        ")}\n      ;;`;
  });
  return `#compdef ct-reliable
_ct_reliable() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join("\n")}
  esac
}
_ct_reliable "$@"
`;
}

function zshFlag({ name, value, description, repeatable, choices, file }: Flag): string {
  const text = description.replaceAll(/[[\]:]/g, "\\$&");
  const many = repeatable ? "*" : "";
  if (value === null) return single(`${many}--${name}[${text}]`);
  const kind = value.replaceAll(":", "\\:");
  const action = choices.length > 0 ? `(${choices.join(" ")})` : file ? "_files" : " ";
  return single(`${many}--${name}=[${text}]:${kind}:${action}`);
}

function fish(commands: readonly Command[]): string {
  const none = `not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(" ")}`;
  const lines = commands.flatMap((command) => {
    const { name, summary, flags } = command;
    const here = `complete -c ct-reliable -n ${single(`__fish_seen_subcommand_from ${name}`)}`;
    const operands = operandsOf(command);
    return [
      `complete -c ct-reliable -f -n ${single(none)} -a ${name} -d ${single(summary)}`,
      ...(operands.length > 0 ? [`${here} -f -a ${single(operands.join(" "))}`] : []),
      ...flags.map((flag) => `${here} -l ${flag.name} ${fishValue(flag)}-d ${single(flag.description)}`),
    ];
  });
  return `# fish completion for ct-reliable\n${lines.join("\n")}\n`;
}

function fishValue({ value, choices, file }: Flag): string {
  if (value === null) return "";
  if (choices.length > 0) return `-x -a ${single(choices.join(" "))} `;
  return file ? "-r -F " : "-x ";
}

function wordsOf(command: Command): string[] {
  return [...operandsOf(command), ...command.flags.map(({ name }) => `--${name}`), "--help"];
}

/** Words that a command takes before its flags: those of its usage that are no names of values. */
function operandsOf({ operands = "" }: Command): string[] {
  return operands.split(/[| ]/).filter((word) => /^[a-z]+$/.test(word));
}

/** All three read this as one word; fish takes the same escape for a quote inside. */
function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
