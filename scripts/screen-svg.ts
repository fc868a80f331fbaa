/** A screen of a terminal as an SVG: the sixteen colours and the two weights that the report uses, on dark. */

const ESCAPE = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`);
const COLUMN = 8.4;
const LINE = 18;
const MARGIN = 16;
const COLOURS: Readonly<Record<string, string>> = {
  31: "#f47067",
  32: "#57ab5a",
  33: "#c69026",
  36: "#39c5cf",
};
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

interface Style {
  colour: string | null;
  bold: boolean;
  dim: boolean;
}

/** `columns`: how wide the screen is, in characters. */
export function screenSvg(text: string, columns: number): string {
  const lines = text.trimEnd().split("\n");
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const style: Style = { colour: null, bold: false, dim: false };
  const rows = lines.map((line, index) => row(line, MARGIN + (index + 1) * LINE - 5, style));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="${width}" height="${height}" rx="8" fill="#1c2128"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#cdd9e5" xml:space="preserve">
${rows.join("\n")}
</g>
</svg>
`;
}

/** Each piece of one style stands at its own column, whatever the font makes of the characters before it. */
function row(line: string, y: number, style: Style): string {
  let column = 0;
  const pieces = line.split(ESCAPE).map((part, at) => {
    if (at % 2 === 1) {
      for (const code of part.split(";")) apply(code, style);
      return "";
    }
    const x = MARGIN + column * COLUMN;
    column += part.length;
    if (part.trim() === "") return "";
    const length = part.length * COLUMN;
    return `<tspan x="${x.toFixed(1)}" textLength="${length.toFixed(1)}"${attributes(style)}>${escaped(part)}</tspan>`;
  });
  return `<text y="${y}">${pieces.join("")}</text>`;
}

function apply(code: string, style: Style): void {
  if (code === "1") style.bold = true;
  else if (code === "2") style.dim = true;
  else if (code === "22") style.bold = style.dim = false;
  else if (code === "39") style.colour = null;
  else if (code in COLOURS) style.colour = COLOURS[code]!;
  else if (code === "0" || code === "") Object.assign(style, { colour: null, bold: false, dim: false });
}

function attributes({ colour, bold, dim }: Style): string {
  return (
    (colour === null ? "" : ` fill="${colour}"`) + (bold ? ' font-weight="bold"' : "") + (dim ? ' opacity="0.65"' : "")
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => ENTITIES[character]!);
}
