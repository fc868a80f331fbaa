/**
 * From a requested receive buffer to the messages that it holds, as figures: what the socket gets (SO_RCVBUF, rmem_max,
 * doubling, SOCK_MIN_RCVBUF), what one ctnetlink event is charged (estimate, payload, head, truesize), what admission
 * makes of the two, and what would hold more. The sizes come from the files that the simulated socket uses, so that
 * both say the same. The words are sentences.ts.
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

/** sk_rcvbuf of the request. */
export interface SocketSize {
  cappedBytes: number;
  /** What is doubled: an int has to hold the double. */
  doublableBytes: number;
  minimumBytes: number;
  /** As getsockopt reports it. */
  rcvbufBytes: number;
  /** What decided it. */
  limit: "request" | "rmem_max" | "minimum" | "int";
}

/** What one DESTROY of a flush is charged. NEW and UPDATE are allocated for the same estimate. */
export interface MessageCharge {
  estimateBytes: number;
  payloadBytes: number;
  /** Bytes of the payload that the message uses. */
  usedBytes: number;
  headBytes: number;
  /** Of the head, what the payload may use. */
  roomBytes: number;
  skBuffBytes: number;
  fromSmallHeads: boolean;
  truesizeBytes: number;
  /** Types of events that do not fit into what is allocated for them. */
  neverBuilt: readonly EventGroup[];
}

/** What would hold more messages. */
export type MoreMessages =
  /** No request: its double has to be an int. `atAll`: it is cut already; else twice as many are too many. */
  | { kind: "none"; atAll: boolean }
  /** The same request, uncapped. */
  | { kind: "uncapped"; requestBytes: number; messages: number }
  /** A larger request, for which rmem_max may have to be raised. */
  | { kind: "request"; requestBytes: number; messages: number; raisesRmemMax: boolean };

const STEPS = [
  ...(["asked", "capped", "doubled", "effective"] as const),
  ...(["estimate", "payload", "head", "truesize"] as const),
  ...(["admission", "messages"] as const),
] as const;
export type StepName = (typeof STEPS)[number];

/** Where the kernel has a rule. `since`: the first row of the release table from which on it holds without a break. */
export interface RuleSource {
  file: string;
  symbol: string;
  since: string;
}

export interface BufferArithmetic {
  request: BufferRequest;
  socket: SocketSize;
  message: MessageCharge;
  capacityMessages: number;
  more: MoreMessages;
  /** In the order in which the kernel takes them. */
  steps: readonly { name: StepName; value: number; source: RuleSource }[];
}

const INT_MAX = 2 ** 31 - 1;
/** The largest request whose double is an int. */
const LARGEST_DOUBLED = (INT_MAX - 1) / 2;
/**
 * First row in which the request is cut to INT_MAX / 2 before it is doubled (4057765f2dee, February 2019, after 5.0).
 * Before it, what an overflow leaves behind changed several times (82981930125a, b98b0bc8c431) and is not modelled.
 */
const FIRST_CLAMPING_ROW = "5.4";

/** @throws UsageError where the double of the request is no int and the release is one that lets it overflow */
export function bufferArithmetic(request: BufferRequest): BufferArithmetic {
  const { admission } = request.release;
  const socket = socketSize(request);
  const message = messageCharge(request);
  const capacity = capacityMessages(socket.rcvbufBytes, message.truesizeBytes, admission);
  const values: Record<StepName, number> = {
    asked: request.requestedBytes,
    capped: socket.cappedBytes,
    doubled: 2 * socket.doublableBytes,
    effective: socket.rcvbufBytes,
    estimate: message.estimateBytes,
    payload: message.payloadBytes,
    head: message.headBytes,
    truesize: message.truesizeBytes,
    admission: capacity * message.truesizeBytes,
    messages: capacity,
  };
  const sources = sourcesOf(request, socket, message);
  return {
    request,
    socket,
    message,
    capacityMessages: capacity,
    more: moreMessages(request, socket, message, capacity),
    steps: STEPS.map((name) => ({ name, value: values[name], source: sources[name] })),
  };
}

function socketSize({ requestedBytes, rmemMaxBytes, release, force }: BufferRequest): SocketSize {
  const cappedBytes = force ? requestedBytes : Math.min(requestedBytes, rmemMaxBytes);
  const doublableBytes = Math.min(cappedBytes, LARGEST_DOUBLED);
  if (doublableBytes < cappedBytes && !lineage(release).some(({ version }) => version === FIRST_CLAMPING_ROW)) {
    throw new UsageError(
      `expected at most ${LARGEST_DOUBLED} bytes, because Linux ${release.version} doubles them in an int that overflows ` +
        `(kernels from ${FIRST_CLAMPING_ROW} on cut the request), got ${quoted(String(cappedBytes))}`,
    );
  }
  const effective = rcvbufBytes(doublableBytes, doublableBytes, release);
  const limit =
    effective > 2 * doublableBytes
      ? "minimum"
      : doublableBytes < cappedBytes
        ? "int"
        : cappedBytes < requestedBytes
          ? "rmem_max"
          : "request";
  return { cappedBytes, doublableBytes, minimumBytes: release.rcvbufMinimumBytes, rcvbufBytes: effective, limit };
}

