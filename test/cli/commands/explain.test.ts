/** `explain buffer` from the command line to the screen, with the real resolver and the real explainer. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GLOSSARY } from "../../../src/explain/glossary.js";
import { RELEASES } from "../../../src/kernel/release.js";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import { type Outcome, run, type Setup } from "../harness.js";

const unexpected = () => Promise.reject(new Error("loaded"));

function explain(argv: string, setup: Setup = {}): Promise<Outcome> {
  const dependencies = { backend: unexpected, renderers: unexpected, ...setup.dependencies };
  return run(["explain", ...argv.split(" ")], { ...setup, resolve: resolveScenario, dependencies });
}

/** The explanations of `--format json`. */
async function explanations(argv: string) {
  const { code, stdout, stderr } = await explain(`${argv} --format json`);
  assert.deepEqual([code, stderr], [0, ""]);
  const printed: { schemaVersion: number; explanations: Record<string, unknown>[] } = JSON.parse(stdout);
  assert.equal(printed.schemaVersion, 1);
  return printed.explanations;
}

const unwrapped = (text: string): string => text.replace(/\s+/g, " ");

describe("one release", () => {
  test("each step has its value, its rule and its source; then what comes out, and what to change", async () => {
    const { code, stdout, stderr } = await explain("buffer 512k --kernel 5.4.124");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(
      stdout,
      `SO_RCVBUF 524288, events of UDP over IPv4 on Linux 5.4.124 (as 5.4)

asked      524288  what SO_RCVBUF is asked for
                   net/core/sock.c sock_setsockopt() 2.6.31+
capped     212992  at most net.core.rmem_max, which is 212992
                   net/core/sock.c sock_setsockopt(), sysctl_rmem_max 2.6.31+
doubled    425984  2 × 212992, because the overhead of a message counts too
                   net/core/sock.c sock_setsockopt() 2.6.31+
effective  425984  at least SOCK_MIN_RCVBUF, which is 2304; getsockopt reports
                   the result  include/net/sock.h SOCK_MIN_RCVBUF 3.12+
estimate      460  the most that an event of UDP over IPv4 could take, with
                   acct, nat, mark, secmark
                   net/netfilter/nf_conntrack_netlink.c ctnetlink_nlmsg_size()
                   5.0+
payload       476  with the header: 16 + 460, rounded up to a multiple of 4
                   include/net/netlink.h nlmsg_new() 2.6.31+
head         1024  476 in whole cache lines and 320 of skb_shared_info:
                   kmalloc-1024  net/core/skbuff.c __alloc_skb() 3.2+
truesize     1280  1024 + 256 of struct sk_buff; 508 unused, less than half, so
                   nothing is trimmed
                   net/netlink/af_netlink.c netlink_trim() 2.6.31+
admission  426240  a message enters while rmem before it is at most 425984:
                   425984 / 1280 is 332, and one more
                   net/netlink/af_netlink.c netlink_broadcast_deliver() 2.6.31+
messages      333  333 × 1280 = 426240 of rmem; the next one is refused and
                   counts as a drop
                   net/netlink/af_netlink.c netlink_overrun() 2.6.31+

A request of 524288 bytes holds 333 messages while nobody reads: each is charged
1280 of the 425984 bytes that the socket has.

net.core.rmem_max cut the request: with sysctl net.core.rmem_max=524288, or
SO_RCVBUFFORCE and CAP_NET_ADMIN, it holds 820 messages.
`,
    );
  });

  test("the kernel is 2.6.31 unless said otherwise, and a message is one of UDP over IPv4", async () => {
    const { stdout } = await explain("buffer 2048");
    assert.match(stdout, /^SO_RCVBUF 2048, events of UDP over IPv4 on Linux 2\.6\.31\n/);
    assert.match(stdout, /^messages +8 /m);
    assert.match(stdout, /\nFor 16 messages ask for 4140 bytes\.\n$/);
  });

  test("the flags reach the explanation", async () => {
    const [explanation] = await explanations(
      "buffer 4k --kernel 3.6 --force --rmem-max 1k --protocol tcp --family ipv6 --kernel-config acct=off",
    );
    const { kernel, release, force, rmemMaxBytes, protocol, family, cappedBytes } = explanation!;
    assert.deepEqual(
      { kernel, release, force, rmemMaxBytes, protocol, family, cappedBytes },
      {
        kernel: "3.6",
        release: "3.6",
        force: true,
        rmemMaxBytes: 1024,
        protocol: "tcp",
        family: "ipv6",
        cappedBytes: 4096,
      },
    );
  });

  test("where a TCP event cannot be built, a sentence says so", async () => {
    const { stdout } = await explain(
      "buffer 2k --kernel 2.6.35 --protocol tcp --kernel-config acct=off,nat=off,mark=off,secmark=off,sk-buff=208",
    );
    assert.match(unwrapped(stdout), /NEW and UPDATE of a TCP connection that changes state do not fit/);
  });

  test("JSON has what the text has", async () => {
    const { stdout } = await explain("buffer 512k --kernel 5.4.124");
    const [explanation] = await explanations("buffer 512k --kernel 5.4.124");
    const { steps, result, advice } = explanation as {
      steps: { name: string; value: number; rule: string; source: { file: string; symbol: string; since: string } }[];
      result: string;
      advice: string;
    };
    for (const { name, value, rule, source } of steps) {
      for (const words of [`${name} ${value} ${rule}`, `${source.file} ${source.symbol} ${source.since}+`]) {
        assert.ok(unwrapped(stdout).includes(words), `expected "${words}" in\n${stdout}`);
      }
    }
    for (const sentence of [result, advice]) assert.ok(unwrapped(stdout).includes(sentence));
  });

  test("a request whose double overflows is refused with the reason", async () => {
    const { code, stdout, stderr } = await explain("buffer 1GiB --force --kernel 3.6");
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(
      stderr,
      "ct-reliable: explain buffer: expected at most 1073741823 bytes, because Linux 3.6 doubles them in an int that " +
        'overflows (kernels from 5.4 on cut the request), got "1073741824"\n',
    );
  });
});

