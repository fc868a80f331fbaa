import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { parseAttributes, parseMessages } from "netlink/dist/structs.js";
import pcapParser from "pcap-parser";
import type { Scenario } from "../../src/scenario/scenario.js";
import { STREAM_FORMS, type StreamFormat } from "../../src/trace/stream.js";
import { messagesOf, RUNS } from "./scenario.js";

/** The part of an event that every reader has to agree on, as the line of JSON has it. */
interface Seen {
  microseconds: number;
  type: number;
  id: number;
  status: number;
  addresses: string[];
}

async function streamed(scenario: Scenario, format: StreamFormat): Promise<Buffer> {
  const form = STREAM_FORMS[format];
  const messages = (await messagesOf(scenario)).filter(({ refused }) => refused === null);
  return Buffer.concat([form.begin, ...messages.map((message) => form.message(message))]);
}

async function fromJson(scenario: Scenario): Promise<Seen[]> {
  const lines = (await streamed(scenario, "jsonl")).toString().trimEnd().split("\n");
  return lines.map((line) => {
    const { seconds, event, id, status, original, reply } = JSON.parse(line);
    const addresses = [original.source, original.destination, reply.source, reply.destination];
    return {
      microseconds: Math.floor(seconds * 1e6 + 0.0005),
      type: event === "destroy" ? 0x102 : 0x100,
      id,
      status,
      addresses,
    };
  });
}

/** With the attribute parser of the package netlink, which knows no conntrack. */
function fromBytes(message: Buffer, microseconds: number): Seen {
  const [parsed] = parseMessages(message);
  const { type, data } = parsed!;
  const attributes = nested(data.subarray(4));
  const addresses = [1, 2].flatMap((tuple) =>
    [...nested(nested(attributes.get(tuple)!).get(1)!).values()].map(addressOf),
  );
  return {
    microseconds,
    type,
    id: attributes.get(12)!.readUInt32BE(0),
    status: attributes.get(3)!.readUInt32BE(0),
    addresses,
  };
}

function nested(data: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  parseAttributes(data, ({ type, data }) => void attributes.set(type, data));
  return attributes;
}

function addressOf(address: Buffer): string {
  if (address.length === 4) return address.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => address.readUInt16BE(2 * at).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

interface Packet {
  microseconds: number;
  data: Buffer;
}

function packetsOf(capture: Buffer): Promise<Packet[]> {
  const stream = new PassThrough();
  const parser = pcapParser.parse(stream);
  const packets: Packet[] = [];
  parser.on("packet", ({ header, data }) => {
    packets.push({ microseconds: header.timestampSeconds * 1e6 + header.timestampMicroseconds, data });
  });
  return new Promise((resolve, reject) => {
    parser.on("end", () => resolve(packets));
    parser.on("error", reject);
    stream.end(capture);
  });
}

const tshark = spawnSync("tshark", ["--version"]).error === undefined ? false : "tshark is not installed";

for (const [name, scenario] of Object.entries(RUNS)) {
  describe(name, () => {
    test("a capture has every message, as parsers from elsewhere read it", async () => {
      const seen = (await packetsOf(await streamed(scenario, "pcap"))).map(({ microseconds, data }) => {
        // The header that Linux puts before a message of netlink.
        assert.deepEqual([...data.subarray(0, 16)], [0, 0, 0x03, 0x38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12]);
        return fromBytes(data.subarray(16), microseconds);
      });
      assert.deepEqual(seen, await fromJson(scenario));
    });

    test("bare messages follow one another", async () => {
      const bytes = await streamed(scenario, "netlink");
      const expected = (await fromJson(scenario)).map((seen) => ({ ...seen, microseconds: 0 }));
      const seen: Seen[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = bytes.readUInt32LE(at);
        seen.push(fromBytes(bytes.subarray(at, at + length), 0));
        at += (length + 3) & ~3;
      }
      assert.deepEqual(seen, expected);
    });

    test("tshark dissects every packet as conntrack, with the same tuples, ids and status", {
      skip: tshark,
    }, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), "ct-reliable-pcap-"));
      try {
        const file = path.join(folder, "a.pcap");
        writeFileSync(file, await streamed(scenario, "pcap"));
        assert.deepEqual(dissected(file), await fromJson(scenario));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
}

function dissected(file: string): Seen[] {
  const fields = [
    ...["frame.time_epoch", "netlink.hdr_type", "netlink-netfilter.ct_attr.id", "netlink-netfilter.ct_attr.status"],
    ...["netlink-netfilter.nfct_tuple.ip.ip_addr", "netlink-netfilter.nfct_tuple.ip.ip6_addr"],
  ];
  const { stdout, status } = spawnSync(
    "tshark",
    [
      "-r",
      file,
      "-Y",
      "netlink-netfilter.subsys == 1 && !_ws.malformed",
      "-T",
      "fields",
      ...fields.flatMap((field) => ["-e", field]),
    ],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  assert.equal(status, 0);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [time, type, id, state, ipv4 = "", ipv6 = ""] = line.split("\t");
      const addresses = `${ipv4}${ipv6}`.split(",");
      return {
        microseconds: Math.round(Number(time) * 1e6),
        type: Number(type),
        id: Number(id),
        status: Number(state),
        addresses,
      };
    });
}
