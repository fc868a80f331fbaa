/**
 * Names of kernels that hide their level. A distribution's version says which mainline it began with, not what it took since:
 * Debian's 6.1.0-47-amd64 is 6.1.170, and 5.14.0-362.el9 has the redelivery of 5.19. What such a name is taken for, and which rule
 * that is not in the name would change a result most, is said here as one sentence; the rules can be set (effective-release.ts).
 */
import { releaseFor } from "./release.js";
import { CHANGES } from "./release-changes.js";

interface Vendor {
  name: RegExp;
  /** Who builds it, and what is known. */
  says(version: string): string;
}

/** The first three numbers. */
function levelOf(version: string): string {
  return /^\d+\.\d+(\.\d+)?/.exec(version)?.[0] ?? version;
}

/** The build number of Red Hat's: 362 of 5.14.0-362.8.1.el9. */
function buildOf(version: string): number {
  return Number(/^\d+\.\d+\.\d+-(\d+)/.exec(version)?.[1] ?? 0);
}

const SET_THEM = "or set the rules with --admission, --gc and --retry";

/** The rules that change a result most, in words. */
const RULES = [
  ["gc", "the gc worker"],
  ["admission", "admission"],
  ["invertedDeadline", "the time test of the worker"],
] as const;

/** What the updates of the version's branch changed of them: `admission (6.1.146)`; empty: nothing. */
function changedByUpdates(version: string): string {
  const branch = /^\d+\.\d+\./.exec(`${version}.`)![0];
  const told = RULES.flatMap(([fact, words]) => {
    const updates = CHANGES.filter(({ facts }) => fact in facts).flatMap(({ from }) =>
      Object.keys(from).filter((update) => update.startsWith(branch)),
    );
    return updates.length === 0 ? [] : [`${words} (${updates.join(" and ")})`];
  });
  return told.length === 0 ? "" : `; updates of its branch changed ${told.join(", ")}`;
}

const VENDORS: readonly Vendor[] = [
  {
    name: /\.amzn/,
    says: (version) =>
      `${version} is taken for ${levelOf(version)}; Amazon's backports are not in the name${changedByUpdates(version)}: ${SET_THEM}`,
  },
  {
    name: /\.el([789]|10)/,
    says: (version) =>
      // The rebase is in the changelog of 5.14.0-149.el9.
      /\.el9/.test(version) && buildOf(version) >= 149
        ? `${version} is taken for ${levelOf(version)}, but Red Hat rebased its conntrack to 5.19: that is ` +
          "--retry evict-list-inverted --gc pass-halving --sysctl nf_conntrack_events=2; whether it has the admission of " +
          "July 2025 (--admission new) or a later gc worker, the name does not tell"
        : `${version} is taken for ${levelOf(version)}; Red Hat's backports are not in the name: ${SET_THEM}`,
  },
  {
    name: /^\d+\.\d+\.0-\d+(\.bpo\.\d+)?-(rt-|cloud-)?(amd64|arm64|686|armmp)/,
    says: (version) =>
      `${version} is taken for ${levelOf(version)}, but Debian's name hides the level${changedByUpdates(version)}: give what ` +
      `/proc/version says after Debian, as in --kernel 6.1.170, ${SET_THEM}`,
  },
  {
    name: /-(generic|lowlatency|aws|azure|gcp|gke|oracle|kvm|raspi|ibm)\b|gke/,
    says: (version) =>
      `${version} is taken for ${levelOf(version)}, but Ubuntu's name hides the level${changedByUpdates(version)}: give the last ` +
      `word of /proc/version_signature, as in --kernel 5.15.190, ${SET_THEM}`,
  },
];

/** One sentence on a name that hides its level; null: the name says it. A level that is given (third number not 0) speaks for itself. */
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
