import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import fc from "fast-check";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { readFlags } from "../../src/cli/flag.js";
import { PARAMETER_FLAGS } from "../../src/cli/parameter-flags.js";
import { repeatingCommand } from "../../src/cli/repeat.js";
import type { Overrides } from "../../src/scenario/defaults.js";
import { run, stubResolve } from "./harness.js";

/** What is typed, the override that it becomes, and how the repeating command writes it. */
const GOOD: readonly (readonly [argv: string, overrides: Overrides, canonical: string])[] = [
  ["--connections 20000", { connections: 20_000 }, "--connections 20k"],
  ["--tuples 500", { tuples: 500 }, "--tuples 500"],
  ["--rate 50k", { ratePerSecond: 50_000 }, "--rate 50k/s"],
  ["--rate max", { ratePerSecond: null }, "--rate max"],
  ["--duration 1500ms", { durationSeconds: 1.5 }, "--duration 1500ms"],
  ["--arrivals poisson", { arrivals: "poisson" }, "--arrivals poisson"],
  ["--arrivals burst", { arrivals: "burst" }, "--arrivals burst"],
  ["--arrivals burst:50", { arrivals: "burst", burstConnections: 50 }, "--arrivals burst:50"],
  ["--protocol tcp", { protocol: "tcp" }, "--protocol tcp"],
  ["--family ipv6", { family: "ipv6" }, "--family ipv6"],
  ["--path forward", { path: "forward" }, "--path forward"],
  ["--packets 7", { packets: 7 }, "--packets 7"],
  ["--packet-gap 0", { packetGapNanoseconds: 0 }, "--packet-gap 0s"],
  ["--delete 50%@30s", { delete: { share: 0.5, atSeconds: 30 } }, "--delete 50%@30s"],
  ["--delete class=udp@30s", { delete: { class: "udp", atSeconds: 30 } }, "--delete class=udp@30s"],
  ["--delete 200/s", { delete: { perSecond: 200 } }, "--delete 200/s"],
  [
    "--delete class=udp,200/s@10000ms",
    { delete: { class: "udp", perSecond: 200, atSeconds: 10 } },
    "--delete class=udp,200/s@10s",
  ],
  ["--cost-delete 4us", { costs: { deleteNanoseconds: 4000 } }, "--cost-delete 4us"],
  [
    "--reader-stall 5s@30s",
    { listeners: [{ stallOnce: { atNanoseconds: 3e10, forNanoseconds: 5e9 } }] },
    "--reader-stall 5s@30s",
  ],
  [
    "--second-flood 20k@5000ms",
    { secondFlood: { connections: 20_000, afterFlushSeconds: 5 } },
    "--second-flood 20k@5s",
  ],
  [
    "--traffic syn-only:rate=5k",
    { traffic: [{ script: "syn-only", ratePerSecond: 5000 }] },
    "--traffic syn-only:rate=5000/s",
  ],
  ["--traffic short:share=70%", { traffic: [{ script: "short", share: 0.7 }] }, "--traffic short:share=70%"],
  ["--buffer 2k", { listeners: [{ bufferBytes: 2048 }] }, "--buffer 2048"],
  ["--reader 1000us", { listeners: [{ serviceNanoseconds: 1e6, serviceDistribution: "fixed" }] }, "--reader 1ms"],
  [
    "--reader 1ms,exponential",
    { listeners: [{ serviceNanoseconds: 1e6, serviceDistribution: "exponential" }] },
    "--reader 1ms,exponential",
  ],
  ["--reader-portid 15us", { listeners: [{ portidServiceNanoseconds: 15_000 }] }, "--reader-portid 15us"],
  [
    "--reader-stall 500ms/10s",
    { listeners: [{ stall: { forNanoseconds: 5e8, everyNanoseconds: 1e10 } }] },
    "--reader-stall 500ms/10s",
  ],
  ["--policy lossy", { listeners: [{ policy: "lossy" }] }, "--policy lossy"],
  ["--buffer-max 8M", { listeners: [{ bufferMaxBytes: 8 * 1024 * 1024 }] }, "--buffer-max 8MiB"],
  ["--resync 30000ms", { listeners: [{ resyncAfterNanoseconds: 3e10 }] }, "--resync 30s"],
  ["--force", { listeners: [{ force: true }] }, "--force"],
  ["--overrun-as ulogd", { listeners: [{ overrunAs: "ulogd" }] }, "--overrun-as ulogd"],
  ["--groups NEW,UPDATES", { listeners: [{ groups: ["new", "update"] }] }, "--groups new+update"],
  ["--groups destroy+new", { listeners: [{ groups: ["new", "destroy"] }] }, "--groups new+destroy"],
  [
    "--policy reliable --preset agent --reader 1ms",
    {
      listeners: [
        {
          preset: "agent",
          serviceNanoseconds: 1_000_000,
          serviceDistribution: "fixed",
          bufferBytes: 106_496,
          bufferMaxBytes: null,
          force: false,
          policy: "reliable",
          groups: ["new", "update", "destroy"],
          stopsAtEnobufs: false,
          resyncAfterNanoseconds: null,
        },
      ],
    },
    "--preset agent --policy reliable --reader 1ms",
  ],
  ["--filter tcp+dns", { listeners: [{ filter: ["tcp", "dns"] }] }, "--filter tcp+dns"],
  [
    "--queue 8192",
    { listeners: [{ queue: { messages: 8192, whenFull: "block", receiveNanoseconds: 0 } }] },
    "--queue 8192",
  ],
  [
    "--queue 100,drop,2us",
    { listeners: [{ queue: { messages: 100, whenFull: "drop", receiveNanoseconds: 2000 } }] },
    "--queue 100,drop,2us",
  ],
  ["--poll 30s", { listeners: [{ poll: { everyNanoseconds: 3e10, withEvents: false } }] }, "--poll 30s"],
  [
    "--poll 60s,events --dump-on-event-socket",
    { listeners: [{ poll: { everyNanoseconds: 6e10, withEvents: true }, dumpsOnEventSocket: true }] },
    "--poll 1m,events --dump-on-event-socket",
  ],
  [
    "--listeners queue=10,drop,reader=1ms,poll=30s,events,filter=udp,preset=ulogd,dump-on-event-socket=on",
    {
      listeners: [
        {},
        {
          preset: "ulogd",
          bufferBytes: 217_088,
          bufferMaxBytes: 1_085_440,
          force: false,
          policy: "lossy",
          groups: ["new", "destroy"],
          stopsAtEnobufs: false,
          resyncAfterNanoseconds: 6e10,
          overrunAs: "ulogd",
          queue: { messages: 10, whenFull: "drop", receiveNanoseconds: 0 },
          serviceNanoseconds: 1e6,
          serviceDistribution: "fixed",
          poll: { everyNanoseconds: 3e10, withEvents: true },
          filter: ["udp"],
          dumpsOnEventSocket: true,
        },
      ],
    },
    "--listeners preset=ulogd,buffer=212k,buffer-max=1060k,force=off,policy=lossy,reader=1ms,resync=1m,overrun-as=ulogd,stop-at-enobufs=off,groups=new+destroy,filter=udp,queue=10,drop,poll=30s,events,dump-on-event-socket=on",
  ],
  ["--decoders 2", { listeners: [{ decoders: 2 }] }, "--decoders 2"],
  ["--stop-at-enobufs", { listeners: [{ stopsAtEnobufs: true }] }, "--stop-at-enobufs"],
  [
    "--listeners decoders=2,stop-at-enobufs=on,resync=30s,buffer-max=8M",
    {
      listeners: [
        {},
        { decoders: 2, stopsAtEnobufs: true, resyncAfterNanoseconds: 3e10, bufferMaxBytes: 8 * 1024 * 1024 },
      ],
    },
    "--listeners buffer-max=8MiB,decoders=2,resync=30s,stop-at-enobufs=on",
  ],
  [
    "--listeners groups=destroy+new,reader=1ms,exponential,buffer=8k --listeners policy=reliable,stall=1s/1m --buffer 0",
    {
      listeners: [
        { bufferBytes: 0 },
        {
          bufferBytes: 8192,
          serviceNanoseconds: 1e6,
          serviceDistribution: "exponential",
          groups: ["new", "destroy"],
        },
        { policy: "reliable", stall: { forNanoseconds: 1e9, everyNanoseconds: 6e10 } },
      ],
    },
    "--buffer 0 --listeners buffer=8192,reader=1ms,exponential,groups=new+destroy --listeners policy=reliable,stall=1s/1m",
  ],
  ["--rmem-max 212992", { rmemMaxBytes: 212_992 }, "--rmem-max 208k"],
  ["--kernel 3.6.0", { kernel: "3.6.0" }, "--kernel 3.6.0"],
  ["--kernel 5.15.190-1019-aws", { kernel: "5.15.190-1019-aws" }, "--kernel 5.15.190-1019-aws"],
  ["--kernel host", { kernel: "6.18.44-fc-v669" }, "--kernel 6.18.44-fc-v669"],
  [
    "--kernel-config small-head=576,acct=off,sk-buff=208,nla-policy-len=on",
    { kernelConfig: { acct: false, nlaPolicyLenCounts: true, skBuffBytes: 208, smallHeadBytes: 576 } },
    "--kernel-config acct=off,nla-policy-len=on,sk-buff=208,small-head=576",
  ],
  ["--hz 1000", { hz: 1000 }, "--hz 1000"],
  ["--grace-max 60s", { graceMaxSeconds: 60 }, "--grace-max 1m"],
  ["--nf-conntrack-max 65536", { nfConntrackMax: 65_536 }, "--nf-conntrack-max 65536"],
  ["--buckets 16384", { buckets: 16_384 }, "--buckets 16384"],
  [
    "--timeout udp_stream=90s --timeout udp=60s",
    { timeoutsSeconds: { udp_stream: 90, udp: 60 } },
    "--timeout udp_stream=90s --timeout udp=1m",
  ],
  [
    "--sysctl nf_conntrack_acct=1 --sysctl net.nf_conntrack_max=4096",
    { kernelConfig: { acct: true }, nfConntrackMax: 4096 },
    "--sysctl nf_conntrack_acct=1 --sysctl net.nf_conntrack_max=4096",
  ],
  ["--admission new", { kernelRules: { admission: "new" } }, "--admission new"],
  [
    "--gc pass-120s --retry evict-list",
    { kernelRules: { gc: "pass-120s", retry: "evict-list" } },
    "--gc pass-120s --retry evict-list",
  ],
  [
    "--kernel 6.1.192 --gc-interval 10s",
    { kernel: "6.1.192", kernelRules: { gcIntervalSeconds: 10 } },
    "--kernel 6.1.192 --gc-interval 10s",
  ],
  ["--cpus 1", { cpus: 1 }, "--cpus 1"],
  ["--nf-conntrack-events 0", { nfConntrackEvents: 0 }, "--nf-conntrack-events 0"],
  ["--packet-cpus 8", { packetCpus: 8 }, "--packet-cpus 8"],
  ["--machine present", { machine: "present" }, "--machine present"],
  [
    "--cost-recv 2us --cost-packet 1us",
    { costs: { packetNanoseconds: 1000, recvNanoseconds: 2000 } },
    "--cost-packet 1us --cost-recv 2us",
  ],
  ["--cost-flush-entry 0", { costs: { flushEntryNanoseconds: 0 } }, "--cost-flush-entry 0s"],
  ["--cost-dump-entry 2us", { costs: { dumpEntryNanoseconds: 2000 } }, "--cost-dump-entry 2us"],
  ["--cost-attempt 1ns", { costs: { attemptNanoseconds: 1 } }, "--cost-attempt 1ns"],
  ["--cost-wakeup 5us", { costs: { wakeupNanoseconds: 5000 } }, "--cost-wakeup 5us"],
  ["--no-flush", { flush: false }, "--no-flush"],
  ["--limit 2h", { limitSeconds: 7200 }, "--limit 2h"],
  ["--seed abc", { seed: "abc" }, ""],
];