describe("--kernel all", () => {
  test("a row for every release, in their order", async () => {
    const { stdout } = await explain("buffer 2048 --kernel all");
    const lines = stdout.split("\n");
    const from = lines.findIndex((line) => line.startsWith("release"));
    const rows = lines.slice(from + 1, from + 1 + RELEASES.length).map((line) => line.split(/ +/));
    assert.deepEqual(
      rows.map(([release]) => release),
      RELEASES.map(({ version }) => version),
    );
    assert.deepEqual(lines[from]?.split(/ +/), [
      "release",
      "asked",
      "capped",
      "effective",
      "truesize",
      "admission",
      "messages",
    ]);
    assert.deepEqual(
      ["2.6.31", "3.0", "3.6", "5.4", "6.1", "6.1.146", "6.18.40"].map((version) =>
        rows.find(([release]) => release === version)?.join(" "),
      ),
      [
        "2.6.31 2048 2048 4096 552 old 8",
        "3.0 2048 2048 4096 616 old 7",
        "3.6 2048 2048 4096 1280 old 4",
        "5.4 2048 2048 4096 1280 old 4",
        "6.1 2048 2048 4096 1280 old 4",
        "6.1.146 2048 2048 4096 1280 new 3",
        "6.18.40 2048 2048 4096 1280 new 3",
      ],
    );
  });

  test("what comes out and what to change are said for all of them together", async () => {
    const small = unwrapped((await explain("buffer 2048 --kernel all")).stdout);
    assert.match(
      small,
      /holds 3 to 8 messages while nobody reads\. For 8 messages on every release ask for 5120 bytes\./,
    );
    const large = unwrapped((await explain("buffer 1MiB --kernel all")).stdout);
    assert.match(large, /net\.core\.rmem_max cuts the request on \d+ of \d+ releases: raise the sysctl/);
  });

  test("JSON has one explanation for each release", async () => {
    const all = await explanations("buffer 2048 --kernel all");
    assert.deepEqual(
      all.map(({ kernel }) => kernel),
      RELEASES.map(({ version }) => version),
    );
    assert.deepEqual(all[0], (await explanations("buffer 2048"))[0]);
  });

  test("a cache of small heads is given only to releases that have one", async () => {
    const heads = (await explanations("buffer 2048 --kernel all --kernel-config small-head=960")).map(
      ({ release, truesizeBytes }) => `${release} ${truesizeBytes}`,
    );
    assert.ok(heads.includes("6.2 1280"));
    assert.ok(heads.includes("6.3 1216"));
  });
});

