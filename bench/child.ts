/** One row in a process of its own: measures it beside the calibration loop and prints both as one line of JSON. */
import { calibrate } from "./calibration.js";
import type { Measured } from "./result.js";
import type { Row, SkippedRow } from "./row.js";

const [name, length] = process.argv.slice(2);
const { row } = (await import(`./rows/${name}.js`)) as { row: Row | SkippedRow };
const measured: Measured = { row: name!, title: row.title, calibration: 0, figures: [], skipped: null };
if ("skipped" in row) {
  measured.skipped = row.skipped;
} else {
  // Before and after: the machine may have had a bad moment.
  const before = calibrate();
  measured.figures = await row.measure(length === "short");
  measured.calibration = Math.max(before, calibrate());
  if (measured.figures.length === 0) measured.skipped = "takes too long for a short run.";
}
console.log(JSON.stringify(measured));
