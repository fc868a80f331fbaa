/** What a user waits for before anything happens: --version and --help against an empty Node program. */
import { timeCommand } from "../commands.js";
import type { Row } from "../row.js";

export const row: Row = {
  title: "start-up",
  async measure(short) {
    return ["--version", "--help"].map((flag) => {
      const { empty, command, spread } = timeCommand([flag], short ? 5 : 15);
      return {
        name: `${flag} over an empty Node program`,
        value: command / empty,
        unit: "×",
        target: 1.4,
        better: "less" as const,
        scales: false,
        spread,
      };
    });
  },
};
