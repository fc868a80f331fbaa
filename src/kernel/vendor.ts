/**
 * Names of kernels that hide their level. A distribution's version says which mainline it began with, not what it took
 * since: Debian's 6.1.0-47-amd64 is 6.1.170, and 5.14.0-362.el9 has the redelivery of 5.19. What such a name is taken
 * for is said here as one sentence, and what it may have beyond that as changes (open-rules.ts makes settings of them);
 * the rules can be set (effective-release.ts), and what is known of single builds is in vendor-levels.ts.
 */
import { cameBetween, changesAfter, releaseFor } from "./release.js";
import { CHANGES, type Change } from "./release-changes.js";
import { isRebased, levelBehind } from "./vendor-levels.js";

interface Vendor {
  name: RegExp;
  /** Who builds it, and what is known. */
  says(version: string): string;
  /** What it may have beyond what it is taken for. */
  mayHave(version: string): readonly Change[];
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
  const told = RULES.flatMap(([fact, words]) => {
    const updates = CHANGES.filter(({ facts }) => fact in facts).flatMap((change) => openUpdates(version, change));
    return updates.length === 0 ? [] : [`${words} (${updates.join(" and ")})`];
  });
  return told.length === 0 ? null : told.join(", ");
}

/** The updates of its branch, between the levels that the version may have, that brought a change. */
function openUpdates(version: string, { from }: Change): string[] {
  const branch = /^\d+\.\d+\./.exec(`${version}.`)![0];
  const level = levelBehind(version) ?? { least: numbersOf(version), most: null };
  return Object.keys(from).filter(
    (update) => update.startsWith(branch) && cameBetween(update, level.least, level.most),
  );
}

function changesByUpdates(version: string): Change[] {
  return CHANGES.filter((change) => openUpdates(version, change).length > 0);
}

/** The admission of July 2025 mends CVE-2025-38465, so that it is taken where nothing else is. */
const isSecurityFix = ({ facts }: Change): boolean => facts.admission !== undefined;

/** Red Hat's 7 took no features after 2019 (its 7.7), the time of 5.0. */
const LAST_FEATURES_OF_EL7 = "5.0";

function isBeforeEndOfEl7({ from }: Change): boolean {
  return !cameBetween(Object.keys(from)[0]!, LAST_FEATURES_OF_EL7, null);
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
    mayHave: (version) => {
      const updates = changesByUpdates(version);
      return changesAfter(version).filter((change) => updates.includes(change) || isSecurityFix(change));
    },
  },
  {
    name: /\.el([789]|10)/,
    mayHave: (version) => {
      const later = changesAfter(version);
      return /\.el7/.test(version)
        ? later.filter((change) => isBeforeEndOfEl7(change) || isSecurityFix(change))
        : later;
    },
    says: (version) =>
      isRebased(version)
        ? `${version} is taken for ${levelBehind(version)!.least}, to which Red Hat rebased its conntrack; whether it has the ` +
          "admission of July 2025 (--admission new) or a later gc worker (--gc pass-mean), the name does not tell"
        : `${version} is taken for ${numbersOf(version)}, but Red Hat's backports are not in the name: ${SET_THEM}`,
  },
  {
    name: /^\d+\.\d+\.0-\d+(\.bpo\.\d+)?-(rt-|cloud-)?(amd64|arm64|686|armmp)/,
    says: (version) => taken(version, "Debian", "what /proc/version says after Debian, as in --kernel 6.1.170"),
    mayHave: changesByUpdates,
  },
  {
    name: /-(generic|lowlatency|aws|azure|gcp|gke|oracle|kvm|raspi|ibm)\b|gke/,
    says: (version) => taken(version, "Ubuntu", "the last word of /proc/version_signature, as in --kernel 5.15.190"),
    mayHave: changesByUpdates,
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
  return vendorOf(version)?.says(version) ?? null;
}

/** What a name that hides its level may have beyond what it is taken for, in the order of the mainline. */
export function hiddenChanges(version: string): readonly Change[] {
  return vendorOf(version)?.mayHave(version) ?? [];
}

function vendorOf(version: string): Vendor | undefined {
  if (releaseFor(version) === null) return undefined;
  if (!/^\d+\.\d+\.0\b/.test(version) && !/\.el\d|\.amzn/.test(version)) return undefined;
  return VENDORS.find(({ name }) => name.test(version));
}

/**
 * Branches whose kernels OpenWrt built with its chain of notifiers (recorded: 4.9, 4.19; its patch was seen for 5.15).
 */
const OPENWRT_BRANCHES = /^(4\.9|4\.14|4\.19|5\.4|5\.10|5\.15)\.[1-9]\d*$/;

/**
 * Whether a name may be that of a router with OpenWrt, whose `uname -r` is the upstream version and nothing more. Such
 * a kernel has its chain of notifiers, with which no listener is reliable.
 */
export function mayBeOpenWrt(version: string): boolean {
  return OPENWRT_BRANCHES.test(version);
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
