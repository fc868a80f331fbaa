/**
 * `--kernel host`: the version of the running kernel takes the word's place before anything is read, so that the run,
 * its echo and the command that repeats it elsewhere name the same kernel. Which release it is modelled as is only said
 * here.
 */
import { openRules } from "../kernel/open-rules.js";
import { releaseFor } from "../kernel/release.js";
import { branchAlone, hiddenLevel, runningLevel } from "../kernel/vendor.js";
import { UsageError } from "../scenario/errors.js";
import { HOST, type Scenario } from "../scenario/scenario.js";
import type { Dependencies } from "./dependencies.js";
import type { Given } from "./flag.js";

const KERNEL_FLAG = "kernel";

export function withHostKernel(given: readonly Given[], dependencies: Pick<Dependencies, "host">): readonly Given[] {
  if (!asksForHost(given)) return given;
  const host = dependencies.host();
  const { system } = host;
  if (system !== "Linux") {
    throw new UsageError(
      `--${KERNEL_FLAG}: expected a version where this machine does not run Linux, got ${HOST} (${system})`,
    );
  }
  return given.map((one) => (isHost(one) ? { ...one, text: runningLevel(host) } : one));
}

/**
 * What a user who named no version, or one that hides its level, has to know, or nothing. `scenario`: of the run that
 * is about to be.
 */
export function hostKernelNote(given: readonly Given[], kernel: string, scenario?: Scenario): string[] {
  const release = releaseFor(kernel);
  // What a file or a list of all releases has is meant as it stands.
  const isNamed = given.some(({ flag, text }) => flag.name === KERNEL_FLAG && text === kernel);
  const hidden = hiddenLevel(kernel) ?? (isNamed ? branchAlone(kernel) : null);
  const notes = hidden === null ? [] : [hidden];
  const [router] =
    isNamed && scenario !== undefined ? openRules(scenario).filter(({ chainEvents }) => chainEvents) : [];
  if (router !== undefined) {
    notes.push(
      `a router with OpenWrt (a file /etc/openwrt_release) says ${kernel}, too, and its kernels resend nothing: there, give ` +
        router.flags,
    );
  }
  if (!asksForHost(given) || release === null) return notes;
  return [`kernel ${kernel} is modelled as release ${release.version}`, ...notes];
}

/** The same of many runs, of every kernel in them. */
export function studiedKernelNotes(given: readonly Given[], kernels: readonly (string | undefined)[]): string[] {
  return [...new Set(kernels)].flatMap((kernel) => (kernel === undefined ? [] : hostKernelNote(given, kernel)));
}

function asksForHost(given: readonly Given[]): boolean {
  return given.some(isHost);
}

function isHost({ flag, text }: Given): boolean {
  return flag.name === KERNEL_FLAG && text === HOST;
}
