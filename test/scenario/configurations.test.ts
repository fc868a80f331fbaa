/** What conntrackd.conf, ulogd.conf and sysctl files say of a run, and what is wrong with one, said with its place. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { conntrackdConfiguration } from "../../src/scenario/configurations/conntrackd.js";
import { sysctlConfiguration, sysctlOf } from "../../src/scenario/configurations/sysctl.js";
import { ulogdConfiguration } from "../../src/scenario/configurations/ulogd.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { simulate } from "../../src/simulation/simulation.js";

/** The settings that Debian's conntrackd 1.4.7 comes with, which its package calls by their old names. */
const DEBIAN_CONNTRACKD = `# a comment
General {
  HashSize 8192
  Syslog on # kept
  LockFile /var/lock/conntrackd.lock
  UNIX {
    Path /var/run/conntrackd.sock
    Backlog 20
  }
  SocketBufferSize 262142
  SocketBufferSizeMaxGrown 655355
}
Stats {
  LogFile on
}
`;
const ULOGD = `[global]
stack=log1:NFLOG,emu1:LOGEMU
stack=mine:NFCT,ip2str1:IP2STR
[mine]
netlink_socket_buffer_size=217088
netlink_socket_buffer_maxsize=1085440
netlink_resync_timeout=15
`;

/** The buffer at first and at the end of a flush that overflows it. */
function buffers(listener: NonNullable<Parameters<typeof resolveScenario>[1]["listeners"]>[number]): number[] {
  const scenario = resolveScenario("flush", {
    kernel: "6.18.44",
    connections: 20_000,
    listeners: [{ ...listener, serviceNanoseconds: 20_000, slowFrom: "start", smallFrom: "start" }],
  });
  const { socket } = simulate(scenario);
  return [socket.capacityMessages!, Math.floor(socket.peakRmemBytes! / socket.truesizeBytes)];
}

describe("conntrackd.conf", () => {
  test("Debian's own gives 204 messages, then 409 after the first ENOBUFS, and no more", () => {
    const { listener, notes } = conntrackdConfiguration(DEBIAN_CONNTRACKD, "c.conf");
    assert.deepEqual(listener, {
      groups: ["new", "update", "destroy"],
      preset: "conntrackd",
      policy: "lossy",
      bufferBytes: 131_071,
      bufferMaxBytes: 327_677,
      resyncAfterNanoseconds: 30e9,
    });
    assert.deepEqual(buffers(listener), [204, 409]);
    assert.deepEqual(notes, [
      "c.conf: without effect on what is delivered: HashSize (line 3), Syslog (line 4), LockFile (line 5), UNIX (line 6)",
    ]);
  });

  const installed = "/etc/conntrackd/conntrackd.conf";
  test("the installed file is read", { skip: existsSync(installed) ? false : "conntrackd is not installed" }, () => {
    const { listener } = conntrackdConfiguration(readFileSync(installed, "utf8"), installed);
    assert.ok(listener.bufferBytes! > 0);
  });

  test("reliable, and a resync that is off or has another time", () => {
    const general = (lines: string) =>
      conntrackdConfiguration(`General {\n${lines}\n}\nSync { Mode FTFW { } }\n`, "c").listener;
    assert.equal(general("NetlinkEventsReliable On").policy, "reliable");
    assert.equal(general("NetlinkOverrunResync Off").resyncAfterNanoseconds, null);
    assert.equal(general("NetlinkOverrunResync 5").resyncAfterNanoseconds, 5e9);
    // Zero is what is not given.
    assert.equal(general("NetlinkOverrunResync 0").resyncAfterNanoseconds, 30e9);
  });

  test("without the internal cache there is no resync", () => {
    const text = "General { }\nSync { Mode NOTRACK { DisableInternalCache On } }\n";
    assert.equal(conntrackdConfiguration(text, "c").listener.resyncAfterNanoseconds, null);
  });

  test("a size above the growth is ignored by conntrackd, which keeps the default buffer", () => {
    const text = "General { NetlinkBufferSize 2097152\nNetlinkBufferSizeMaxGrowth 8192 }\nStats { }\n";
    const { listener, notes } = conntrackdConfiguration(text, "c");
    assert.deepEqual([listener.bufferBytes, listener.bufferMaxBytes], [106_496, null]);
    assert.match(notes[0]!, /^c: NetlinkBufferSize is not set or above NetlinkBufferSizeMaxGrowth/);
  });

  for (const [what, text, sentence] of [
    [
      "an unknown statement",
      "General {\n NetlinkBuferSize 1\n}\nStats { }",
      /^c:2: expected a statement of General .* got "NetlinkBuferSize", did you mean "NetlinkBufferSize"\?$/,
    ],
    ["an unknown block", "Genral {\n}", /^c:1: expected a block .* got "Genral", did you mean "General"\?$/],
    [
      "a word where a number belongs",
      "General {\n\n NetlinkBufferSize big\n}",
      /^c:3: expected a number for NetlinkBufferSize, got "big"$/,
    ],
    [
      "a block that is not closed",
      "General {\n HashSize 1\n",
      /^c:2: expected a statement of General or }, got the end of the file$/,
    ],
    [
      "Sync beside Stats",
      "General { }\nSync { }\nStats { }",
      /^c:3: expected one of Sync and Stats, after Sync in line 2, got "Stats"$/,
    ],
    [
      "no block that makes conntrackd listen",
      "General {\n NetlinkBufferSize 4096\n}\nHelper {\n}",
      /^c: expected a block Sync or Stats, without which conntrackd opens no event socket, got neither$/,
    ],
    [
      "a filter that neither accepts nor ignores",
      "General {\n Filter From Kernelspace {\n  Protocol Acept { TCP }\n }\n}\nStats { }",
      /^c:3: expected Accept or Ignore after Protocol, got "Acept", did you mean "Accept"\?$/,
    ],
  ] as const) {
    test(`${what} is a mistake with its line`, () => {
      assert.throws(() => conntrackdConfiguration(text, "c"), { name: "UsageError", message: sentence });
    });
  }
});

