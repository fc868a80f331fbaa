/**
 * Figures as a person reads them: counts with a comma every three digits, shares that never round up to "all" or down
 * to "none", durations and sizes in the unit that fits. Nothing here depends on the locale, so that every machine
 * prints the same bytes. What cannot be known (null, NaN) is a dash, never a zero.
 */

export const UNKNOWN = "–";

/** 12345 → 12,345. A mean keeps three digits: 3.14. */
export function count(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  if (Number.isInteger(value) || Math.abs(value) >= 100) return grouped(Math.round(value));
  return trimmed(value.toPrecision(3));
}

const SHORT_FROM = 1e4;
const COUNT_UNITS = [
  { unit: "k", size: 1e3 },
  { unit: "M", size: 1e6 },
  { unit: "G", size: 1e9 },
];

/** For a cell that has no room for all digits: 1234567 → 1.23M. */
export function shortCount(value: number | null): string {
  if (value === null || !(value >= SHORT_FROM)) return count(value);
  // As with durations, the rounded figure chooses: 999,999 is 1M, not 1000k.
  for (const { unit, size } of COUNT_UNITS) {
    const rounded = Number((value / size).toPrecision(3));
    if (rounded < 1000) return `${rounded}${unit}`;
  }
  return `${count(Math.round(value / 1e9))}G`;
}

/** Of nothing there is no share, nor of the unknown: the empty string. */
export function percent(part: number | null, whole: number | null): string {
  if (part === null || whole === null || !(whole > 0)) return "";
  const share = (100 * part) / whole;
  if (part === 0 || part === whole || share > 100) return `${count(Math.round(share))} %`;
  if (share < 0.1) return "<0.1 %";
  if (share > 99.9) return ">99.9 %";
  return `${trimmed(share.toFixed(1))} %`;
}

const SHORT_UNITS = [
  { unit: "ns", seconds: 1e-9 },
  { unit: "µs", seconds: 1e-6 },
  { unit: "ms", seconds: 1e-3 },
];
const LONGEST_IN_SECONDS = 120;
const LONGEST_IN_MINUTES = 120;

/** 0.84 → 840 ms, 15.31 → 15.3 s, 725 → 12 min 5 s. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return UNKNOWN;
  if (seconds === 0) return "0 s";
  // The rounded figure chooses the unit: 999.7 µs is 1 ms, not 1000 µs.
  for (const { unit, seconds: size } of SHORT_UNITS) {
    const rounded = Number((seconds / size).toPrecision(3));
    if (rounded < 1000) return `${rounded} ${unit}`;
  }
  if (seconds < LONGEST_IN_SECONDS) return `${Number(seconds.toPrecision(3))} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < LONGEST_IN_MINUTES) return pair(minutes, "min", whole % 60, "s");
  return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

/** Below this a size is given to the byte: the reader who asked for 2048 wants to see what became of it. */
const LARGE_SIZE = 65_536;
const KIB = 1024;

/** 4096 → 4,096 B, 212992 → 208 KiB. */
export function size(bytes: number | null): string {
  if (bytes === null || !Number.isFinite(bytes)) return UNKNOWN;
  if (bytes < LARGE_SIZE) return `${count(bytes)} B`;
  const kib = bytes / KIB;
  if (kib < KIB) return `${trimmed(kib.toFixed(1))} KiB`;
  const mib = kib / KIB;
  return mib < KIB ? `${trimmed(mib.toFixed(1))} MiB` : `${trimmed((mib / KIB).toFixed(1))} GiB`;
}

/** "1 entry", "2,000 entries". */
export function plural(value: number | null, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function grouped(integer: number): string {
  return integer.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

function trimmed(decimal: string): string {
  return decimal.includes(".") && !decimal.includes("e") ? decimal.replace(/\.?0+$/, "") : decimal;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${count(large)} ${largeUnit}` : `${count(large)} ${largeUnit} ${small} ${smallUnit}`;
}
