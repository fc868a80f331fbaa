/**
 * From a requested receive buffer to the messages that it holds, step by step: what the socket gets (SO_RCVBUF, rmem_max,
 * doubling, SOCK_MIN_RCVBUF), what one ctnetlink event is charged (estimate, payload, head, truesize), and what admission
 * makes of the two. Each step says its rule with its numbers and where the kernel has it. It owns the arithmetic of capacity
 * and the words; the sizes themselves come from the files that the simulated socket uses, so that both say the same.
 */

import { allocatedPayloadBytes, estimateBytes } from "../kernel/events/estimate.js";
import { messageBytes } from "../kernel/events/message.js";
import { capacityMessages, requestFor } from "../kernel/netlink/capacity.js";
import { rcvbufBytes } from "../kernel/netlink/rcvbuf.js";
import { allocation, truesize } from "../kernel/netlink/truesize.js";
import { RELEASES, type Release } from "../kernel/release.js";
import { quoted, UsageError } from "../scenario/errors.js";
import type { EventGroup, Family, KernelConfig, Protocol } from "../scenario/scenario.js";

export interface BufferRequest {
  /** What SO_RCVBUF is asked for: 0 to INT_MAX. */
  requestedBytes: number;
  release: Release;
  config: KernelConfig;
  rmemMaxBytes: number;
  protocol: Protocol;
  family: Family;
  /** SO_RCVBUFFORCE in place of SO_RCVBUF. */
  force: boolean;
}

export interface BufferStep {
  name:
    | "asked"
    | "capped"
    | "doubled"
    | "effective"
    | "estimate"
    | "payload"
    | "head"
    | "truesize"
    | "admission"
    | "messages";
  value: number;
  unit: "bytes" | "messages";
  /** One phrase, with the numbers in it. */
  rule: string;
  /** `since`: the first row of the release table from which on the rule holds without a break. */
  source: { file: string; symbol: string; since: string };
}

export interface BufferExplanation {
  release: string;
  protocol: Protocol;
  family: Family;
  force: boolean;
  requestedBytes: number;
  rmemMaxBytes: number;
  cappedBytes: number;
  /** sk_rcvbuf, as getsockopt reports it. */
  rcvbufBytes: number;
  truesizeBytes: number;
  admission: Release["admission"];
  capacityMessages: number;
  /** What decided sk_rcvbuf. */
  limit: "request" | "rmem_max" | "minimum" | "int";
  steps: readonly BufferStep[];
  /** Types of events that do not fit into what is allocated for them. */
  neverBuilt: readonly EventGroup[];
  /** What comes out, in one sentence. */
  result: string;
  /** What to change for more, in one sentence. */
  advice: string;
}

const INT_MAX = 2 ** 31 - 1;
/** The largest request whose double is an int. */
const LARGEST_DOUBLED = (INT_MAX - 1) / 2;
/**
 * First row in which the request is cut to INT_MAX / 2 before it is doubled (4057765f2dee, February 2019, after 5.0). Before it,
 * what an overflow leaves behind changed several times (82981930125a, b98b0bc8c431) and is not modelled.
 */
const FIRST_CLAMPING_ROW = "5.4";

const SOCK_C = "net/core/sock.c";
const SKBUFF_C = "net/core/skbuff.c";
const AF_NETLINK_C = "net/netlink/af_netlink.c";
const SETSOCKOPT = "sock_setsockopt()";

/**
 * All steps, in the order in which the kernel takes them.
 * @throws UsageError where the double of the request is no int and the release is one that lets it overflow
 */
export function explainBuffer(request: BufferRequest): BufferExplanation {
  const { requestedBytes, release, protocol, family, force, rmemMaxBytes } = request;
  const socket = socketSize(request);
  const message = messageCharge(request);
  const { admission } = release;
  const capacity = capacityMessages(socket.rcvbufBytes, message.truesizeBytes, admission);
  return {
    release: release.version,
    protocol,
    family,
    force,
    requestedBytes,
    rmemMaxBytes,
    cappedBytes: socket.cappedBytes,
    rcvbufBytes: socket.rcvbufBytes,
    truesizeBytes: message.truesizeBytes,
    admission,
    capacityMessages: capacity,
    limit: socket.limit,
    steps: [
      ...socket.steps,
      ...message.steps,
      ...admissionSteps(release, socket.rcvbufBytes, message.truesizeBytes, capacity),
    ],
    neverBuilt: message.neverBuilt,
    result:
      `A request of ${requestedBytes} bytes holds ${messages(capacity)} while nobody reads: each is charged ` +
      `${message.truesizeBytes} of the ${socket.rcvbufBytes} bytes that the socket has.`,
    advice: adviceOn(request, socket, message.truesizeBytes, capacity),
  };
}

interface SocketSize {
  cappedBytes: number;
  rcvbufBytes: number;
  limit: BufferExplanation["limit"];
  steps: BufferStep[];
}

