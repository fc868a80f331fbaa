/**
 * In words, what the kernel's name does not tell: the rule that would change the run most, and what the others would.
 */
import type { Report, Tried } from "../../report/report.js";
import { changesOf, unfinishedOf } from "./what-if.js";

/** Figures that a sentence has room for, what is worse before what is better. */
const MOST_OF_FIRST = 2;
const MOST_OF_OTHERS = 1;

const hasEffect = ({ better, worse }: Tried): boolean => better.length + worse.length > 0;

/** A few sentences, or none. */
export function hiddenRulesText({
  scenario: { kernel },
  hiddenRules,
}: Pick<Report, "scenario" | "hiddenRules">): string {
  if (hiddenRules === undefined) return "";
  const { tried, unfinished } = hiddenRules;
  const [most, ...less] = tried.filter(hasEffect);
  const without = tried.filter((one) => !hasEffect(one)).map(({ flags }) => flags);
  const told = [
    most &&
      `Of what the name ${kernel} does not tell, ${most.flags} would change this run most: ${first(most, MOST_OF_FIRST)}.`,
    less.length > 0 &&
      `Of the others: ${less.map((one) => `${one.flags} (${first(one, MOST_OF_OTHERS)})`).join(", ")}.`,
    without.length > 0 &&
      (most === undefined
        ? `What the name ${kernel} does not tell changes nothing that goes wrong in this run: ${without.join(", ")}.`
        : `No effect on it: ${without.join(", ")}.`),
    unfinishedOf(unfinished),
  ];
  return told.filter(Boolean).join(" ");
}

function first(one: Tried, figures: number): string {
  const worse = one.worse.slice(0, figures);
  return changesOf({ ...one, worse, better: one.better.slice(0, figures - worse.length) });
}