const HOST_NOTE = "ct-reliable: note: kernel 6.18.44-fc-v669 is modelled as release 6.18.40\n";

function commandOf(stdout: string): string {
  const options: { command: string } = JSON.parse(stdout.slice("text ".length));
  return options.command;
}

describe("a flag gives the overrides that it names and nothing else", () => {
  for (const [argv, overrides, canonical] of GOOD) {
    test(argv, async () => {
      const outcome = await run(["flood", ...argv.split(" ")]);
      const notes = argv === "--kernel host" ? HOST_NOTE : "";
      assert.deepEqual([outcome.code, outcome.stderr], [0, notes]);
      assert.deepEqual(outcome.overrides, overrides);
      const words = ["ct-reliable flood", canonical, `--seed ${overrides.seed ?? "standard"}`];
      assert.equal(commandOf(outcome.stdout), words.filter((word) => word !== "").join(" "));
    });
  }

  test("every flag that changes the run has a line above", () => {
    const typed = new Set(GOOD.flatMap(([argv]) => argv.split(" ")));
    const missing = PARAMETER_FLAGS.filter(({ name }) => !typed.has(`--${name}`));
    assert.deepEqual(missing, []);
  });
});

test("the repeating command, run again, is the same run and the same command", async () => {
  const all = GOOD.flatMap(([argv]) => [argv.split(" ")]);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(all), async (chosen) => {
      // The first of two lines about one flag wins here: a scalar flag may be given once.
      const names = new Set<string>();
      const argv = chosen.filter((words) => {
        const flags = words.filter((word) => word.startsWith("--"));
        const fresh = flags.every((flag) => !names.has(flag));
        for (const flag of flags) names.add(flag);
        return fresh;
      });
      const first = await run(["flood", ...argv.flat()]);
      const command = commandOf(first.stdout);
      const second = await run(command.split(" ").slice(1));
      assert.deepEqual(second.ran, first.ran);
      assert.equal(commandOf(second.stdout), command);
    }),
    { numRuns: 50 },
  );
});

