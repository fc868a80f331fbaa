/** The example of docs/LIBRARY.md, as a user copies it. It tests nothing itself. */
import { readFileSync } from "node:fs";

export function exampleOfTheLibrary(): string {
  const text = readFileSync(new URL("../../docs/LIBRARY.md", import.meta.url), "utf8");
  return /```js\n([\s\S]*?)```/.exec(text)![1]!;
}
