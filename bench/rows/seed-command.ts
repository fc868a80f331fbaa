/** The default flush as a user starts it, without the runs of advice: the whole command, against an empty program. */
import { timeCommand } from "../commands.js";
import type { Row } from "../row.js";

/** What the run itself may take on top of one and a half times an empty program. */
const RUN_MILLISECONDS = 60;

export const row: Row = {
  title: "the command `ct-reliable flush`",
  async measure(short) {
    const { empty, command, spread } = timeCommand(["flush", "--no-advice"], short ? 5 : 15);
    return [
      {
        name: `beyond ${RUN_MILLISECONDS} ms, over an empty Node program`,
        value: (command - RUN_MILLISECONDS) / empty,
        unit: "×",
        target: 1.5,
        better: "less",
        scales: false,
        spread,
      },
      { name: "in all", value: command, unit: "ms", target: null, better: "less", scales: true, spread },
    ];
  },
};