/** sk_rcvbuf of the request. */
function socketSize({ requestedBytes, rmemMaxBytes, release, force }: BufferRequest): SocketSize {
  const option = force ? "SO_RCVBUFFORCE" : "SO_RCVBUF";
  const cappedBytes = force ? requestedBytes : Math.min(requestedBytes, rmemMaxBytes);
  const doublable = Math.min(cappedBytes, LARGEST_DOUBLED);
  if (doublable < cappedBytes && !lineage(release).some(({ version }) => version === FIRST_CLAMPING_ROW)) {
    throw new UsageError(
      `expected at most ${LARGEST_DOUBLED} bytes, because Linux ${release.version} doubles them in an int that overflows ` +
        `(kernels from ${FIRST_CLAMPING_ROW} on cut the request), got ${quoted(String(cappedBytes))}`,
    );
  }
  const minimum = release.rcvbufMinimumBytes;
  const effective = rcvbufBytes(doublable, doublable, release);
  const steps = [
    step("asked", requestedBytes, `what ${option} is asked for`, SOCK_C, SETSOCKOPT, oldest()),
    step(
      "capped",
      cappedBytes,
      force
        ? `SO_RCVBUFFORCE needs CAP_NET_ADMIN and does not look at net.core.rmem_max (${rmemMaxBytes})`
        : `at most net.core.rmem_max, which is ${rmemMaxBytes}`,
      SOCK_C,
      force ? `${SETSOCKOPT}, SO_RCVBUFFORCE` : `${SETSOCKOPT}, sysctl_rmem_max`,
      oldest(),
    ),
    doublable < cappedBytes
      ? step(
          "doubled",
          2 * doublable,
          `cut to INT_MAX / 2 so that the double is an int: 2 × ${doublable}`,
          SOCK_C,
          SETSOCKOPT,
          FIRST_CLAMPING_ROW,
        )
      : step(
          "doubled",
          2 * doublable,
          `2 × ${doublable}, because the overhead of a message counts too`,
          SOCK_C,
          SETSOCKOPT,
          oldest(),
        ),
    step(
      "effective",
      effective,
      `at least SOCK_MIN_RCVBUF, which is ${minimum}; getsockopt reports the result`,
      "include/net/sock.h",
      "SOCK_MIN_RCVBUF",
      holdsSince(release, (row) => row.rcvbufMinimumBytes === minimum),
    ),
  ];
  const limit =
    effective > 2 * doublable
      ? "minimum"
      : doublable < cappedBytes
        ? "int"
        : cappedBytes < requestedBytes
          ? "rmem_max"
          : "request";
  return { cappedBytes, rcvbufBytes: effective, limit, steps };
}

interface MessageCharge {
  truesizeBytes: number;
  neverBuilt: EventGroup[];
  steps: BufferStep[];
}

/** What one DESTROY of a flush is charged. NEW and UPDATE are allocated for the same estimate. */
function messageCharge({ release, config, protocol, family }: BufferRequest): MessageCharge {
  const { layout, estimate: facts } = release;
  const estimate = estimateBytes(facts, protocol, family, config);
  const payload = allocatedPayloadBytes(estimate);
  const lengthOf = (type: EventGroup, protoinfoChanged: boolean): number =>
    messageBytes({ type, protocol, family, protoinfoChanged, timeLeft: true }, layout, config);
  const used = lengthOf("destroy", false);
  const { headBytes: head, skBuffBytes, roomBytes: room } = allocation(payload, release, config);
  const { bytes: charged } = truesize(payload, used, release, config);
  const fromSmallHeads = release.truesize === "head" && head === config.smallHeadBytes;
  const steps = [
    step(
      "estimate",
      estimate,
      `the most that an event of ${flowOf(protocol, family)} could take, ${optionsOf(config)}`,
      "net/netfilter/nf_conntrack_netlink.c",
      "ctnetlink_nlmsg_size()",
      holdsSince(release, (row) => row.estimate === facts),
    ),
    step(
      "payload",
      payload,
      `with the header: 16 + ${estimate}, rounded up to a multiple of 4`,
      "include/net/netlink.h",
      "nlmsg_new()",
      oldest(),
    ),
    step(
      "head",
      head,
      headRule(release, payload, head, room, fromSmallHeads),
      SKBUFF_C,
      fromSmallHeads ? "__alloc_skb(), skb_small_head_cache" : "__alloc_skb()",
      holdsSince(
        release,
        (row) => row.truesize === release.truesize && (!fromSmallHeads || row.config.smallHeadBytes > 0),
      ),
    ),
    step(
      "truesize",
      charged,
      `${head} + ${skBuffBytes} of struct sk_buff${trimRule(head + skBuffBytes, charged, room, used)}`,
      AF_NETLINK_C,
      "netlink_trim()",
      oldest(),
    ),
  ];
  const neverBuilt = (["new", "update"] as const).filter((type) => lengthOf(type, true) > room);
  return { truesizeBytes: charged, neverBuilt, steps };
}

