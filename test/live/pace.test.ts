/**
 * What a message takes a foreign program. It is the time of a processor, which other work beside it would share: these
 * tests run when nothing else of the suite does. Where the kernel cannot be had they are skipped and say why; with
 * REQUIRE_LIVE=1 they fail instead.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { liveHost, liveOverrides } from "../../src/live/host/host.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { loaded, OURS, onlySocket, ours, skip } from "./programs/runs.js";

describe("a foreign program as the reader", { skip }, () => {
  test("that takes 200 microseconds of the CPU for a message is said to take that", async () => {
    const { pace } = onlySocket(await ours("slow"));
    assert.ok(pace !== null && pace.messages > 400);
    // Python adds some of its own, and a loaded machine any amount; the spin takes at least what it says.
    assert.equal(pace.microsecondsPerMessage > 195, true, `${pace.microsecondsPerMessage}`);
  });

  test("that is measured is told the time of a message, and of one of a flush, and lives on", async () => {
    const { measuredProgram } = await loaded();
    const command = `python3 ${OURS} asks-who`;
    const scenario = resolveScenario("flood", { ...liveOverrides(liveHost()), protocol: "udp", packets: 1 });
    const measured = () =>
      measuredProgram(
        scenario,
        { text: command, argv: ["/bin/sh", "-c", command], logFile: null },
        { progress() {}, stopRequested: () => false },
      );
    let found = await measured();
    // On a machine that is busy with other things too few rounds may tell anything.
    for (let again = 0; again < 3 && (found.backlog.new === null || found.backlog.destroy === null); again++)
      found = await measured();
    const { backlog, listener, program } = found;
    assert.equal(program.ended, null);
    // The spins take at least what they say; a loaded machine adds any amount.
    const { microsecondsPerMessage: ofPackets } = backlog.new!;
    const { microsecondsPerMessage: ofFlush } = backlog.destroy!;
    assert.ok(ofPackets > 95 && ofFlush > 290, `${ofPackets}, ${ofFlush}`);
    assert.ok(ofFlush > ofPackets);
    assert.ok(listener.serviceNanoseconds > 90_000);
  });
});
