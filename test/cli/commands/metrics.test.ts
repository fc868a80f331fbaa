import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { METRICS } from "../../../src/report/metrics.js";
import { run } from "../harness.js";

describe("metrics", () => {
  test("lists every metric with its unit, its meaning and its whole", async () => {
    const { code, stdout, stderr } = await run(["metrics"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const heads = stdout.split("\n").filter((line) => /^\S/.test(line));
    assert.deepEqual(
      heads,
      METRICS.map(({ name, alias }) => alias ?? name),
    );
    assert.match(
      stdout,
      /\ndrain\n {4}from the start of the flush until the dying list was empty for good; in\n? *seconds; may be never; needs a flush; in the report\n? *dying\.emptyAfterFlushSeconds\n/,
    );
    assert.match(
      stdout,
      /\nsocket\.peakRmemBytes\n {4}most that was queued at once; in bytes; 100% is socket\.rcvbufBytes;\s+simulation only\n/,
    );
  });

  test("with a part of a name lists those that have it", async () => {
    const { stdout } = await run(["metrics", "dying"]);
    for (const line of stdout.split("\n").filter((line) => /^\S/.test(line))) assert.match(line, /dying|drain/);
    const none = await run(["metrics", "drian"]);
    assert.deepEqual([none.code, none.stdout], [2, ""]);
    assert.match(none.stderr, /got "drian", did you mean "drain"\?\n$/);
    assert.equal(
      (await run(["metrics", "a", "b"])).stderr,
      "ct-reliable: expected one part of a name after metrics, got 2\n",
    );
  });

  test("as JSON is the same list for a program", async () => {
    const { stdout } = await run(["metrics", "--format", "json"]);
    assert.deepEqual(JSON.parse(stdout), { schemaVersion: 1, metrics: METRICS });
  });

  test("fits the terminal and has colours only there", async () => {
    for (const columns of [40, 80, 200]) {
      const plain = await run(["metrics"], { columns });
      assert.doesNotMatch(plain.stdout, /\p{Cc}(?<!\n)/u);
      for (const line of plain.stdout.split("\n"))
        assert.ok(!line.startsWith(" ") || line.length <= columns, `${columns}: ${line}`);
    }
    assert.ok((await run(["metrics"], { stdoutTty: true })).stdout.includes("\u001b["), "colour");
  });
});
