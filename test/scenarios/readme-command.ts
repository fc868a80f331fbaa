/**
 * `npm run readme`: writes the table of the scenario library into README.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { libraryFiles, README } from "./library.js";
import { scenarioTable, withTable } from "./readme.js";

writeFileSync(README, withTable(readFileSync(README, "utf8"), scenarioTable(libraryFiles())));
