/**
 * The Report as JSON: the object as it is, keys in its order, nothing added or left out. Indented by two spaces as
 * JSON.stringify does, except that a short array of plain values (a row of the timeline) stays on one line, so that a
 * saved report can be read and its differences reviewed. What the figures mean is report.ts's business.
 */
/** A row of the timeline with large counts fits; a list of sentences (violated invariants) gets one line each. */
const LONGEST_ARRAY_LINE = 100;

export function renderJson(report: object): string {
  // Through JSON once, so that only what JSON can hold is left: absent fields are gone and no value is undefined.
  return `${print(JSON.parse(JSON.stringify(report)), "")}\n`;
}

function print(value: unknown, indent: string): string {
  if (Array.isArray(value)) return printArray(value, indent);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${print(member, inner)}`);
  return enclose("{", members, "}", indent);
}

function printArray(values: readonly unknown[], indent: string): string {
  if (values.every((value) => typeof value !== "object" || value === null)) {
    const line = `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
    if (line.length <= LONGEST_ARRAY_LINE) return line;
  }
  const inner = `${indent}  `;
  return enclose(
    "[",
    values.map((value) => print(value, inner)),
    "]",
    indent,
  );
}

function enclose(open: string, members: readonly string[], close: string, indent: string): string {
  if (members.length === 0) return open + close;
  const inner = `${indent}  `;
  return `${open}\n${inner}${members.join(`,\n${inner}`)}\n${indent}${close}`;
}
