/**
 * What --live and --daemon ask for: the running kernel behind its loader, or nothing. What they mean is live/.
 */
import { LiveImpossibleError } from "../live/host/impossible.js";
import type { Daemon } from "../live/messages.js";
import { quoted, UsageError } from "../scenario/errors.js";
import type { Dependencies, Live } from "./dependencies.js";
import { type FlagValues, switched, valued } from "./flag.js";
import type { Io } from "./io.js";
import { fileOutput, parsePath } from "./written-file.js";

const RUN = "Run:";
const CONNTRACKD = "conntrackd";

export const LIVE = switched({
  name: "live",
  heading: RUN,
  description: "run it on the running kernel, in a network namespace made for it, in real time",
  repeats: true,
});

export const DAEMON = valued({
  name: "daemon",
  value: "COMMAND",
  heading: RUN,
  description:
    "with --live: a program that reads in the place of the first listener: conntrackd, the real one, configured by the " +
    "flags, or any command, such as 'conntrack -E', as it is",
  choices: [CONNTRACKD],
  repeats: true,
  parse: parseCommand,
});

const DAEMON_LOG = valued({
  name: "daemon-log",
  value: "FILE",
  heading: RUN,
  description: "write what the program of --daemon prints to FILE",
  file: true,
  parse: parsePath,
});

export const LIVE_FLAGS = [LIVE, DAEMON, DAEMON_LOG];

function parseCommand(text: string): string {
  if (text.trim() !== "") return text;
  throw new UsageError(`expected a command, got ${quoted(text)}`);
}

/** Live mode, for a command that is nothing without it. Throws LiveImpossibleError where it cannot be. */
export async function requireLive(dependencies: Dependencies): Promise<Live> {
  const live = await dependencies.live();
  const reason = await live.whyNotLive();
  if (reason !== null) throw new LiveImpossibleError(reason);
  return live;
}

/** The program that reads in the place of the first listener; null: none. Throws UsageError. */
export function daemonOf(flags: FlagValues, io: Io): Daemon | null {
  const text = flags.of(DAEMON);
  const logFile = flags.of(DAEMON_LOG);
  if (logFile !== null) {
    if (text === null || text === CONNTRACKD) {
      throw new UsageError("--daemon-log: expected a command in --daemon beside it, got none");
    }
    fileOutput(logFile, `--${DAEMON_LOG.name}`, io);
  }
  if (text === null || text === CONNTRACKD) return text;
  return { text, argv: ["/bin/sh", "-c", text], logFile };
}

/** Null: the simulated kernel is asked for. Throws UsageError. */
export async function liveOf(flags: FlagValues, dependencies: Dependencies): Promise<Live | null> {
  if (flags.has(LIVE)) return dependencies.live();
  if (flags.has(DAEMON)) throw new UsageError("--daemon: expected --live beside it, got it for a simulated kernel");
  if (flags.has(DAEMON_LOG)) throw new UsageError("--daemon-log: expected --live and --daemon beside it, got neither");
  return null;
}
