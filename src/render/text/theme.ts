/**
 * What each colour of the screen says. Without colour every paint gives its text back unchanged, so that no other file
 * asks whether there is colour; and no colour says anything that the words do not say as well.
 */
import { Chalk } from "chalk";

export type Paint = (text: string) => string;

export interface Theme {
  heading: Paint;
  label: Paint;
  aside: Paint;
  good: Paint;
  bad: Paint;
  warning: Paint;
  flag: Paint;
  chart: Paint;
}

export function themeOf(colour: boolean): Theme {
  // Sixteen colours: the terminal's own palette, so that they suit a light background as well as a dark one.
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  return {
    heading: chalk.bold,
    label: chalk.cyan,
    aside: chalk.dim,
    good: chalk.green,
    bad: chalk.red,
    warning: chalk.yellow.bold,
    flag: chalk.bold,
    chart: chalk.yellow,
  };
}
