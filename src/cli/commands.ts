/**
 * The heads of the commands, in the order in which the help lists them. What they do is behind the loaders of actions.ts. It holds no
 * behaviour.
 */
import type { CommandHead } from "./command.js";
import { SHELLS } from "./completion-scripts.js";

export const COMMANDS: readonly CommandHead[] = [
  {
    name: "flood",
    summary: "flood short connections at a rate, let them die, flush at the end, count what arrived",
    examples: [
      ["flood --buffer 2048", "the experiment of the commit: a tiny buffer, lots of short connections"],
      ["flood --buffer 2048 --policy lossy", "the same without reliable delivery"],
      ["flood --rate 5k/s --duration 1m --reader 200us", "more load than the reader can take"],
      ["flood --buffer 8MiB --rmem-max 8MiB --format json", "a large buffer, for a program to read"],
    ],
  },
  {
    name: "flush",
    summary: "create entries with the reader caught up, flush the table, watch the dying list drain",
    examples: [
      ["flush --connections 5000 --buffer 2048", "conntrack -F of 5000 entries ahead of a tiny buffer"],
      ["flush --connections 20k --reader 1ms --grace-max 60s", "a slow reader and a wide grace window"],
      ["flush --kernel 3.6 --cpus 1 --format json", "another release on one CPU, for a program to read"],
    ],
  },
  {
    name: "run",
    summary: "run scenario files and check their expectations",
    operands: "FILE|FOLDER...",
    examples: [
      ["run scenarios/", "every scenario of a folder"],
      ["run scenarios/ --export junit=report.xml --export markdown=comment.md", "the same in CI"],
      ["run scenarios/conntrack-flush.yaml --kernel 6.18.44", "one scenario on another kernel"],
      ["run scenarios/ --only 'seed-*' --runs 20", "some of them, each with twenty seeds"],
      ["run - < scenario.yaml", "a scenario from standard input"],
    ],
  },
  {
    name: "explain",
    summary: "from the SIZE that a socket asks for to the messages that it holds, step by step",
    operands: "buffer SIZE",
    examples: [
      ["explain buffer 512k --kernel 6.18", "what becomes of a request for 512 KiB"],
      ["explain buffer 2048 --kernel all", "the same request on every release"],
      ["explain buffer 8MiB --kernel host --force", "SO_RCVBUFFORCE on a kernel such as this machine's"],
      ["explain buffer 208k --protocol tcp --family ipv6 --format json", "another flow, for a program to read"],
    ],
  },
  {
    name: "parity",
    summary: "run scenarios on the running kernel and in the simulator, side by side",
    operands: "[FILE|FOLDER...]",
    examples: [
      ["parity", "the built-in scenarios, about five minutes"],
      ["parity --only drain --runs 10", "some of them, ten times"],
      ["parity scenarios/conntrack-flush.yaml", "a scenario of your own"],
      ["parity --record kernel.jsonl", "with recordings of your kernel"],
    ],
  },
  {
    name: "metrics",
    summary: "what an expectation can ask: every figure with its unit and meaning",
    operands: "[PART]",
    examples: [
      ["metrics", "all of them"],
      ["metrics dying", "those whose name contains a word"],
      ["metrics --format json", "for a program to read"],
    ],
  },
  {
    name: "completion",
    summary: "print the script that completes commands and flags in a shell",
    operands: SHELLS.join("|"),
    examples: [
      ["completion bash > ~/.local/share/bash-completion/completions/ct-reliable", "for bash"],
      ["completion zsh > ~/.zfunc/_ct-reliable", "for zsh, with ~/.zfunc in fpath"],
      ["completion fish > ~/.config/fish/completions/ct-reliable.fish", "for fish"],
    ],
  },
];
