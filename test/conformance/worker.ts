/** Compares the recordings that it is sent; one message in, one message out. */
import { parentPort } from "node:worker_threads";
import { compare } from "./compare.js";
import type { Recording } from "./recording.js";
import type { References } from "./references.js";

interface Job {
  index: number;
  recording: Recording;
  seeds: number;
  references: References;
}

parentPort!.on("message", ({ index, recording, seeds, references }: Job) => {
  parentPort!.postMessage({ index, comparison: compare(recording, seeds, references) });
});
