/**
 * Which level a distribution's build is. `uname -r` says 5.10.0-23-amd64 of a kernel that is 5.10.179: the first number
 * behind the dash counts builds. For builds on both sides of an update that changed a rule the level was looked up; a
 * build in between is at least at the level of the last known one, and below that of the next. Sorted lists: a name is
 * looked up by the last build not above it.
 */
export interface HiddenLevel {
  /** At least this. */
  least: string;
  /** At most this; null: no later build is known. */
  most: string | null;
}

/** What a build of Debian is for, behind its number. */
export const DEBIAN_FLAVOUR = "(?:rt-|cloud-)?(?:amd64|arm64|686|armmp|powerpc64le)";

function debian(branch: string): RegExp {
  return new RegExp(`^(${branch.replace(".", "\\.")})\\.0-(\\d+)-${DEBIAN_FLAVOUR}`);
}

interface Builds {
  name: RegExp;
  /** [build, third number of the level], ascending. */
  levels: readonly (readonly [number, number])[];
}

/**
 * Debian's from the banners of `uname -v` (`Debian 5.10.70-1`), Ubuntu's from /proc/version_signature, as reports of
 * users quote them.
 */
const BUILDS: readonly Builds[] = [
  {
    name: debian("4.9"),
    levels: [
      [5, 65],
      [6, 82],
      [19, 320],
    ],
  },
  {
    name: debian("4.19"),
    levels: [
      [5, 37],
      [9, 118],
      [16, 181],
      [17, 194],
      [18, 208],
      [20, 235],
      [27, 316],
    ],
  },
  {
    name: debian("5.10"),
    levels: [
      [8, 46],
      [9, 70],
      [23, 179],
      [35, 237],
      [36, 244],
    ],
  },
  {
    name: debian("6.1"),
    levels: [
      [9, 27],
      [18, 76],
      [37, 140],
      [38, 147],
      [47, 170],
    ],
  },
  {
    name: /^(5\.4)\.0-(\d+)-(?:generic|lowlatency)/,
    levels: [
      [90, 148],
      [91, 151],
      [96, 157],
      [136, 218],
      [166, 252],
      [205, 284],
    ],
  },
  {
    name: /^(5\.15)\.0-(\d+)-(?:generic|lowlatency)/,
    levels: [
      [25, 30],
      [40, 35],
      [43, 39],
      [58, 74],
      [72, 98],
      [79, 111],
      [91, 131],
      [94, 136],
      [100, 143],
      [136, 178],
      [139, 178],
      [160, 189],
    ],
  },
  {
    name: /^(5\.15)\.0-(\d+)-aws/,
    levels: [
      [1017, 39],
      [1063, 152],
      [1084, 179],
    ],
  },
  {
    name: /^(5\.15)\.0-(\d+)-azure/,
    levels: [
      [1041, 99],
      [1053, 132],
    ],
  },
];

/** Red Hat's 5.14.0-149.el9 and later have the conntrack of 5.19 (their changelog). */
const REBASED = /^5\.14\.0-(\d+)\..*el9/;
const REBASED_BUILD = 149;
const REBASED_TO = "5.19";

/** Null: the name says its level, or nothing is known of the build. */
export function levelBehind(version: string): HiddenLevel | null {
  if (isRebased(version)) return { least: REBASED_TO, most: null };
  // A backport to an older Debian has the number of the build that it is of (5.10.0-0.bpo.9, 6.1.0-0.deb11.13).
  const built = version.replace(/-0\.(bpo|deb\d+)\./, "-");
  for (const { name, levels } of BUILDS) {
    const [, branch, build] = name.exec(built) ?? [];
    const at = levels.findLastIndex(([known]) => known <= Number(build));
    if (at < 0) continue;
    const [known, least] = levels[at]!;
    const most = known === Number(build) ? least : levels[at + 1]?.[1];
    return { least: `${branch}.${least}`, most: most === undefined ? null : `${branch}.${most}` };
  }
  return null;
}

export function isRebased(version: string): boolean {
  return Number(REBASED.exec(version)?.[1] ?? 0) >= REBASED_BUILD;
}
