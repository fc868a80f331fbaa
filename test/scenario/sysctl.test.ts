/** Sysctls as sysctl -a and the files of /etc/sysctl.d have them: which parameter each sets, and what is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Overrides } from "../../src/scenario/defaults.js";
import { timeoutCodec } from "../../src/scenario/parameters/kernel.js";
import type { ListenerScenario } from "../../src/scenario/parameters/listener.js";
import { type PresetName, presetOf } from "../../src/scenario/parameters/preset.js";
import { addSysctl, sysctlCodec } from "../../src/scenario/sysctl.js";

const set = (text: string): Overrides => addSysctl({}, text);

describe("a sysctl", () => {
  for (const [text, overrides] of [
    ["net.netfilter.nf_conntrack_max=65536", { nfConntrackMax: 65_536 }],
    ["net.nf_conntrack_max = 65536", { nfConntrackMax: 65_536 }],
    ["nf_conntrack_buckets=16384", { buckets: 16_384 }],
    ["/proc/sys/net/netfilter/nf_conntrack_acct=1", { kernelConfig: { acct: true } }],
    ["net/netfilter/nf_conntrack_acct=0", { kernelConfig: { acct: false } }],
    ["nf_conntrack_timestamp=1", { kernelConfig: { timestamp: true } }],
    ["nf_conntrack_events=0", { nfConntrackEvents: 0 }],
    ["nf_conntrack_events=1", { nfConntrackEvents: 1 }],
    ["nf_conntrack_events=2", { nfConntrackEvents: 2 }],
    ["nf_conntrack_events_retry_timeout=60", { graceMaxSeconds: 60 }],
    ["nf_conntrack_gc_scan_interval_max=10", { kernelRules: { gcIntervalSeconds: 10 } }],
    ["net.core.rmem_max=8388608", { rmemMaxBytes: 8_388_608 }],
    ["net.core.rmem_default=212992", { listeners: [{ bufferBytes: 106_496, force: true }] }],
    ["net.netfilter.nf_conntrack_tcp_timeout_established=86400", { timeoutsSeconds: { tcp_established: 86_400 } }],
    ["nf_conntrack_udp_timeout=10", { timeoutsSeconds: { udp: 10 } }],
    ["nf_conntrack_udp_timeout_stream=10", { timeoutsSeconds: { udp_stream: 10 } }],
    ["nf_conntrack_icmpv6_timeout=10s", { timeoutsSeconds: { icmpv6: 10 } }],
  ] as const) {
    test(`${text} sets ${JSON.stringify(overrides)}`, () => {
      assert.deepEqual(set(text), overrides);
    });
  }

  test("adds to what was said before, which stays: a flag of its own is louder", () => {
    assert.deepEqual(addSysctl({ kernelConfig: { acct: false } }, "nf_conntrack_timestamp=1"), {
      kernelConfig: { acct: false, timestamp: true },
    });
    assert.deepEqual(addSysctl({ kernelConfig: { acct: false } }, "nf_conntrack_acct=1"), {
      kernelConfig: { acct: false },
    });
  });

  test("rmem_default is for a socket that asks for nothing", () => {
    const asked: Overrides = { listeners: [{ bufferBytes: 2048 }] };
    assert.deepEqual(addSysctl(asked, "net.core.rmem_default=425984"), asked);
    const bufferOf = (preset: PresetName) => {
      const before: Overrides = { listeners: [{ preset, ...presetOf(preset).sets } as Partial<ListenerScenario>] };
      const [listener] = addSysctl(before, "net.core.rmem_default=8388608").listeners!;
      return [listener!.bufferBytes, listener!.force];
    };
    assert.deepEqual(bufferOf("agent"), [4_194_304, true]);
    assert.deepEqual(bufferOf("conntrackd"), [1_048_576, false]);
  });

  for (const [text, message] of [
    ["nf_conntrack_acct", /expected NAME=VALUE such as nf_conntrack_acct=1/],
    ["nf_conntrack_acct=2", /expected 0 or 1, got "2"/],
    ["nf_conntrack_acc=1", /nf_conntrack_acct/],
    ["net.netfilter.nf_conntrack_sctp_timeout_closed=10", /TCP, UDP and ICMP are the protocols/],
    ["net.netfilter.nf_conntrack_generic_timeout=600", /TCP, UDP and ICMP are the protocols/],
    ["nf_conntrack_max=0", /got "0"/],
  ] as const) {
    test(`${text} is refused with a reason`, () => {
      assert.throws(() => sysctlCodec.parse(text), message);
    });
  }
});

describe("a timeout in sysctl spelling", () => {
  test("is the same as its short name, and its seconds need no unit", () => {
    const short = timeoutCodec.parse("tcp_established=86400s");
    for (const text of [
      "net.netfilter.nf_conntrack_tcp_timeout_established=86400",
      "nf_conntrack_tcp_timeout_established = 86400",
      "nf_conntrack_tcp_timeout_established=1d",
    ]) {
      assert.deepEqual(timeoutCodec.parse(text), short);
    }
  });

  test("one that would change nothing is refused with what it would need", () => {
    for (const [text, reason] of [
      ["tcp_max_retrans=300s", /no packet is sent again/],
      ["net.netfilter.nf_conntrack_tcp_timeout_max_retrans=300", /no packet is sent again/],
      ["nf_conntrack_tcp_timeout_unacknowledged=300", /the other side answers/],
      ["generic=600s", /TCP, UDP and ICMP/],
      ["nf_conntrack_sctp_timeout_established=210", /TCP, UDP and ICMP/],
      ["nf_conntrack_gre_timeout_stream=180", /TCP, UDP and ICMP/],
    ] as const) {
      assert.throws(() => timeoutCodec.parse(text), reason);
      if (text.startsWith("n")) assert.throws(() => sysctlCodec.parse(text), reason);
    }
  });

  test("the short name wants its unit, because 86400 may be anything", () => {
    assert.throws(() => timeoutCodec.parse("tcp_established=86400"), /expected/);
  });
});
