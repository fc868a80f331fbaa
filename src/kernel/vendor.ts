/**
 * Names of kernels that hide their level. A distribution's version says which mainline it began with, not what it took
 * since: Debian's 6.1.0-47-amd64 is 6.1.170, and 5.14.0-362.el9 has the redelivery of 5.19. What such a name is taken
 * for is said here as one sentence, and what it may have beyond that as changes (open-rules.ts makes settings of them);
 * the rules can be set (effective-release.ts), and what is known of single builds is in vendor-levels.ts.
 */
import { cameBetween, changesAfter, releaseFor } from "./release.js";
import { CHANGES, type Change } from "./release-changes.js";
import { DEBIAN_FLAVOUR, isRebased, levelBehind } from "./vendor-levels.js";

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

/** With its dot: `5.15.`. */
function branchOf(version: string): string {
  return /^\d+\.\d+\./.exec(`${version}.`)![0];
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
  const branch = branchOf(version);
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

/** Whether an update of its branch changed a rule. */
function hasUpdates(version: string): boolean {
  const branch = branchOf(version);
  return CHANGES.some(({ from }) => Object.keys(from).some((update) => update.startsWith(branch)));
}

/** What a vendor may have that takes the updates of its branch, and security fixes by itself. */
function changesOfUpdates(version: string): Change[] {
  const updates = changesByUpdates(version);
  return changesAfter(version).filter((change) => updates.includes(change) || isSecurityFix(change));
}

/**
 * The same of a vendor that goes on with branches that ended, such as Ubuntu's 6.8: it takes from the updates of
 * others.
 */
function changesOfAnyUpdates(version: string): Change[] {
  if (hasUpdates(version)) return changesByUpdates(version);
  return changesAfter(version).filter(({ from }) => Object.keys(from).length > 1);
}

/** When Red Hat's 6 (its 6.8, 2016) and 7 (its 7.7, 2019) took their last features, as versions of the mainline. */
const LAST_FEATURES: Readonly<Record<string, string>> = { el6: "4.6", el7: "5.0" };

/** Red Hat's 8 to 10 may have every later rule. */
function changesOfRedHat(version: string): Change[] {
  const later = changesAfter(version);
  const last = LAST_FEATURES[/\.(el\d+)/.exec(version)![1]!];
  if (last === undefined) return later;
  return later.filter((change) => isSecurityFix(change) || !cameBetween(Object.keys(change.from)[0]!, last, null));
}

/** What a name is taken for that does not tell the backports of its vendor. */
function backported(version: string, vendor: string): string {
  const changed = changedByUpdates(version);
  const updates = changed === null ? "" : `; updates of its branch changed ${changed}`;
  return `${version} is taken for ${numbersOf(version)}, but ${vendor}'s backports are not in the name${updates}: ${SET_THEM}`;
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
  // A vendor that goes on with a branch that ended has rules that no level of it tells.
  const tellsMore = hasUpdates(version) ? `give ${look}, or ` : "";
  return (
    `${version} is taken for ${level?.least ?? numbersOf(version)}, but ${vendor}'s name hides the level${updates}: ` +
    `${tellsMore}${SET_THEM}`
  );
}

/** Names whose numbers are a level of the mainline, beyond which the vendor has backports. */
const WITH_BACKPORTS: readonly (readonly [RegExp, string])[] = [
  [/\.amzn/, "Amazon"],
  [/uek\b/, "Oracle"],
  [/\.al\d+\b/, "Alibaba"],
  [/\.an\d+\b/, "Anolis"],
  [/\.oe\d/, "openEuler"],
  [/\.ky\d/, "Kylin"],
  [/\.tl\d|^5\.4\.119-|^4\.14\.105-/, "Tencent"],
];

const VENDORS: readonly Vendor[] = [
  // Before Red Hat's, whose .el8 stands in some of these names, too.
  ...WITH_BACKPORTS.map(([name, vendor]) => ({
    name,
    says: (version: string) => backported(version, vendor),
    mayHave: changesOfUpdates,
  })),
  {
    name: /\.el([6789]|10)/,
    says: (version) =>
      isRebased(version)
        ? `${version} is taken for ${levelBehind(version)!.least}, to which Red Hat rebased its conntrack; whether it has the ` +
          "admission of July 2025 (--admission new) or a later gc worker (--gc pass-mean), the name does not tell"
        : `${version} is taken for ${numbersOf(version)}, but Red Hat's backports are not in the name: ${SET_THEM}`,
    mayHave: changesOfRedHat,
  },
  {
    // 5.14.21-150500.55.49-default; Tumbleweed's 6.11.3-1-default has one number there and is the mainline's.
    name: /^\d+\.\d+\.\d+-\d+\.\d+[.\d]*-(default|azure|rt|preempt|kvmsmall)\b/,
    says: (version) =>
      `${version} is taken for ${numbersOf(version)}, but SUSE's backports are not in the name: ${SET_THEM}`,
    mayHave: changesAfter,
  },
  {
    // Built from Ubuntu's tree, with the level of that in the name.
    name: /-pve\b/,
    says: (version) => backported(version, "Proxmox"),
    mayHave: changesOfAnyUpdates,
  },
  {
    // With backports to an older Debian: 5.10.0-0.bpo.9-amd64, 6.1.0-0.deb11.13-amd64.
    name: new RegExp(`^\\d+\\.\\d+\\.0-(0\\.(bpo|deb\\d+)\\.)?\\d+-${DEBIAN_FLAVOUR}`),
    says: (version) => taken(version, "Debian", "what /proc/version says after Debian, as in --kernel 6.1.170"),
    mayHave: changesByUpdates,
  },
  {
    name: /^\d+\.\d+\.0-\d+(-(generic|lowlatency|aws|azure|gcp|gke|gkeop|oracle|oem|kvm|raspi|ibm|nvidia|intel|realtime)\b|.*gke)/,
    says: (version) => taken(version, "Ubuntu", "the last word of /proc/version_signature, as in --kernel 5.15.190"),
    mayHave: changesOfAnyUpdates,
  },
];

/**
 * Two numbers alone, or 5.15.x: the branch, of which people mean their own level. Null: more was given, or no update
 * changed a rule.
 */
export function branchAlone(version: string): string | null {
  const branch = /^([3-9]\.\d+)(\.[xy])?$/.exec(version)?.[1];
  if (branch === undefined || releaseFor(version) === null) return null;
  const changed = changedByUpdates(branch);
  if (changed === null) return null;
  return `${version} is taken for ${branch}.0; updates of its branch changed ${changed}: give the third number, too`;
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
 * `Ubuntu 5.15.0-113.123-generic 5.15.153`. Null: none is there, or its branch ended and Ubuntu went on with it, as
 * with 6.8, so that the level hides as much as the name does.
 */
function levelInSignature(text: string): string | null {
  const level = /^Ubuntu \S+ (\d+\.\d+\.\d+)\s*$/.exec(text)?.[1];
  return level !== undefined && hasUpdates(level) ? level : null;
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
