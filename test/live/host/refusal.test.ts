import assert from "node:assert/strict";
import { test } from "node:test";
import { type LiveHost, liveOverrides } from "../../../src/live/host/host.js";
import { LiveImpossibleError } from "../../../src/live/host/impossible.js";
import { refuseUnlive } from "../../../src/live/host/refusal.js";
import { type Overrides, resolveScenario } from "../../../src/scenario/defaults.js";
import { ParameterError } from "../../../src/scenario/errors.js";
import { EXAMPLE_HOST } from "../example-host.js";

const HOST: LiveHost = { ...EXAMPLE_HOST, release: "6.18.44-generic" };

function attempt(overrides: Overrides, host: Partial<LiveHost> = {}, experiment: "flood" | "flush" = "flush"): void {
  const machine = { ...HOST, ...host };
  refuseUnlive(resolveScenario(experiment, { ...liveOverrides(machine), ...overrides }), machine);
}

for (const experiment of ["flood", "flush"] as const) {
  test(`a ${experiment} with nothing but the machine's own values runs`, () => {
    assert.doesNotThrow(() => attempt({}, {}, experiment));
  });
}

test("what nothing on a machine tells is not held against a scenario", () => {
  const unknown = { hz: null, rmemMaxBytes: null, nfConntrackMax: null, buckets: null };
  assert.doesNotThrow(() => attempt({ hz: 1000, buckets: 1024, nfConntrackMax: 5000, rmemMaxBytes: 1000 }, unknown));
});

test("kinds of flow, ICMP, IPv6, a rate that changes, deletes and no events can be live", () => {
  const rateProfile = [
    { seconds: 0, connectionsPerSecond: 1 },
    { seconds: 9, connectionsPerSecond: 1 },
  ];
  const traffic = [{ script: "syn-only" as const }, { script: "short" as const, protocol: "icmp" as const }];
  assert.doesNotThrow(() => attempt({ traffic, delete: { share: 0.5, atSeconds: 1 }, nfConntrackEvents: 0 }));
  assert.doesNotThrow(() => attempt({ family: "ipv6", protocol: "icmp" }));
  assert.doesNotThrow(() => attempt({ rateProfile }, {}, "flood"));
});

test("a version that falls under the same row of the release table is the running kernel", () => {
  assert.doesNotThrow(() => attempt({ kernel: "6.18.41" }));
});

const REFUSED: readonly [string, Overrides, RegExp, Partial<LiveHost>?][] = [
  [
    "another kernel",
    { kernel: "2.6.31" },
    /^kernel: expected the running kernel, "6\.18\.44-generic", .* got "2\.6\.31"/,
  ],
  ["another row of the same version", { kernel: "6.18.39" }, /^kernel: /],
  ["another tick", { hz: 1000 }, /^hz: expected 250, .* got 1000$/],
  ["two CPUs where there is one", { cpus: 2 }, /^cpus: expected 1 /, { cpus: 1 }],
  [
    "packets that pass the confirm hook once",
    { path: "forward" },
    /^path: expected loopback .* passes the confirm hook twice/,
  ],
  ["packets on several CPUs", { packetCpus: 2 }, /^packetCpus: expected 1 with --live/],
  [
    "a log that is replayed",
    {
      replay: {
        file: "events.log",
        sha256: "0".repeat(64),
        seconds: 1,
        newEvents: 1,
        updateEvents: 0,
        destroyEvents: 0,
        entriesAtStart: 0,
        entriesAtEnd: 1,
        madeAgain: 0,
        linesLeftOut: 0,
        enobufsLines: 0,
        backwardSteps: 0,
        gaps: 0,
        longestGapSeconds: 0,
        kinds: [{ protocol: "udp", family: "ipv4", connections: 1 }],
      },
    },
    /^replay: expected none with --live/,
  ],
  ["IPv6 where the kernel has none", { family: "ipv6" }, /^family: expected ipv4 /, { ipv6: false }],
  [
    "a kind of IPv6 where the kernel has none",
    { traffic: [{ script: "syn-only" }, { script: "short", family: "ipv6" }] },
    /^family: expected ipv4 /,
    { ipv6: false },
  ],
  ["tuples that come again", { tuples: 10 }, /^tuples: expected none /],
  ["replies from a closed port", { udpPortOpen: false, packets: 2 }, /^packets: expected 1 /],
  ["another rmem_max", { rmemMaxBytes: 212_992 }, /^rmemMaxBytes: expected 4MiB, .* got 208k/],
  ["a larger table than the machine's", { nfConntrackMax: 500_000 }, /^nfConntrackMax: expected at most 262144/],
  ["another number of buckets", { buckets: 1024 }, /^buckets: expected 262144, /],
  [
    "a timeout without a sysctl",
    { timeoutsSeconds: { tcp_syn_sent2: 7 } },
    /^timeoutsSeconds: expected tcp_syn_sent2=120 .* got 7$/,
  ],
  [
    "a daemon with two decoders",
    { listeners: [{ decoders: 2 }] },
    /^listeners\.0\.decoders: expected 1 with --live, whose readers are plain, got 2$/,
  ],
  [
    "dumps on the socket of the events",
    { listeners: [{ poll: { everyNanoseconds: 5e9, withEvents: true }, dumpsOnEventSocket: true }] },
    /^listeners\.0\.dumpsOnEventSocket: expected false with --live, whose readers are plain, got true$/,
  ],
  [
    "a second listener that grows its buffer",
    { listeners: [{}, { bufferMaxBytes: 8_000_000 }] },
    /^listeners\.1\.bufferMaxBytes: expected null /,
  ],
  [
    "a virtual hour",
    { limitSeconds: 3600 },
    /^limitSeconds: expected at most 15m with --live, where time is real, got 1h/,
  ],
];

for (const [what, overrides, sentence, host] of REFUSED) {
  test(`${what} is refused with a sentence that names the parameter`, () => {
    assert.throws(
      () => attempt(overrides, host),
      (error) => {
        assert.ok(error instanceof ParameterError);
        assert.match(error.message, sentence);
        return true;
      },
    );
  });
}

for (const machine of [{ system: "Darwin", architecture: "arm64" }, { architecture: "arm" }]) {
  test(`on ${machine.system ?? HOST.system} on ${machine.architecture} nothing can be live`, () => {
    assert.throws(() => attempt({}, machine), LiveImpossibleError);
  });
}

test("conntrackd grows its buffer and resyncs by itself, and a listener beside it does not", () => {
  const growing = { bufferMaxBytes: 8_000_000, resyncAfterNanoseconds: 3e10 };
  const scenario = (listeners: Overrides["listeners"]) =>
    resolveScenario("flush", { ...liveOverrides(HOST), listeners: listeners! });
  assert.doesNotThrow(() => refuseUnlive(scenario([growing, {}]), HOST, true));
  assert.throws(() => refuseUnlive(scenario([{}, growing]), HOST, true), ParameterError);
});

test("more connections than 127.0.0.0/8 has addresses are refused", () => {
  assert.throws(
    () => attempt({ connections: 2 ** 24, nfConntrackMax: 262_144 }),
    /^ParameterError: connections: expected at most 16777213 .* got 16777216$|connections/,
  );
});
