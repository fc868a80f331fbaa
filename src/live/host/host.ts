/**
 * What the running kernel and its machine are: the facts that a live scenario cannot choose. It reads files and asks
 * Node; what follows from the facts is refusal.ts and the run.
 */
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { gunzipSync } from "node:zlib";
import { runningLevel } from "../../kernel/vendor.js";
import type { Overrides } from "../../scenario/defaults.js";
import { readNumber, readSysctl, readText } from "./kernel-files.js";

export interface LiveHost {
  /** As uname -s, -r and the processor say it. */
  system: string;
  release: string;
  architecture: string;
  /** CPUs that a process may use. */
  cpus: number;
  /** Null: nothing on this machine tells. */
  hz: number | null;
  rmemMaxBytes: number | null;
  nfConntrackMax: number | null;
  buckets: number | null;
  /** Whether the kernel has IPv6. */
  ipv6: boolean;
}

export function liveHost(): LiveHost {
  return {
    system: os.type(),
    release: runningLevel({
      release: os.release(),
      version: os.version(),
      signature: readText("/proc/version_signature"),
    }),
    architecture: os.arch(),
    cpus: os.availableParallelism(),
    hz: ticksPerSecond(),
    rmemMaxBytes: readNumber("/proc/sys/net/core/rmem_max"),
    nfConntrackMax: readSysctl("max"),
    buckets: readSysctl("buckets"),
    ipv6: existsSync("/proc/net/if_inet6"),
  };
}

/** CONFIG_HZ of the kernel's own configuration, or of the file that a distribution installs beside it. */
function ticksPerSecond(): number | null {
  const sources = [
    () => gunzipSync(readFileSync("/proc/config.gz")).toString("latin1"),
    () => readFileSync(`/boot/config-${os.release()}`, "latin1"),
  ];
  for (const source of sources) {
    try {
      const hz = /^CONFIG_HZ=(\d+)$/m.exec(source());
      if (hz !== null) return Number(hz[1]);
    } catch {
      // This machine does not have that file.
    }
  }
  return null;
}

/** What a scenario has to say so that it can run here; a user's own values go over it. */
export function liveOverrides(host: LiveHost): Overrides {
  return {
    kernel: host.release,
    cpus: host.cpus > 1 ? 2 : 1,
    path: "loopback",
    ...(host.hz === null ? {} : { hz: host.hz }),
    ...(host.rmemMaxBytes === null ? {} : { rmemMaxBytes: host.rmemMaxBytes }),
    ...(host.nfConntrackMax === null ? {} : { nfConntrackMax: host.nfConntrackMax }),
    ...(host.buckets === null ? {} : { buckets: host.buckets }),
  };
}
