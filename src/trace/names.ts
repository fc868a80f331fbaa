/** The kernel's names of what a trace shows: event bits, status bits, states and segments of TCP. */
import {
  IPCT_ASSURED,
  IPCT_DESTROY,
  IPCT_NEW,
  IPCT_PROTOINFO,
  IPCT_RELATED,
  IPCT_REPLY,
  IPS_ASSURED,
  IPS_CONFIRMED,
  IPS_DYING,
  IPS_SEEN_REPLY,
} from "../kernel/conntrack/status.js";

/** enum tcp_conntrack. */
export const TCP_STATES = [
  ...["NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT"],
  ...["CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2"],
] as const;

/** In the order of the workload's segments. */
export const SEGMENTS = ["SYN", "SYN-ACK", "FIN", "ACK", "RST"] as const;

const EVENT_BITS: readonly (readonly [number, string])[] = [
  [IPCT_NEW, "NEW"],
  [IPCT_RELATED, "RELATED"],
  [IPCT_DESTROY, "DESTROY"],
  [IPCT_REPLY, "REPLY"],
  [IPCT_ASSURED, "ASSURED"],
  [IPCT_PROTOINFO, "PROTOINFO"],
];

const STATUS_BITS: readonly (readonly [number, string])[] = [
  [IPS_CONFIRMED, "CONFIRMED"],
  [IPS_SEEN_REPLY, "SEEN_REPLY"],
  [IPS_ASSURED, "ASSURED"],
  [IPS_DYING, "DYING"],
];

export const eventBitNames = (bits: number): string[] => namesIn(bits, EVENT_BITS);
export const statusNames = (status: number): string[] => namesIn(status, STATUS_BITS);

function namesIn(bits: number, names: readonly (readonly [number, string])[]): string[] {
  return names.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}