test("the order on the command line does not matter", async () => {
  const one = await run(["flood", "--listeners", "buffer=8k", "--buffer", "1k", "--policy", "lossy"]);
  const other = await run(["flood", "--policy=lossy", "--buffer=1k", "--listeners=buffer=8k"]);
  assert.deepEqual(one.ran, other.ran);
  assert.equal(one.stdout, other.stdout);
});

test("flags that only change how results are shown do not stand in the repeating command", async () => {
  const outcome = await run(["flush", "--quiet", "--no-color", "--format", "text", "--cpus", "1"]);
  assert.equal(commandOf(outcome.stdout), "ct-reliable flush --cpus 1 --seed standard");
});

test("--seed random draws a seed, prints it, and the command repeats it", async () => {
  const first = await run(["flood", "--seed", "random"]);
  const seed = first.ran?.seed ?? "";
  assert.match(seed, /^[0-9a-f]{16}$/);
  assert.equal(first.stderr, `ct-reliable: --seed random drew ${seed}\n`);
  assert.equal(commandOf(first.stdout), `ct-reliable flood --seed ${seed}`);
  const second = await run(["flood", "--seed", "random"]);
  assert.notEqual(second.ran?.seed, seed);
});

test("a shell reads the repeating command as the words that it was made of", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) => !/\p{C}/u.test(text));
  fc.assert(
    fc.property(word, (seed) => {
      const command = repeatingCommand(["flood"], [], seed).replace("ct-reliable", "printf '%s\\n'");
      assert.equal(execFileSync("sh", ["-c", command], { encoding: "utf8" }), `flood\n--seed\n${seed}\n`);
    }),
    { numRuns: 25 },
  );
});

test("a default shown in the help reads back as the value that the scenario has", () => {
  const standard = stubResolve("flood", {});
  for (const flag of EXPERIMENT_FLAGS) {
    const text = flag.standard(standard);
    if (text === null) continue;
    const { overrides, canonical } = readFlags(EXPERIMENT_FLAGS, [{ flag, text }]);
    assert.deepEqual(stubResolve("flood", overrides), standard, flag.name);
    assert.deepEqual(canonical, [`--${flag.name}`, text]);
  }
});