describe("ulogd.conf", () => {
  test("the instance of NFCT in a stack is the listener, and its buffer grows by four", () => {
    const { listener, notes } = ulogdConfiguration(ULOGD, "u.conf");
    assert.deepEqual(listener, {
      groups: ["new", "destroy"],
      preset: "ulogd",
      policy: "lossy",
      bufferBytes: 217_088,
      bufferMaxBytes: 1_085_440,
      overrunAs: "ulogd",
      resyncAfterNanoseconds: 15e9,
    });
    assert.deepEqual(notes, []);
    // 434,176 bytes, then 1,736,704: what the real one was seen to have.
    assert.deepEqual(buffers(listener), [339, 1356]);
  });

  test("without a hash nothing is resynced; a mask chooses the groups; reliable is both options", () => {
    const { listener } = ulogdConfiguration("[ct1]\nhash_enable=0\nevent_mask=0x4\nreliable=1\n", "u");
    assert.deepEqual(
      [listener.resyncAfterNanoseconds, listener.groups, listener.policy],
      [null, ["destroy"], "reliable"],
    );
  });

  test("of several instances the first is the listener, and the others are named", () => {
    const stacks = "[global]\nstack=a:NFCT,o:XML\nstack=b:NFCT,o:XML\nstack=a:NFCT,p:GPRINT\n";
    const { listener, notes } = ulogdConfiguration(`${stacks}[a]\nreliable=1\n[b]\npollinterval=10\n`, "u");
    assert.equal(listener.policy, "reliable");
    assert.deepEqual(notes, [
      "u: [b] is not simulated: the run has the first instance of NFCT, [a], and ulogd reads all of them in one thread",
    ]);
  });

  test("a size that is not below the maximum is ignored by ulogd, which keeps the default buffer", () => {
    const { listener, notes } = ulogdConfiguration("[ct1]\nnetlink_socket_buffer_size=217088\n", "u");
    assert.deepEqual([listener.bufferBytes, listener.bufferMaxBytes], [106_496, null]);
    assert.match(notes[1]!, /^u:2: netlink_socket_buffer_size is not below netlink_socket_buffer_maxsize/);
  });

  test("without a stack of NFCT, as Debian's own, says that and what the run has", () => {
    const sentence = (text: string) => ulogdConfiguration(text, "u").notes[0];
    const says =
      "u: no stack has an instance of NFCT, so that an ulogd with this file gets no conntrack events; the run has one with";
    const stacks = "[global]\nstack=log1:NFLOG,print1:PRINTPKT\n#stack=ct1:NFCT,xml1:XML\n";
    assert.equal(sentence(`${stacks}[ct1]\n#event_mask=1\n[ct2]\n`), `${says} ulogd's built-in defaults`);
    assert.equal(sentence(`${stacks}[ct1]\nevent_mask=1\n`), `${says} the section [ct1]`);
    assert.equal(sentence(`${stacks}stack=ct2:NFCT,xml1:XML\n[ct1]\n[ct2]\n`), undefined);
  });

  for (const [what, text, sentence] of [
    [
      "an unknown key",
      "[ct1]\nnetlink_socket_bufer_size=1\n",
      /^u:2: expected a key of NFCT .* did you mean "netlink_socket_buffer_size"\?$/,
    ],
    ["a text where a number belongs", "[ct1]\nreliable=yes\n", /^u:2: expected a number for reliable, got "yes"$/],
    ["a line that is no pair", "[ct1]\nreliable\n", /^u:2: expected key=value or a \[section\], got "reliable"$/],
    ["no NFCT at all", "[global]\nstack=log1:NFLOG\n", /^u: expected a stack with an instance of NFCT/],
  ] as const) {
    test(`${what} is a mistake with its line`, () => {
      assert.throws(() => ulogdConfiguration(text, "u"), { name: "UsageError", message: sentence });
    });
  }
});

