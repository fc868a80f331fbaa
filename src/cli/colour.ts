/**
 * Whether a stream gets colours, decided for each stream by itself: a report that goes to a file stays plain while the
 * terminal keeps its colours. It colours nothing.
 */
import { switched } from "./flag.js";
import type { Environment, Io, OutputStream } from "./io.js";

export const NO_COLOR = switched({
  name: "no-color",
  heading: "Output:",
  description: "no colours, whatever the terminal and FORCE_COLOR say",
});

/**
 * `wanted`: false under --no-color. A flag beats the environment, and FORCE_COLOR beats NO_COLOR, as in Node itself.
 */
export function hasColour(stream: OutputStream, env: Environment, wanted: boolean): boolean {
  if (!wanted) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  if (env.NO_COLOR || env.TERM === "dumb") return false;
  return stream.isTTY === true;
}

/**
 * For what is said before the flags are read, or because they cannot be: the world without colours if the words ask for
 * none.
 */
export function inColoursAsked(argv: readonly string[], io: Io): Io {
  if (!argv.includes(`--${NO_COLOR.name}`)) return io;
  return { ...io, env: { ...io.env, FORCE_COLOR: "", NO_COLOR: "1" } };
}