function headRule(release: Release, payload: number, head: number, room: number, fromSmallHeads: boolean): string {
  if (release.truesize === "payload") return `${payload} in whole cache lines; what the allocator adds is not charged`;
  const whole = `${payload} in whole cache lines and ${head - room} of skb_shared_info`;
  return fromSmallHeads ? `${whole}: a small head, ${head}` : `${whole}: kmalloc-${head}`;
}

/** An skb of which half or more is unused is cut before it is queued; no event of ctnetlink is that short in practice. */
function trimRule(whole: number, charged: number, room: number, used: number): string {
  const unused = room - used;
  return charged === whole
    ? `; ${unused} unused, less than half, so nothing is trimmed`
    : ` is ${whole}; ${unused} unused, half or more, so it is trimmed`;
}

function admissionSteps(release: Release, rcvbuf: number, charged: number, capacity: number): BufferStep[] {
  const fit = Math.floor(rcvbuf / charged);
  const old = release.admission === "old";
  return [
    step(
      "admission",
      capacity * charged,
      old
        ? `a message enters while rmem before it is at most ${rcvbuf}: ${rcvbuf} / ${charged} is ${fit}, and one more`
        : `a message enters if rmem with it is at most ${rcvbuf}, or into an empty queue: ${rcvbuf} / ${charged} is ${fit}`,
      AF_NETLINK_C,
      "netlink_broadcast_deliver()",
      holdsSince(release, (row) => row.admission === release.admission),
    ),
    {
      ...step(
        "messages",
        capacity,
        `${capacity} × ${charged} = ${capacity * charged} of rmem; the next one is refused and counts as a drop`,
        AF_NETLINK_C,
        "netlink_overrun()",
        oldest(),
      ),
      unit: "messages",
    },
  ];
}

function adviceOn(
  { requestedBytes, rmemMaxBytes, release, force }: BufferRequest,
  { cappedBytes, limit }: SocketSize,
  charged: number,
  capacity: number,
): string {
  if (limit === "int") return "No request makes it larger: twice the request has to be an int.";
  if (cappedBytes < requestedBytes) {
    const uncapped = Math.min(requestedBytes, LARGEST_DOUBLED);
    const more = capacityMessages(rcvbufBytes(uncapped, uncapped, release), charged, release.admission);
    return (
      `net.core.rmem_max cut the request: with sysctl net.core.rmem_max=${uncapped}, or SO_RCVBUFFORCE and ` +
      `CAP_NET_ADMIN, it holds ${messages(more)}.`
    );
  }
  const wanted = limit === "minimum" ? capacity + 1 : 2 * capacity;
  const needed = requestFor(wanted, charged, release.admission);
  if (needed > LARGEST_DOUBLED) return "No request makes it twice as large: its double has to be an int.";
  const begin = limit === "minimum" ? "The kernel's minimum decides here: for" : "For";
  const sysctl =
    needed > rmemMaxBytes && !force ? `, and raise sysctl net.core.rmem_max, which is ${rmemMaxBytes}, to that` : "";
  return `${begin} ${messages(wanted)} ask for ${needed} bytes${sysctl}.`;
}

function step(
  name: BufferStep["name"],
  value: number,
  rule: string,
  file: string,
  symbol: string,
  since: string,
): BufferStep {
  return { name, value, unit: "bytes", rule, source: { file, symbol, since } };
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}

/** The flow as a screen says it. */
export function flowOf(protocol: Protocol, family: Family): string {
  return `${protocol.toUpperCase()} over ${family === "ipv4" ? "IPv4" : "IPv6"}`;
}

/** The options of which each adds an attribute. */
function optionsOf({ acct, nat, mark, secmark, timestamp }: KernelConfig): string {
  const on = Object.entries({ acct, nat, mark, secmark, timestamp }).flatMap(([name, set]) => (set ? [name] : []));
  return on.length === 0 ? "without options" : `with ${on.join(", ")}`;
}

function oldest(): string {
  return RELEASES[0]!.version;
}

function holdsSince(release: Release, same: (row: Release) => boolean): string {
  const rows = lineage(release);
  const broken = rows.findLastIndex((row) => !same(row));
  return (rows[broken + 1] ?? release).version;
}

/** The rows that lead to a release, oldest first: not those of stable updates of another branch. */
function lineage(release: Release): Release[] {
  const end = RELEASES.findIndex(({ version }) => version === release.version);
  return RELEASES.slice(0, end + 1).filter(({ version }) => {
    const [x, y, z] = version.split(".");
    return x === "2" || z === undefined || release.version.startsWith(`${x}.${y}.`);
  });
}