describe("polls and socket filters of their files", () => {
  const inPlaceOfEvents = (seconds: number) => ({ everyNanoseconds: seconds * 1e9, withEvents: false });

  test("PollSecs and pollinterval are polls in place of events, without a resync", () => {
    const { listener } = conntrackdConfiguration("General {\n PollSecs 15\n}\nSync { }", "c");
    assert.deepEqual([listener.poll, listener.resyncAfterNanoseconds], [inPlaceOfEvents(15), null]);
    const ulogd = ulogdConfiguration("[ct1]\npollinterval=10\n", "u").listener;
    assert.deepEqual([ulogd.poll, ulogd.resyncAfterNanoseconds], [inPlaceOfEvents(10), null]);
    assert.equal(ulogdConfiguration("[ct1]\npollinterval=0\n", "u").listener.poll, undefined);
  });

  const filtered = (rule: string) =>
    conntrackdConfiguration(`General {\n Filter From Kernelspace {\n${rule}\n }\n}\nSync { }`, "c");

  test("the protocols of Filter From Kernelspace are a socket filter, those that it ignores the others", () => {
    assert.deepEqual(filtered("Protocol Accept {\n TCP\n SCTP\n}").listener.filter, ["tcp"]);
    assert.deepEqual(filtered("Protocol Ignore { UDP }").listener.filter, ["tcp", "icmp"]);
  });

  test("its addresses and states are named as what is not simulated", () => {
    const { listener, notes } = filtered(
      "Protocol Accept { TCP }\n Address Ignore {\n IPv4_address 127.0.0.1\n}\n State Accept { ESTABLISHED } for TCP",
    );
    assert.deepEqual(listener.filter, ["tcp"]);
    assert.match(notes.join("\n"), /not simulated: Address \(line 4\), State \(line 7\)/);
  });

  test("a filter of protocols that are not modelled is left out, and said so", () => {
    const { listener, notes } = filtered("Protocol Accept { SCTP }");
    assert.equal(listener.filter, undefined);
    assert.match(notes.join("\n"), /lets no protocol pass that is modelled, and is left out/);
  });

  test("a filter in user space comes after the buffer and is none", () => {
    const { listener } = conntrackdConfiguration(
      "General {\n Filter From Userspace {\n Protocol Accept { TCP }\n }\n}\nSync { }",
      "c",
    );
    assert.equal(listener.filter, undefined);
  });

  test("ulogd's accept_proto_filter is one", () => {
    const { listener } = ulogdConfiguration("[ct1]\naccept_proto_filter=tcp,sctp\n", "u");
    assert.deepEqual(listener.filter, ["tcp"]);
  });
});