describe("--kernel host", () => {
  test("the running kernel is asked, and the release that stands for it is named on stderr", async () => {
    const { code, stdout, stderr } = await explain("buffer 2048 --kernel host");
    assert.equal(code, 0);
    assert.match(stdout, /on Linux 6\.18\.44-fc-v669 \(as 6\.18\.40\)\n/);
    assert.equal(stderr, "ct-reliable: note: kernel 6.18.44-fc-v669 is modelled as release 6.18.40\n");
  });

  test("a release that nobody has read is refused as a version would be", async () => {
    const host = () => ({ system: "Linux", release: "7.9.1", version: "", signature: null });
    const { code, stderr } = await explain("buffer 2048 --kernel host", { dependencies: { host } });
    assert.equal(code, 2);
    assert.match(stderr, /^ct-reliable: --kernel: expected a Linux version from 2\.6\.31 to 7\.3, .* got "7\.9\.1"\n$/);
  });

  test("a machine without Linux has no kernel to ask", async () => {
    const host = () => ({ system: "Darwin", release: "5.4.0", version: "", signature: null });
    const { code, stderr } = await explain("buffer 2048 --kernel host", { dependencies: { host } });
    assert.deepEqual(
      [code, stderr],
      [2, "ct-reliable: --kernel: expected a version where this machine does not run Linux, got host (Darwin)\n"],
    );
  });

  test("a version that is named is not commented on", async () => {
    assert.equal((await explain("buffer 2048 --kernel 6.18.44-fc-v669")).stderr, "");
  });
});

describe("the screen", () => {
  const CALLS = ["buffer 2048", "buffer 2147483647 --kernel 6.18 --force", "buffer 8MiB --kernel all"];

  test("no line is longer than the terminal is wide, and none ends with a space", async () => {
    for (const call of CALLS) {
      for (const columns of [40, 41, 60, 80, 100, 120, 200]) {
        const { stdout } = await explain(call, { columns, stdoutTty: true, env: { NO_COLOR: "1" } });
        for (const line of stdout.split("\n")) assert.ok(line.length <= columns && !line.endsWith(" "), line);
      }
    }
  });

  test("colour changes no character of the text, and --no-color leaves none", async () => {
    for (const call of CALLS) {
      const plain = (await explain(call)).stdout;
      const coloured = (await explain(call, { stdoutTty: true, columns: 80 })).stdout;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes that are colours
      assert.equal(coloured.replace(/\u001b\[[0-9;]*m/g, ""), plain);
      assert.notEqual(coloured, plain);
      assert.equal((await explain(`${call} --no-color`, { stdoutTty: true, columns: 80 })).stdout, plain);
    }
  });
});

describe("the help", () => {
  test("it names the operands, and its examples run", async () => {
    const { stdout } = await explain("--help");
    assert.match(stdout, /^Usage: ct-reliable explain buffer SIZE\|WORD \[flags\]$/m);
    assert.equal((await run(["help", "explain"], { resolve: resolveScenario })).stdout, stdout);
    const examples = stdout.split("\n").filter((line) => line.startsWith("  ct-reliable "));
    assert.ok(examples.length >= 3);
    for (const example of examples) {
      const outcome = await explain(example.trim().split(" ").slice(2).join(" "));
      assert.deepEqual([outcome.code, outcome.stderr.includes("expected")], [0, false], example);
    }
  });

  test("it promises no flag that the command does not have", async () => {
    const { stdout } = await explain("--help");
    assert.doesNotMatch(stdout, /--print-config|--buffer/);
  });
});

test("a word of the reports is explained, whatever its case, and each word is found", async () => {
  const outcome = await run(["explain", "Dying", "list"]);
  assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
  assert.match(outcome.stdout, /^dying list: Entries that are dead/);
  for (const { word, also } of GLOSSARY) {
    for (const name of [word, ...also])
      assert.ok((await run(["explain", ...name.split(" ")])).stdout.startsWith(`${word}: `));
  }
});
