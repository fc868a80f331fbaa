/**
 * The table of docs/MODEL.md that says which level of the kernel has which rule, made from the changes that the release
 * rows are composed of, so that neither can be right without the other. Texts in, texts out.
 */
import path from "node:path";
import type { Known } from "../src/kernel/release-changes.js";
import { CHANGES } from "../src/kernel/release-changes.js";

export const MODEL = path.join(import.meta.dirname, "..", "docs", "MODEL.md");

export const LEVELS = {
  begin: "<!-- levels, written by npm run generate -->",
  end: "<!-- end of levels -->",
};

export function levelTable(): string {
  const rows = CHANGES.map(({ from, what, commit }) => {
    const [mainline, ...updates] = Object.entries(from).map(level);
    return `| ${mainline} | ${updates.join(", ")} | ${what} | ${commit ?? ""} |`;
  });
  return ["| mainline | updates of branches | rule | commit |", "|---|---|---|---|", ...rows].join("\n");
}

/** `5.10.62 (recorded)`. */
function level([version, known]: [string, Known]): string {
  return `${version} (${known})`;
}
