/** HTML from text and numbers: everything that is not markup is escaped, so that a name of a scenario stays a name. */
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** JSON that can stand in a script element: no text in it ends the element or begins a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

/** Pairs of a label and its text, both plain. */
export function definitions(pairs: readonly (readonly [label: string, text: string])[]): string {
  const rows = pairs.map(([label, text]) => `<dt>${escaped(label)}</dt><dd>${escaped(text)}</dd>`);
  return `<dl>${rows.join("")}</dl>`;
}

/** HTML that stands in a cell as it is. */
export interface Markup {
  html: string;
}

/**
 * A table, the first column its heads; what is no markup is escaped. `caption`: what it is, also where no eye sees the
 * heading.
 */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | Markup)[])[],
): string {
  const heads = head.map((text) => (text === "" ? "<td></td>" : `<th scope="col">${escaped(text)}</th>`)).join("");
  const body = rows.map(([first = "", ...cells]) => {
    const rest = cells.map((cell) => `<td>${inCell(cell)}</td>`).join("");
    return `<tr><th scope="row">${inCell(first)}</th>${rest}</tr>`;
  });
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(caption)}"><table><caption class="aside">${escaped(caption)}</caption>` +
    `<thead><tr>${heads}</tr></thead><tbody>${body.join("")}</tbody></table></div>`
  );
}

/** A sentence in a cell, which may break. */
export function inWords(text: string): string {
  return `<span class="words">${escaped(text)}</span>`;
}

function inCell(cell: string | Markup): string {
  return typeof cell === "string" ? escaped(cell) : cell.html;
}
