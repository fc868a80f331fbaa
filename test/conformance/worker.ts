/** Compares the recordings that it is sent; one message in, one message out. */
import { parentPort } from "node:worker_threads";
import { compare } from "./compare.js";
import type { Recording } from "./recording.js";

parentPort!.on("message", ({ index, recording, seeds }: { index: number; recording: Recording; seeds: number }) => {
  parentPort!.postMessage({ index, comparison: compare(recording, seeds) });
});
