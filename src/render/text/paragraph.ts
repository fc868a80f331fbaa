/**
 * Sentences on a screen of a given width: wrapping, and the label in front of a fact. One character is one column. It
 * wraps plain text only; colour is laid over the finished lines, because escape codes have no width.
 */
import type { Paint } from "./theme.js";

/** Wide enough for the longest label and two spaces. */
export const LABEL_COLUMNS = 12;

/** A number stays beside its unit, and a flag or a seed beside its value: they are read, and copied, as one word. */
const BREAK = /(?<!--[a-z-]+|\bseed) (?!(?:[nmµ]?s|min|h|B|[KMG]iB|%)(?![\w-]))/;

/** Below this no table can stand. */
const NARROWEST = 40;
/** Above this the eye loses the line. */
const WIDEST = 120;

/** What a screen of a number of columns is laid out for. `widest`: infinite where lines are not read as prose. */
export function legibleWidth(columns: number, widest = WIDEST): number {
  return Math.min(widest, Math.max(NARROWEST, Math.floor(columns) || NARROWEST));
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(BREAK).flatMap((word) => pieces(word, width))) {
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** `label       text`, the text wrapped beside its label. */
export function field(label: string, text: string, width: number, paint: { label: Paint; text?: Paint }): string[] {
  return wrap(text, width - LABEL_COLUMNS).map((line, index) => {
    const margin = (index === 0 ? label : "").padEnd(LABEL_COLUMNS);
    return paint.label(margin) + (paint.text === undefined ? line : paint.text(line));
  });
}

/** A bullet in front of the first line, and the others below its text. */
export function hanging(bullet: string, text: string, width: number): string[] {
  return wrap(text, width - bullet.length).map(
    (line, index) => (index === 0 ? bullet : " ".repeat(bullet.length)) + line,
  );
}

/** A word longer than a line (a path, an expression without spaces) is cut rather than let out of the screen. */
function pieces(word: string, width: number): string[] {
  if (word.length <= width) return [word];
  return Array.from({ length: Math.ceil(word.length / width) }, (_, index) =>
    word.slice(index * width, (index + 1) * width),
  );
}