describe("sysctl settings", () => {
  test("of conntrack and rmem_max set the kernel; those of the rest of the machine are passed over", () => {
    const { overrides, notes } = sysctlConfiguration(
      `# a comment
kernel.panic = 10
net.core.rmem_max = 8388608
net/netfilter/nf_conntrack_max=100000
-net.netfilter.nf_conntrack_udp_timeout_stream = 60
net.netfilter.nf_conntrack_acct = 1
net.netfilter.nf_conntrack_tcp_timeout_time_wait = 30
`,
      "s.conf",
    );
    assert.deepEqual(overrides, {
      rmemMaxBytes: 8_388_608,
      nfConntrackMax: 100_000,
      timeoutsSeconds: { udp_stream: 60, tcp_time_wait: 30 },
      kernelConfig: { acct: true },
    });
    assert.deepEqual(notes, []);
  });

  test("an unknown name of conntrack is named, a value that is no number a mistake", () => {
    const { notes } = sysctlConfiguration("net.netfilter.nf_conntrack_udp_timout = 3\n", "s");
    assert.deepEqual(notes, ["s: not known, and without effect: net.netfilter.nf_conntrack_udp_timout (line 1)"]);
    assert.throws(() => sysctlConfiguration("\nnet.netfilter.nf_conntrack_max = many\n", "s"), {
      message: 's:2: expected a whole number for net.netfilter.nf_conntrack_max, got "many"',
    });
  });

  test("nf_conntrack_events is what it is there, 0 as well: a table that tells nothing is an answer", () => {
    for (const events of [0, 1, 2]) {
      const { overrides } = sysctlConfiguration(`net.netfilter.nf_conntrack_events = ${events}\n`, "s");
      assert.deepEqual(overrides, { nfConntrackEvents: events });
    }
  });

  test("what grep prints of /proc/sys is read, and what sysctl complains of is passed over", () => {
    const { overrides, notes } = sysctlConfiguration(
      `sysctl: permission denied on key 'net.ipv4.tcp_fastopen_key'
/proc/sys/net/netfilter/nf_conntrack_max:100000
/proc/sys/net/netfilter/nf_conntrack_icmpv6_timeout:10
`,
      "s",
    );
    assert.deepEqual(overrides, { nfConntrackMax: 100_000, timeoutsSeconds: { icmpv6: 10 } });
    assert.deepEqual(notes, []);
  });

  test("rmem_default that is not the usual one is named with the flag that gives it to a program", () => {
    const notesOf = (bytes: number) => sysctlConfiguration(`net.core.rmem_default = ${bytes}\n`, "s").notes;
    assert.deepEqual(notesOf(212_992), []);
    assert.match(notesOf(8_388_608)[0]!, /^s:1: .*--sysctl net\.core\.rmem_default=8388608$/);
  });

  test("a limit above everything that a run can have is the most that one can", () => {
    const { overrides } = sysctlConfiguration(
      "net.core.rmem_max = 2147483647\nnet.netfilter.nf_conntrack_max = 99999999\n",
      "s",
    );
    assert.deepEqual(overrides, { rmemMaxBytes: 2 ** 30, nfConntrackMax: 2 ** 24 });
  });

  test("timeouts have the kernel's names, and one of them no sysctl", () => {
    assert.equal(sysctlOf("tcp_time_wait"), "tcp_timeout_time_wait");
    assert.equal(sysctlOf("udp"), "udp_timeout");
    assert.equal(sysctlOf("udp_stream"), "udp_timeout_stream");
    assert.equal(sysctlOf("icmp"), "icmp_timeout");
    assert.equal(sysctlOf("tcp_syn_sent2"), null);
  });
});
