import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { run } from "./harness.js";

async function notesOf(argv: string): Promise<string[]> {
  const outcome = await run(argv.split(" "), { resolve: resolveScenario });
  assert.equal(outcome.code, 0);
  return outcome.stderr.split("\n").filter((line) => line !== "");
}

describe("a flag that changes nothing beside the others is accepted, and a note says so", () => {
  for (const [argv, ...notes] of [
    ["flood --grace-max 3s --kernel 6.18", "--grace-max has no effect on 6.18: the sysctl went with 3.17"],
    ["flush --grace-max 3s --kernel 3.17", "--grace-max has no effect on 3.17: the sysctl went with 3.17"],
    [
      "flush --grace-max 3s --kernel host",
      "kernel 6.18.44-fc-v669 is modelled as release 6.18.40",
      "--grace-max has no effect on 6.18.44-fc-v669: the sysctl went with 3.17",
    ],
    ["flush --arrivals poisson", "--arrivals poisson has no effect without a rate: one connection follows the other"],
    ["flush --packet-gap 1ms", "--packet-gap has no effect on connections of one packet"],
    [
      "flood --cpus 1 --cost-wakeup 5us",
      "--cost-wakeup has no effect with --cpus 1: the reader runs when the kernel lets go of the CPU",
    ],
    [
      "flood --policy reliable --resync 30s --buffer-max 8k",
      "--buffer-max has no effect with --policy reliable: no ENOBUFS is ever reported",
      "--resync has no effect with --policy reliable: no ENOBUFS is ever reported",
    ],
    [
      "flood --policy reliable --stop-at-enobufs",
      "--stop-at-enobufs has no effect with --policy reliable: no ENOBUFS is ever reported",
    ],
    [
      "flood --policy no-enobufs --buffer-max 8k",
      "--buffer-max has no effect with --policy no-enobufs: no ENOBUFS is ever reported",
    ],
  ] as const) {
    test(argv, async () => {
      assert.deepEqual(
        await notesOf(argv),
        notes.map((note) => `ct-reliable: note: ${note}`),
      );
    });
  }

  for (const argv of [
    "flood",
    "flood --kernel 6.18",
    "flood --grace-max 3s --kernel 3.16.85",
    "flood --arrivals burst",
    "flush --packet-gap 1ms --packets 2",
    "flush --packet-gap 0",
    "flood --cost-wakeup 5us",
    "flood --policy lossy --resync 30s",
    "flood --policy reliable",
  ]) {
    test(`${argv}: nothing to say`, async () => assert.deepEqual(await notesOf(argv), []));
  }
});

test("--print-config prints the version of the host, and the notes stay on stderr", async () => {
  const outcome = await run(["flush", "--kernel", "host", "--print-config"], { resolve: resolveScenario });
  assert.match(outcome.stdout, /^ {2}kernel: 6\.18\.44-fc-v669$/m);
  assert.match(outcome.stderr, /^ct-reliable: note: kernel 6\.18\.44-fc-v669 is modelled as release 6\.18\.40\n$/);
});
