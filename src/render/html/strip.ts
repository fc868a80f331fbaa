/** A figure and its interval as a little picture in a row of a table. It shows no number that the row has not. */

const WIDTH = 200;
const HEIGHT = 14;

export interface Strip {
  /** As a bar from 0; null: none. */
  bar?: number | null;
  /** As an area, as a line and as a mark. */
  area?: readonly [low: number, high: number] | null;
  line?: readonly [low: number, high: number] | null;
  mark?: number | null;
  /** The right end of the picture; the left one is 0. */
  most: number;
  /** Of the page's colours. */
  colour: number | "good" | "bad";
}

export function stripOf({ bar = null, area = null, line = null, mark = null, most, colour }: Strip): string {
  if (!(most > 0)) return "";
  const at = (value: number): number => Math.round((WIDTH * 10 * Math.min(most, Math.max(0, value))) / most) / 10;
  const rectangle = (from: number, to: number, top: number, paint: string): string => {
    const left = Math.min(at(from), WIDTH - 2);
    const width = Math.max(2, at(to) - left);
    return `<rect x="${left}" y="${top}" width="${width}" height="${HEIGHT - 2 * top}" ${paint}/>`;
  };
  const paint = `fill="var(--${typeof colour === "number" ? `s${colour}` : colour})"`;
  const parts = [
    ...(area === null ? [] : [rectangle(area[0], area[1], 1, `${paint} fill-opacity="0.35"`)]),
    ...(bar === null ? [] : [rectangle(0, bar, 3, `${paint} fill-opacity="0.55"`)]),
    ...(line === null ? [] : [rectangle(line[0], line[1], 6, 'fill="var(--ink)"')]),
    ...(mark === null ? [] : [rectangle(mark, mark, 2, 'fill="var(--ink)"')]),
  ];
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true" preserveAspectRatio="none">` +
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--block)"/>${parts.join("")}</svg>`
  );
}
