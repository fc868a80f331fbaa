/**
 * What a buffer holds, against the capacity runs of recorded kernels (recordings/README.md, rule 2: events sent one at
 * a time into a socket that nobody reads) and against what a simulated socket reports of itself.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { BufferRequest } from "../../src/explain/buffer.js";
import { type BufferExplanation, explainBuffer } from "../../src/explain/sentences.js";
import { capacityMessages, requestFor } from "../../src/kernel/netlink/capacity.js";
import { RELEASES, releaseFor } from "../../src/kernel/release.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import type { KernelConfig } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { scenarioOf } from "../conformance/recorded-scenario.js";
import { readRecordings } from "../conformance/recording.js";

const RECORDINGS = path.join(import.meta.dirname, "../conformance/recordings");

type Change = Partial<Omit<BufferRequest, "release" | "config">> & { config?: Partial<KernelConfig> };

function explained(kernel: string, change: Change = {}): BufferExplanation {
  const release = releaseFor(kernel)!;
  const { config, ...others } = change;
  return explainBuffer({
    requestedBytes: 2048,
    release,
    config: { ...release.config, ...config },
    rmemMaxBytes: release.rmemMaxBytes,
    protocol: "udp",
    family: "ipv4",
    force: false,
    ...others,
  });
}

const stepOf = (explanation: BufferExplanation, name: string) =>
  explanation.steps.find((candidate) => candidate.name === name)!;

describe("the recorded kernels hold what was recorded", () => {
  const BARE: Partial<KernelConfig> = { acct: false, nat: false, mark: false, secmark: false };
  const REQUESTS = [2048, 4096, 8192, 65_536, 106_496, 212_992];
  const RECORDED: readonly { kernel: string; config: Partial<KernelConfig>; truesize: number; messages: number[] }[] = [
    {
      kernel: "2.6.35.6",
      config: { ...BARE, skBuffBytes: 208 },
      truesize: 400,
      messages: [11, 21, 41, 328, 533, 1065],
    },
    { kernel: "3.6.0", config: BARE, truesize: 1280, messages: [4, 7, 13, 103, 167, 333] },
    { kernel: "3.10.108-rt123", config: BARE, truesize: 1280, messages: [4, 7, 13, 103, 167, 333] },
    { kernel: "5.4.124", config: BARE, truesize: 1280, messages: [4, 7, 13, 103, 167, 333] },
    {
      kernel: "6.18.44",
      config: { ...BARE, smallHeadBytes: 576 },
      truesize: 1280,
      messages: [3, 6, 12, 102, 166, 332],
    },
  ];
  for (const { kernel, config, truesize, messages } of RECORDED) {
    test(`${kernel}: ${messages.join("/")} for ${REQUESTS.join("/")}`, () => {
      const explanations = REQUESTS.map((requestedBytes) =>
        explained(kernel, { requestedBytes, config, rmemMaxBytes: 2 ** 20 }),
      );
      assert.deepEqual(
        explanations.map(({ capacityMessages }) => capacityMessages),
        messages,
      );
      assert.deepEqual(
        explanations.map(({ rcvbufBytes }) => rcvbufBytes),
        REQUESTS.map((bytes) => 2 * bytes),
      );
      for (const { truesizeBytes } of explanations) assert.equal(truesizeBytes, truesize);
    });
  }

  const files = readdirSync(RECORDINGS).filter((name) => name.endsWith(".jsonl"));
  const runs = files.flatMap((name) => readRecordings(path.join(RECORDINGS, name))).filter(({ capacity }) => capacity);

  test("every capacity run holds as many NEW and as many DESTROY as is explained", () => {
    assert.ok(runs.length >= 20);
    for (const run of runs) {
      const { kernelConfig, rmemMaxBytes, protocol, family } = scenarioOf(run, "1");
      const change = { requestedBytes: run.setting.bufferBytes, config: kernelConfig, rmemMaxBytes, protocol, family };
      const { capacityMessages, truesizeBytes } = explained(run.kernel, change);
      assert.deepEqual(
        [run.capacity?.drained_new, run.capacity?.drained_destroy],
        [capacityMessages, capacityMessages],
        run.place,
      );
      assert.equal(run.capacity?.destroy_rmem, capacityMessages * truesizeBytes, run.place);
    }
  });

  test("2.6.35 with the mended nla_policy_len is charged 464, and holds 9 for 2048", () => {
    const config = { ...BARE, skBuffBytes: 208, nlaPolicyLenCounts: true };
    const { truesizeBytes, capacityMessages } = explained("2.6.35.6", { config });
    assert.deepEqual([truesizeBytes, capacityMessages], [464, 9]);
  });

  test("conntrackd's default of 2048 on a 2.6.31 of a distribution holds 8", () => {
    assert.equal(explained("2.6.31").capacityMessages, 8);
  });
});

test("a simulated socket reports the same size, truesize and capacity, on every release and for every flow", () => {
  for (const { version } of RELEASES) {
    for (const protocol of ["udp", "tcp", "icmp"] as const) {
      for (const family of ["ipv4", "ipv6"] as const) {
        const scenario = resolveScenario("flush", { kernel: version, connections: 1, protocol, family });
        const { socket } = simulate(scenario);
        const { rcvbufBytes, truesizeBytes, capacityMessages } = explained(version, { protocol, family });
        assert.deepEqual(
          { rcvbufBytes, truesizeBytes, capacityMessages },
          {
            rcvbufBytes: socket.rcvbufBytes,
            truesizeBytes: socket.truesizeBytes,
            capacityMessages: socket.capacityMessages,
          },
          `${version} ${protocol} ${family}`,
        );
      }
    }
  }
});

describe("the size of the socket", () => {
  test("the steps come in the order in which the kernel takes them", () => {
    assert.deepEqual(
      explained("2.6.31").steps.map(({ name, value }) => `${name} ${value}`),
      [
        "asked 2048",
        "capped 2048",
        "doubled 4096",
        "effective 4096",
        "estimate 244",
        "payload 260",
        "head 320",
        "truesize 552",
        "admission 4416",
        "messages 8",
      ],
    );
  });

  test("a request above rmem_max is capped, and the advice names the sysctl and what it would give", () => {
    const explanation = explained("5.4", { requestedBytes: 524_288 });
    assert.deepEqual(
      [explanation.cappedBytes, explanation.rcvbufBytes, explanation.limit],
      [212_992, 425_984, "rmem_max"],
    );
    assert.match(explanation.advice, /sysctl net\.core\.rmem_max=524288, or SO_RCVBUFFORCE .* 820 messages\.$/);
  });

  test("SO_RCVBUFFORCE is not capped", () => {
    const explanation = explained("5.4", { requestedBytes: 524_288, force: true });
    assert.deepEqual(
      [explanation.cappedBytes, explanation.limit, explanation.capacityMessages],
      [524_288, "request", 820],
    );
    assert.match(stepOf(explanation, "capped").rule, /does not look at net\.core\.rmem_max \(212992\)/);
  });

  test("a request below the floor is raised to it", () => {
    for (const [kernel, floor] of [
      ["2.6.31", 256],
      ["3.0", 2280],
      ["6.18", 2304],
    ] as const) {
      const explanation = explained(kernel, { requestedBytes: 0 });
      assert.deepEqual([explanation.rcvbufBytes, explanation.limit], [floor, "minimum"]);
    }
  });

  test("a request whose double is no int is cut to INT_MAX / 2, as 6.18.44 was seen to do", () => {
    for (const requestedBytes of [2 ** 30, 2 ** 31 - 1]) {
      const explanation = explained("6.18.44", { requestedBytes, force: true });
      assert.deepEqual([explanation.rcvbufBytes, explanation.limit], [2_147_483_646, "int"]);
      assert.match(stepOf(explanation, "doubled").rule, /INT_MAX \/ 2/);
    }
    const largest = explained("6.18.44", { requestedBytes: 2 ** 30 - 1, force: true });
    assert.deepEqual([largest.rcvbufBytes, largest.limit], [2_147_483_646, "request"]);
  });

  test("where the double overflows, the request is refused; a cap below it makes it harmless", () => {
    const refused = (kernel: string) => () => explained(kernel, { requestedBytes: 2 ** 30, force: true });
    for (const kernel of ["2.6.31", "3.6", "4.19", "5.0"]) assert.throws(refused(kernel), UsageError);
    for (const kernel of ["5.4", "6.1.146"]) assert.doesNotThrow(refused(kernel));
    assert.equal(explained("2.6.31", { requestedBytes: 2 ** 31 - 1 }).cappedBytes, 131_071);
  });
});

describe("the charge of a message", () => {
  test("the head of a payload is whole cache lines, that of a later release a kmalloc bucket or a small head", () => {
    assert.match(stepOf(explained("2.6.31"), "head").rule, /^260 in whole cache lines; what the allocator adds/);
    assert.equal(
      stepOf(explained("6.18"), "head").rule,
      "488 in whole cache lines and 320 of skb_shared_info: kmalloc-1024",
    );
    const small = explained("6.18", { config: { smallHeadBytes: 960 } });
    assert.match(stepOf(small, "head").rule, /: a small head, 960$/);
    assert.deepEqual([stepOf(small, "head").value, small.truesizeBytes], [960, 1216]);
    assert.match(stepOf(small, "head").source.symbol, /skb_small_head_cache/);
  });

  test("a message that leaves half of its buffer unused is trimmed, which no usual build makes happen", () => {
    const trimmed = explained("3.0", { protocol: "tcp", config: { skBuffBytes: 1 } });
    assert.equal(trimmed.truesizeBytes, 197);
    assert.equal(
      stepOf(trimmed, "truesize").rule,
      "448 + 1 of struct sk_buff is 449; 252 unused, half or more, so it is trimmed",
    );
    for (const { version } of RELEASES)
      assert.match(stepOf(explained(version), "truesize").rule, /nothing is trimmed$/);
  });

  test("options that are off leave the estimate", () => {
    const bare = explained("2.6.31", { config: { acct: false, nat: false, mark: false, secmark: false } });
    assert.equal(stepOf(bare, "estimate").value, 116);
    assert.match(stepOf(bare, "estimate").rule, /without options$/);
    assert.match(stepOf(explained("2.6.31"), "estimate").rule, /with acct, nat, mark, secmark$/);
  });

  test("a TCP event that cannot be built is named: 196 bytes do not fit the 192 of a bare 2.6.35", () => {
    const config = { acct: false, nat: false, mark: false, secmark: false };
    assert.deepEqual(explained("2.6.35", { config, protocol: "tcp" }).neverBuilt, ["new", "update"]);
    assert.deepEqual(explained("2.6.35", { config, protocol: "udp" }).neverBuilt, []);
    for (const { version } of RELEASES) assert.deepEqual(explained(version, { protocol: "tcp" }).neverBuilt, []);
  });
});

describe("sources", () => {
  const since = (kernel: string, step: string) => stepOf(explained(kernel), step).source.since;

  test("a head is a real cache also where struct sk_buff is not whole cache lines: 1024 + 256 for 208", () => {
    const { steps, truesizeBytes } = explained("3.6", { config: { skBuffBytes: 208 } });
    const value = (name: string): number => steps.find((step) => step.name === name)!.value;
    assert.deepEqual([value("head"), value("truesize"), truesizeBytes], [1024, 1280, 1280]);
    assert.match(steps.find(({ name }) => name === "head")!.rule, /320 of skb_shared_info: kmalloc-1024$/);
    assert.match(steps.find(({ name }) => name === "truesize")!.rule, /^1024 \+ 256 of struct sk_buff/);
  });

  test("a rule holds since the first release from which on it did not change", () => {
    assert.deepEqual(
      ["2.6.31", "3.1", "3.2", "6.18"].map((kernel) => since(kernel, "head")),
      ["2.6.31", "2.6.31", "3.2", "3.2"],
    );
    assert.deepEqual(
      ["2.6.35", "4.19", "5.4", "6.18.44"].map((kernel) => since(kernel, "estimate")),
      ["2.6.31", "2.6.38", "5.0", "6.14"],
    );
  });

  test("a stable update of one branch says nothing about the next branch", () => {
    assert.deepEqual(
      ["6.1", "6.1.146", "6.2", "6.14", "6.16", "6.18.40"].map((kernel) => since(kernel, "admission")),
      ["2.6.31", "6.1.146", "2.6.31", "2.6.31", "6.16", "6.16"],
    );
  });

  test("every step of every release names a file, a symbol and a release of the table", () => {
    const versions = new Set(RELEASES.map(({ version }) => version));
    for (const { version } of RELEASES) {
      for (const { name, rule, source } of explained(version).steps) {
        assert.match(source.file, /^(net|include)\/[\w/]+\.[ch]$/, name);
        assert.ok(source.symbol !== "" && rule !== "" && versions.has(source.since), `${version} ${name}`);
      }
    }
  });
});

test("the least request for a number of messages holds them, and one byte less does not", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 400, max: 1280 }).map((bytes) => 2 * Math.ceil(bytes / 2)),
      fc.constantFrom("old" as const, "new" as const),
      (messages, truesize, admission) => {
        const request = requestFor(messages, truesize, admission);
        assert.ok(capacityMessages(2 * request, truesize, admission) >= messages);
        if (messages > 1) assert.ok(capacityMessages(2 * (request - 1), truesize, admission) < messages);
      },
    ),
  );
});

test("what the advice says comes true", () => {
  for (const { version } of RELEASES) {
    for (const requestedBytes of [0, 2048, 100_000]) {
      const { advice } = explained(version, { requestedBytes });
      const [, messages, request] = /or (\d+) messages? ask for (\d+) bytes/.exec(advice) ?? [];
      const advised = explained(version, { requestedBytes: Number(request), rmemMaxBytes: 2 ** 29 });
      assert.equal(advised.capacityMessages, Number(messages), `${version} ${requestedBytes}: ${advice}`);
    }
  }
});
