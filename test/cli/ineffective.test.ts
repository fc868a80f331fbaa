import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ineffectiveFlags } from "../../src/cli/ineffective.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { run } from "./harness.js";

async function notesOf(argv: string): Promise<string[]> {
  const outcome = await run(argv.split(" "), { resolve: resolveScenario });
  assert.equal(outcome.code, 0);
  return outcome.stderr.split("\n").filter((line) => line !== "");
}

async function isTold(words: string, argv: string): Promise<boolean> {
  return (await notesOf(argv)).some((line) => line.includes(words));
}

describe("a flag that changes nothing beside the others is accepted, and a note says so", () => {
  for (const [argv, ...notes] of [
    ["flood --grace-max 3s --kernel 6.18.44", "--grace-max has no effect on 6.18.44: the sysctl went with 3.17"],
    ["flush --grace-max 3s --kernel 3.17", "--grace-max has no effect on 3.17: the sysctl went with 3.17"],
    [
      "flush --grace-max 3s --kernel host",
      "kernel 6.18.44-fc-v669 is modelled as release 6.18.40",
      "--grace-max has no effect on 6.18.44-fc-v669: the sysctl went with 3.17",
    ],
    [
      "flood --poll 30s --policy lossy --buffer 8k",
      "--buffer, --policy without effect: a poll in place of events has no event socket (--poll EVERY,events listens, too)",
    ],
    [
      "flood --dump-on-event-socket",
      "--dump-on-event-socket has no effect without --poll or --resync: nothing is dumped",
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
    [
      "flood --second-flood 5@1s --no-flush",
      "--second-flood has no effect with --no-flush: it is counted from the flush",
    ],
    ["flush --second-flood 5@900s", "--second-flood has no effect: the run ends at --limit 10m, before it begins"],
    [
      "flood --print-config --format csv",
      "--format csv has no effect with --print-config: a scenario is printed as YAML, or as JSON",
    ],
    [
      "flood --print-config --timeline --export csv=never.csv",
      "--export has no effect with --print-config: a scenario is printed as YAML, or as JSON",
      "--timeline has no effect with --print-config: a scenario is printed as YAML, or as JSON",
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
    "flood --kernel 6.18.44",
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

test("what is the machine's own cannot be set with --live", () => {
  const notes = (experiment: "flood" | "flush", given: Overrides) =>
    ineffectiveFlags(given, resolveScenario(experiment, given), { live: true });
  assert.deepEqual(notes("flush", { seed: "7" }), ["--seed has no effect with --live: nothing is drawn in this run"]);
  assert.deepEqual(notes("flood", { seed: "7" }), [
    "--seed repeats the drawn times of the load and the reader with --live, and not the run: the kernel has its own",
  ]);
  assert.deepEqual(notes("flush", { costs: { packetNanoseconds: 1, recvNanoseconds: 5 } }), [
    "--cost-packet and --cost-recv have no effect with --live: the machine's own costs are what they are",
  ]);
});

test("a program that is named without its pace is told what is taken for it, and one with it is not", async () => {
  const note =
    "--reader is not given: that a message takes ulogd 100us is assumed; ct-reliable measure -- COMMAND measures it";
  assert.deepEqual(await notesOf("flush --preset ulogd"), [`ct-reliable: note: ${note}`]);
  for (const argv of ["flush --preset ulogd --reader 100us", "flush", "flush --preset ulogd --poll 5s"]) {
    assert.ok(!(await isTold("--reader is not given", argv)), argv);
  }
});

test("a person's own kernel and reader without a machine are told whose costs hold, and with one they are not", async () => {
  const told = (argv: string): Promise<boolean> => isTold("--machine is not given", argv);
  assert.ok(await told("flush --kernel 6.1.100 --reader 20us"));
  assert.ok(await told("flush --kernel 6.1.100 --preset ulogd --reader 20us"));
  for (const argv of [
    "flush --kernel 6.1.100 --reader 20us --machine present",
    "flush --kernel 6.1.100 --reader 20us --cost-attempt 1us",
    "flush --kernel 6.1.100",
    "flush --reader 20us",
  ]) {
    assert.ok(!(await told(argv)), argv);
  }
});

test("a person's own kernel and reader without a buffer are told that it is the stress test's", async () => {
  const told = (argv: string): Promise<boolean> => isTold("--buffer is not given", argv);
  assert.ok(await told("flood --kernel 6.1.100 --reader 20us"));
  for (const argv of [
    "flood --kernel 6.1.100 --reader 20us --buffer 2048",
    "flood --kernel 6.1.100 --reader 20us --preset ulogd",
    "flood --kernel 6.1.100 --reader 20us --poll 5s",
    "flood --kernel 6.1.100",
  ]) {
    assert.ok(!(await told(argv)), argv);
  }
});
