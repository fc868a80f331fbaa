/**
 * What was expected and what came of it: a row each, with the measured figure beside its limit as a bar. The bar is a
 * picture of the two numbers of the row, not another number.
 */
import type { ExpectationResult } from "../../report/report.js";
import { measured } from "../measured.js";
import { count } from "../text/numbers.js";
import { escaped } from "./markup.js";

/** Of the bar, in its own units. The limit stands where three quarters of it are, unless the figure is far above. */
const WIDTH = 200;
const HEIGHT = 12;
const LIMIT_AT = 0.75;

export function expectationsOf(results: readonly ExpectationResult[]): string {
  if (results.length === 0) return "";
  const rows = results.map((result) => {
    const { expression, ok } = result;
    const cells = [
      `<th scope="row" class="words">${escaped(expression)}</th>`,
      `<td class="${ok ? "good" : "bad"}">${ok ? "✓ holds" : "✗ fails"}</td>`,
      `<td>${escaped(measured(result))}</td>`,
      `<td>${escaped(marginOf(result))}</td>`,
      `<td>${barOf(result)}</td>`,
    ];
    return `<tr>${cells.join("")}</tr>`;
  });
  const heads = ["expected", "", "measured", "margin", "measured against its limit"];
  const head = heads.map((text) => (text === "" ? "<td></td>" : `<th scope="col">${text}</th>`)).join("");
  return (
    '<div class="scroll" tabindex="0" role="region" aria-label="Expectations"><table><thead>' +
    `<tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`
  );
}

/** How far the measured figure is from its limit, as a part of the limit. */
export function marginOf({ actual, limit }: Pick<ExpectationResult, "actual" | "limit">): string {
  if (typeof actual !== "number" || typeof limit !== "number") return "";
  if (actual === limit) return "none";
  if (limit === 0) return "";
  const share = (100 * Math.abs(actual - limit)) / Math.abs(limit);
  const rounded = share < 0.1 ? "<0.1" : share > 999 ? ">999" : count(Number(share.toPrecision(3)));
  return `${rounded} % ${actual > limit ? "above" : "below"}`;
}

function barOf({ actual, limit, ok }: ExpectationResult): string {
  if (typeof actual !== "number" || typeof limit !== "number" || limit < 0 || actual < 0) return "";
  const top = Math.max(limit / LIMIT_AT, actual);
  if (!(top > 0)) return "";
  const at = (value: number): string => String(Math.round((WIDTH * value) / top));
  return (
    `<svg class="meter" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true" preserveAspectRatio="none">` +
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--block)"/>` +
    `<rect width="${at(actual)}" height="${HEIGHT}" fill="var(--${ok ? "good" : "bad"})"/>` +
    `<rect x="${Math.min(WIDTH - 2, Number(at(limit)))}" width="2" height="${HEIGHT}" fill="var(--ink)"/></svg>`
  );
}