function messageCharge({ release, config, protocol, family }: BufferRequest): MessageCharge {
  const estimate = estimateBytes(release.estimate, protocol, family, config);
  const payload = allocatedPayloadBytes(estimate);
  const lengthOf = (type: EventGroup, protoinfoChanged: boolean): number =>
    messageBytes({ type, protocol, family, protoinfoChanged, timeLeft: true }, release.layout, config);
  const usedBytes = lengthOf("destroy", false);
  const { headBytes, skBuffBytes, roomBytes } = allocation(payload, release, config);
  return {
    estimateBytes: estimate,
    payloadBytes: payload,
    usedBytes,
    headBytes,
    roomBytes,
    skBuffBytes,
    fromSmallHeads: release.truesize === "head" && headBytes === config.smallHeadBytes,
    truesizeBytes: truesize(payload, usedBytes, release, config).bytes,
    neverBuilt: (["new", "update"] as const).filter((type) => lengthOf(type, true) > roomBytes),
  };
}

function moreMessages(
  { requestedBytes, rmemMaxBytes, release, force }: BufferRequest,
  { cappedBytes, limit }: SocketSize,
  { truesizeBytes }: MessageCharge,
  capacity: number,
): MoreMessages {
  const { admission } = release;
  if (limit === "int") return { kind: "none", atAll: true };
  if (cappedBytes < requestedBytes) {
    const requestBytes = Math.min(requestedBytes, LARGEST_DOUBLED);
    const messages = capacityMessages(rcvbufBytes(requestBytes, requestBytes, release), truesizeBytes, admission);
    return { kind: "uncapped", requestBytes, messages };
  }
  const messages = limit === "minimum" ? capacity + 1 : 2 * capacity;
  const requestBytes = requestFor(messages, truesizeBytes, admission);
  if (requestBytes > LARGEST_DOUBLED) return { kind: "none", atAll: false };
  return { kind: "request", requestBytes, messages, raisesRmemMax: requestBytes > rmemMaxBytes && !force };
}

const SOCK_C = "net/core/sock.c";
const AF_NETLINK_C = "net/netlink/af_netlink.c";
const SETSOCKOPT = "sock_setsockopt()";

function sourcesOf(
  { release, force }: BufferRequest,
  { cappedBytes, doublableBytes, minimumBytes }: SocketSize,
  { fromSmallHeads }: MessageCharge,
): Record<StepName, RuleSource> {
  const oldest = RELEASES[0]!.version;
  const since = (same: (row: Release) => boolean) => holdsSince(release, same);
  const cut = doublableBytes < cappedBytes;
  return {
    asked: { file: SOCK_C, symbol: SETSOCKOPT, since: oldest },
    capped: {
      file: SOCK_C,
      symbol: force ? `${SETSOCKOPT}, SO_RCVBUFFORCE` : `${SETSOCKOPT}, sysctl_rmem_max`,
      since: oldest,
    },
    doubled: { file: SOCK_C, symbol: SETSOCKOPT, since: cut ? FIRST_CLAMPING_ROW : oldest },
    effective: {
      file: "include/net/sock.h",
      symbol: "SOCK_MIN_RCVBUF",
      since: since((row) => row.rcvbufMinimumBytes === minimumBytes),
    },
    estimate: {
      file: "net/netfilter/nf_conntrack_netlink.c",
      symbol: "ctnetlink_nlmsg_size()",
      since: since((row) => row.estimate === release.estimate),
    },
    payload: { file: "include/net/netlink.h", symbol: "nlmsg_new()", since: oldest },
    head: {
      file: "net/core/skbuff.c",
      symbol: fromSmallHeads ? "__alloc_skb(), skb_small_head_cache" : "__alloc_skb()",
      since: since((row) => row.truesize === release.truesize && (!fromSmallHeads || row.config.smallHeadBytes > 0)),
    },
    truesize: { file: AF_NETLINK_C, symbol: "netlink_trim()", since: oldest },
    admission: {
      file: AF_NETLINK_C,
      symbol: "netlink_broadcast_deliver()",
      since: since((row) => row.admission === release.admission),
    },
    messages: { file: AF_NETLINK_C, symbol: "netlink_overrun()", since: oldest },
  };
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
