/**
 * The flags that take a file of a real machine in the place of flags: conntrackd.conf, ulogd.conf, sysctl settings.
 * What such a file says goes under the flags that are given beside it. What the file means is scenario/configurations/.
 */
import { readFileSync, statSync } from "node:fs";
import type { Configuration } from "../scenario/configurations/configuration.js";
import { conntrackdConfiguration } from "../scenario/configurations/conntrackd.js";
import { sysctlConfiguration } from "../scenario/configurations/sysctl.js";
import { ulogdConfiguration } from "../scenario/configurations/ulogd.js";
import type { Overrides } from "../scenario/defaults.js";
import { quoted, UsageError } from "../scenario/errors.js";
import { mergeParameters } from "../scenario/merge.js";
import { systemReason } from "./failure.js";
import { claimInput } from "./file-claims.js";
import { type Flag, type FlagValues, valued } from "./flag.js";
import type { Io } from "./io.js";
import { parsePath } from "./written-file.js";

interface ConfigurationFile extends Configuration {
  file: string;
}

type Read = (text: string, file: string) => Configuration;

function configurationFlag(name: string, heading: string, description: string, read: Read): Flag<ConfigurationFile> {
  return {
    ...valued({ name, value: "FILE", heading, description, file: true, repeats: true, parse: parsePath }),
    read(path) {
      const value = { ...read(textOf(path), path), file: path };
      return { value, canonical: path, apply: (overrides) => lay(value, overrides) };
    },
  };
}

/** Permission bits of the group and of others. */
const READABLE_BY_OTHERS = 0o044;

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `expected a file that can be read, got ${quoted(path)} (${systemReason(error)}${ownersOnly(path, error)})`,
    );
  }
}

/** Configuration files are often root's alone; empty where that is not the reason. */
function ownersOnly(path: string, error: unknown): string {
  if (!(error instanceof Error && "code" in error && error.code === "EACCES")) return "";
  try {
    const { mode, uid } = statSync(path);
    if ((mode & READABLE_BY_OTHERS) !== 0) return "";
    return `: only ${uid === 0 ? "root" : `user ${uid}`} may read it; a copy that you may read does as well`;
  } catch {
    return "";
  }
}

function lay({ listener, overrides: own }: Configuration, overrides: Overrides): void {
  const listeners = Object.keys(listener).length === 0 ? {} : { listeners: [listener] };
  Object.assign(overrides, mergeParameters(mergeParameters(overrides, own), listeners));
}

const READER = "Socket and reader:";

/** They stand before the flags of the parameters, which are laid over them. */
export const CONFIGURATION_FLAGS = [
  configurationFlag(
    "conntrackd-conf",
    READER,
    "the reader is a conntrackd with this conntrackd.conf",
    conntrackdConfiguration,
  ),
  configurationFlag("ulogd-conf", READER, "the reader is an ulogd with this ulogd.conf", ulogdConfiguration),
  configurationFlag(
    "sysctl-conf",
    "Kernel:",
    "the kernel has these sysctls: a sysctl.conf, or what sysctl -a prints",
    sysctlConfiguration,
  ),
];

/** What the files say that their user should hear. They are read, so that no result may go into one of them. */
export function configurationNotes(flags: FlagValues, io: Io): string[] {
  for (const flag of CONFIGURATION_FLAGS) for (const { file } of flags.all(flag)) claimInput(file, io);
  return CONFIGURATION_FLAGS.flatMap((flag) => flags.all(flag)).flatMap(({ notes }) => notes);
}
