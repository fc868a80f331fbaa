/**
 * A buffer's arithmetic in words: what each step's rule says with its numbers, what comes out, what to change for more.
 * The figures are buffer.ts's.
 */
import type { Release } from "../kernel/release.js";
import type { EventGroup, Family, KernelConfig, Protocol } from "../scenario/scenario.js";
import {
  type BufferArithmetic,
  type BufferRequest,
  bufferArithmetic,
  type MessageCharge,
  type MoreMessages,
  type RuleSource,
  type SocketSize,
  type StepName,
} from "./buffer.js";

export interface BufferStep {
  name: StepName;
  value: number;
  unit: "bytes" | "messages";
  /** One phrase, with the numbers in it. */
  rule: string;
  source: RuleSource;
}

/** What `explain buffer --format json` prints. */
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
  limit: SocketSize["limit"];
  steps: readonly BufferStep[];
  /** Types of events that do not fit into what is allocated for them. */
  neverBuilt: readonly EventGroup[];
  /** What comes out, in one sentence. */
  result: string;
  /** What to change for more, in one sentence. */
  advice: string;
}

/**
 * All steps, in the order in which the kernel takes them.
 * @throws UsageError where the double of the request is no int and the release is one that lets it overflow
 */
export function explainBuffer(request: BufferRequest): BufferExplanation {
  const arithmetic = bufferArithmetic(request);
  const { socket, message, capacityMessages } = arithmetic;
  const { requestedBytes, rmemMaxBytes, release, protocol, family, force } = request;
  const rules = { ...socketRules(request, socket), ...messageRules(request, message), ...admissionRules(arithmetic) };
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
    admission: release.admission,
    capacityMessages,
    limit: socket.limit,
    steps: arithmetic.steps.map(({ name, value, source }) => ({
      name,
      value,
      unit: name === "messages" ? "messages" : "bytes",
      rule: rules[name],
      source,
    })),
    neverBuilt: message.neverBuilt,
    result:
      `A request of ${requestedBytes} bytes holds ${messages(capacityMessages)} while nobody reads: each is charged ` +
      `${message.truesizeBytes} of the ${socket.rcvbufBytes} bytes that the socket has.`,
    advice: adviceOf(arithmetic.more, socket, rmemMaxBytes),
  };
}

/** The flow as a screen says it. */
export function flowOf(protocol: Protocol, family: Family): string {
  return `${protocol.toUpperCase()} over ${family === "ipv4" ? "IPv4" : "IPv6"}`;
}

function socketRules(
  { force, rmemMaxBytes }: BufferRequest,
  { cappedBytes, doublableBytes, minimumBytes }: SocketSize,
) {
  return {
    asked: `what ${force ? "SO_RCVBUFFORCE" : "SO_RCVBUF"} is asked for`,
    capped: force
      ? `SO_RCVBUFFORCE needs CAP_NET_ADMIN and does not look at net.core.rmem_max (${rmemMaxBytes})`
      : `at most net.core.rmem_max, which is ${rmemMaxBytes}`,
    doubled:
      doublableBytes < cappedBytes
        ? `cut to INT_MAX / 2 so that the double is an int: 2 × ${doublableBytes}`
        : `2 × ${doublableBytes}, because the overhead of a message counts too`,
    effective: `at least SOCK_MIN_RCVBUF, which is ${minimumBytes}; getsockopt reports the result`,
  };
}

function messageRules({ release, config, protocol, family }: BufferRequest, message: MessageCharge) {
  const { estimateBytes, headBytes, skBuffBytes } = message;
  return {
    estimate: `the most that an event of ${flowOf(protocol, family)} could take, ${optionsOf(config)}`,
    payload: `with the header: 16 + ${estimateBytes}, rounded up to a multiple of 4`,
    head: headRule(release, message),
    truesize: `${headBytes} + ${skBuffBytes} of struct sk_buff${trimRule(message)}`,
  };
}

function headRule(
  { truesize }: Release,
  { payloadBytes, headBytes, roomBytes, fromSmallHeads }: MessageCharge,
): string {
  if (truesize === "payload") return `${payloadBytes} in whole cache lines; what the allocator adds is not charged`;
  const whole = `${payloadBytes} in whole cache lines and ${headBytes - roomBytes} of skb_shared_info`;
  return fromSmallHeads ? `${whole}: a small head, ${headBytes}` : `${whole}: kmalloc-${headBytes}`;
}

/**
 * An skb of which half or more is unused is cut before it is queued; no event of ctnetlink is that short in practice.
 */
function trimRule({ headBytes, skBuffBytes, truesizeBytes, roomBytes, usedBytes }: MessageCharge): string {
  const whole = headBytes + skBuffBytes;
  const unused = roomBytes - usedBytes;
  return truesizeBytes === whole
    ? `; ${unused} unused, less than half, so nothing is trimmed`
    : ` is ${whole}; ${unused} unused, half or more, so it is trimmed`;
}

function admissionRules({ request, socket, message, capacityMessages: held }: BufferArithmetic) {
  const rcvbuf = socket.rcvbufBytes;
  const charged = message.truesizeBytes;
  const fit = Math.floor(rcvbuf / charged);
  return {
    admission:
      request.release.admission === "old"
        ? `a message enters while rmem before it is at most ${rcvbuf}: ${rcvbuf} / ${charged} is ${fit}, and one more`
        : `a message enters if rmem with it is at most ${rcvbuf}, or into an empty queue: ${rcvbuf} / ${charged} is ${fit}`,
    messages: `${held} × ${charged} = ${held * charged} of rmem; the next one is refused and counts as a drop`,
  };
}

function adviceOf(more: MoreMessages, { limit }: SocketSize, rmemMaxBytes: number): string {
  if (more.kind === "none") {
    return more.atAll
      ? "No request makes it larger: twice the request has to be an int."
      : "No request makes it twice as large: its double has to be an int.";
  }
  if (more.kind === "uncapped") {
    return (
      `net.core.rmem_max cut the request: with sysctl net.core.rmem_max=${more.requestBytes}, or SO_RCVBUFFORCE and ` +
      `CAP_NET_ADMIN, it holds ${messages(more.messages)}.`
    );
  }
  const begin = limit === "minimum" ? "The kernel's minimum decides here: for" : "For";
  const sysctl = more.raisesRmemMax ? `, and raise sysctl net.core.rmem_max, which is ${rmemMaxBytes}, to that` : "";
  return `${begin} ${messages(more.messages)} ask for ${more.requestBytes} bytes${sysctl}.`;
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}

/** The options of which each adds an attribute. */
function optionsOf({ acct, nat, mark, secmark, timestamp }: KernelConfig): string {
  const on = Object.entries({ acct, nat, mark, secmark, timestamp }).flatMap(([name, set]) => (set ? [name] : []));
  return on.length === 0 ? "without options" : `with ${on.join(", ")}`;
}
