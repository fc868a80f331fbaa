/**
 * Names of kernels that hide their level. A distribution's version says which mainline it began with, not what it took
 * since: Debian's 6.1.0-47-amd64 is 6.1.170, and 5.14.0-362.el9 has the redelivery of 5.19. What such a name is taken
 * for, and which rule that is not in the name would change a result most, is said here as one sentence; the rules can
 * be set (effective-release.ts), and what is known of single builds is in vendor-levels.ts.
 */
import { cameBetween, releaseFor } from "./release.js";
import { CHANGES } from "./release-changes.js";
import { isRebased, levelBehind } from "./vendor-levels.js";

interface Vendor {
  name: RegExp;
  /** Who builds it, and what is known. */
  says(version: string): string;
}

/** The first three numbers. */
function numbersOf(version: string): string {
  return /^\d+\.\d+(\.\d+)?/.exec(version)?.[0] ?? version;
}

const SET_THEM = "set the rules with --admission, --gc and --retry";

/** The rules that change a result most, in words. */
const RULES = [
  ["gc", "the gc worker"],
  ["admission", "admission"],
  ["invertedDeadline", "the time test of the worker"],
] as const;

/**
 * What updates of the branch changed of them between the levels that the version may have: `admission (6.1.146)`; null:
 * nothing.
 */
function changedByUpdates(version: string): string | null {
  const branch = /^\d+\.\d+\./.exec(`${version}.`)![0];
  const level = levelBehind(version) ?? { least: numbersOf(version), most: null };
  const told = RULES.flatMap(([fact, words]) => {
    const updates = CHANGES.filter(({ facts }) => fact in facts)
      .flatMap(({ from }) => Object.keys(from))
      .filter((update) => update.startsWith(branch) && cameBetween(update, level.least, level.most));
    return updates.length === 0 ? [] : [`${words} (${updates.join(" and ")})`];
  });
  return told.length === 0 ? null : told.join(", ");
}

/** What a name of Debian or Ubuntu is taken for. `look`: where the level is written. */
function taken(version: string, vendor: string, look: string): string {
  const level = levelBehind(version);
  const changed = changedByUpdates(version);
  if (level !== null && changed === null) {
    return level.least === level.most
      ? `${version} is taken for ${level.least}, the level of that build of ${vendor}`
      : `${version} is taken for ${level.least}: ${vendor}'s name hides the level, but the rules that matter most are the same ` +
          (level.most === null ? "in every update after that" : `up to ${level.most}`);
  }
  const later = level === null ? "" : "later ";
  const updates = changed === null ? "" : `; ${later}updates of its branch changed ${changed}`;
  return (
    `${version} is taken for ${level?.least ?? numbersOf(version)}, but ${vendor}'s name hides the level${updates}: ` +
    `give ${look}, or ${SET_THEM}`
  );
}

const VENDORS: readonly Vendor[] = [
  {
    name: /\.amzn/,
    says: (version) => {
      const changed = changedByUpdates(version);
      const updates = changed === null ? "" : `; updates of its branch changed ${changed}`;
      return `${version} is taken for ${numbersOf(version)}, but Amazon's backports are not in the name${updates}: ${SET_THEM}`;
    },
  },
  {
    name: /\.el([789]|10)/,
    says: (version) =>
      isRebased(version)
        ? `${version} is taken for ${levelBehind(version)!.least}, to which Red Hat rebased its conntrack; whether it has the ` +
          "admission of July 2025 (--admission new) or a later gc worker (--gc pass-mean), the name does not tell"
        : `${version} is taken for ${numbersOf(version)}, but Red Hat's backports are not in the name: ${SET_THEM}`,
  },
  {
    name: /^\d+\.\d+\.0-\d+(\.bpo\.\d+)?-(rt-|cloud-)?(amd64|arm64|686|armmp)/,
    says: (version) => taken(version, "Debian", "what /proc/version says after Debian, as in --kernel 6.1.170"),
  },
  {
    name: /-(generic|lowlatency|aws|azure|gcp|gke|oracle|kvm|raspi|ibm)\b|gke/,
    says: (version) => taken(version, "Ubuntu", "the last word of /proc/version_signature, as in --kernel 5.15.190"),
  },
];

/**
 * Two numbers alone: the branch, of which people mean their own level. Null: more was given, or no update changed a
 * rule.
 */
export function branchAlone(version: string): string | null {
  if (!/^[3-9]\.\d+$/.test(version) || releaseFor(version) === null) return null;
  const changed = changedByUpdates(version);
  if (changed === null) return null;
  return `${version} is taken for ${version}.0; updates of its branch changed ${changed}: give the third number, too`;
}

/**
 * One sentence on a name that hides its level; null: the name says it. A level that is given (third number not 0)
 * speaks for itself.
 */
export function hiddenLevel(version: string): string | null {
  if (releaseFor(version) === null) return null;
  if (!/^\d+\.\d+\.0\b/.test(version) && !/\.el\d|\.amzn/.test(version)) return null;
  return VENDORS.find(({ name }) => name.test(version))?.says(version) ?? null;
}

/**
 * The level in what uname -v says, the end of /proc/version: Debian writes its upstream version there,
 * `#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-1 (2026-05-01)`. Null: none is there.
 */
export function levelInUnameVersion(text: string): string | null {
  return /\bDebian (\d+\.\d+\.\d+)-/.exec(text)?.[1] ?? null;
}

/**
 * The level in Ubuntu's /proc/version_signature, which ends with the upstream version:
 * `Ubuntu 5.15.0-113.123-generic 5.15.153`. Null: none is there.
 */
function levelInSignature(text: string): string | null {
  return /^Ubuntu \S+ (\d+\.\d+\.\d+)\s*$/.exec(text)?.[1] ?? null;
}

/** What a running kernel says of itself: uname -r, uname -v, /proc/version_signature where there is one. */
export interface RunningKernel {
  release: string;
  version: string;
  signature: string | null;
}

/** The level of a running kernel, where its distribution says it, otherwise what uname -r says. */
export function runningLevel({ release, version, signature }: RunningKernel): string {
  return levelInUnameVersion(version) ?? levelInSignature(signature ?? "") ?? release;
}
