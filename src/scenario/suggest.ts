/**
 * "did you mean": the word that a typo was probably meant to be. Commander suggests flags and commands, but not values,
 * and in a sentence of its own; one function for all three keeps one wording. Distance is optimal string alignment,
 * which counts two swapped neighbours as one mistake.
 */
import { quoted } from "./errors.js";

/** `, did you mean "udp"?`, or nothing where no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  let nearest: string | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const mistakes = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (mistakes < distance) [nearest, distance] = [candidate, mistakes];
  }
  if (nearest === undefined || distance > allowedMistakes(nearest)) return "";
  return `, did you mean ${quoted(nearest)}?`;
}

/**
 * A third of the word, and at least one: beyond that a suggestion is a guess. Numbers are not words: 200 is no typo of
 * 250.
 */
function allowedMistakes(candidate: string): number {
  const letters = candidate.replace(/^-+/, "").length;
  return /[a-z]/i.test(candidate) ? Math.max(1, Math.min(3, Math.floor(letters / 3))) : 0;
}

function editDistance(a: string, b: string): number {
  // Words of very different length are no typos of each other, and the table below stays small.
  if (Math.abs(a.length - b.length) > 3) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? beforeLast[j - 2]! + 1 : replaced;
      row[j] = Math.min(replaced, swapped, last[j]! + 1, row[j - 1]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
