/**
 * The scenario: one experiment with every parameter resolved, in canonical units. It is what a backend runs, what the
 * Report echoes and what `--print-config` prints; feeding it back repeats the run. It holds no behaviour and no defaults
 * (defaults.ts) and knows nothing of flags. Names are the kernel's for things of the kernel; units stand at the end.
 */

export type Experiment = "flood" | "flush";
/** Of the table, and so the connections of one flood: the model keeps each in memory. */
export const MOST_ENTRIES = 2 ** 24;
export type Protocol = "udp" | "tcp" | "icmp";
/** Packets of the shortest TCP connection: handshake, FIN, FIN with the ACK on it, ACK. */
export const SHORTEST_TCP_PACKETS = 6;
export type Family = "ipv4" | "ipv6";
/** `burst`: connections arrive in groups of `burstConnections` at one instant, the mean rate stays. */
export type Arrivals = "constant" | "poisson" | "burst";
/** On `loopback` a packet passes the confirm hook twice (POST_ROUTING and LOCAL_IN), on `forward` once. */
export type Path = "loopback" | "forward";
export type EventGroup = "new" | "update" | "destroy";
export const EVENT_GROUPS: readonly EventGroup[] = ["new", "update", "destroy"];

/**
 * What a listener sets on its socket: `reliable` NETLINK_BROADCAST_ERROR and NETLINK_NO_ENOBUFS (as conntrackd does),
 * `broadcast-error` the first alone (as the commit's own test), `no-enobufs` the second alone, `lossy` neither.
 */
export type Policy = "reliable" | "broadcast-error" | "no-enobufs" | "lossy";
export const POLICIES: readonly Policy[] = ["reliable", "broadcast-error", "no-enobufs", "lossy"];

/** The timeouts that a scenario may change, in the kernel's sysctl words (nf_conntrack_<key>_timeout…). */
export const TIMEOUT_KEYS = [
  "tcp_syn_sent",
  "tcp_syn_recv",
  "tcp_established",
  "tcp_fin_wait",
  "tcp_close_wait",
  "tcp_last_ack",
  "tcp_time_wait",
  "tcp_close",
  "tcp_syn_sent2",
  "udp",
  "udp_stream",
  "icmp",
] as const;
export type TimeoutKey = (typeof TIMEOUT_KEYS)[number];

/** Decoders that a daemon may hand its messages to. */
export const MOST_DECODERS = 16;

export interface Stall {
  /** The reader stops for `forNanoseconds` once in every `everyNanoseconds`, counted from the first packet. */
  everyNanoseconds: number;
  forNanoseconds: number;
}

export interface ListenerScenario {
  /** What SO_RCVBUF is asked for. */
  bufferBytes: number;
  /**
   * conntrackd's NetlinkBufferSizeMaxGrowth, as a request like `bufferBytes` (conntrackd's own two sizes are those that the
   * kernel makes of them, twice as large): after each ENOBUFS the daemon asks for twice as much while that is not more than
   * this. It does so with SO_RCVBUFFORCE from its first request on, so `rmemMaxBytes` caps nothing. Null: it does not grow.
   */
  bufferMaxBytes: number | null;
  policy: Policy;
  /** Time between a recv that returned a message and the next recv, of one decoder. */
  serviceNanoseconds: number;
  serviceDistribution: "fixed" | "exponential";
  stall: Stall | null;
  /**
   * So many decoders take messages from the socket in turn. With one a message counts when it is read; with more each counts
   * when its decoder has given it its service time, so that messages of one entry may be applied in the wrong order.
   */
  decoders: number;
  /**
   * conntrackd's NetlinkOverrunResync: so long after its last ENOBUFS (each one puts it off) the daemon dumps the kernel's
   * table and makes its own equal to it. Null: never.
   */
  resyncAfterNanoseconds: number | null;
  /** The reader stops for good at its first ENOBUFS; its process goes on to hold the socket open. */
  stopsAtEnobufs: boolean;
  groups: readonly EventGroup[];
  /** `flush`: until the flush the socket has a large buffer and the reader no service time, so it is caught up. */
  slowFrom: "start" | "flush";
  /** `flush`: the large buffer shrinks to `bufferBytes` at the end of the flood. */
  smallFrom: "start" | "flush";
  /** `flush`: the socket is opened right before the flush (or the watch), so it heard nothing of the flood. */
  joins: "start" | "flush";
  /** The reader sleeps this long from the start of the flush; null: it never reads again after it. */
  heldAfterFlushNanoseconds: number | null;
  /** The socket is closed this long after the start of the flush; null: never. */
  closesAfterFlushNanoseconds: number | null;
}

/** Build options and sysctls of the kernel that change the size of a message and so its truesize. */
export interface KernelConfig {
  acct: boolean;
  nat: boolean;
  mark: boolean;
  secmark: boolean;
  /** nf_conntrack_timestamp: DESTROY carries start and stop. */
  timestamp: boolean;
  /** sizeof(struct sk_buff) as the build lays it out; it is added to every message's truesize. */
  skBuffBytes: number;
  /** Whether nla_policy_len() counts every attribute of a policy (2.6.39 on) or only the first. */
  nlaPolicyLenCounts: boolean;
  /** The exact size of the small-head cache of the skb allocator, 0 where the kernel has none (before 6.3). */
  smallHeadBytes: number;
}

/** What things cost on the simulated machine. All in nanoseconds of one CPU. */
export interface Costs {
  /** One packet through conntrack and the stack, without the events that it raises. */
  packetNanoseconds: number;
  /** One entry of a flush, without the delivery attempts. */
  flushEntryNanoseconds: number;
  /** One attempt to deliver one event: build the message, offer it to every listener. */
  attemptNanoseconds: number;
  /** One recv of the reader, without its service time. */
  recvNanoseconds: number;
  /** One hash bucket that early_drop or the gc worker looks at. */
  bucketNanoseconds: number;
  /** How late a reader that sleeps for its service time wakes at most; how late it is, is chance. */
  overshootNanoseconds: number;
  /** From a message in an empty queue to the reader running, when the reader has a CPU of its own. */
  wakeupNanoseconds: number;
}

export interface Scenario {
  experiment: Experiment;
  seed: string;
  kernel: string;
  hz: number;
  cpus: 1 | 2;
  connections: number;
  /** Connections per second; null: as fast as the machine makes them. */
  ratePerSecond: number | null;
  arrivals: Arrivals;
  burstConnections: number;
  protocol: Protocol;
  family: Family;
  path: Path;
  /** Connections use so many tuples in turn, so that a tuple comes again; null: every connection has its own. */
  tuples: number | null;
  /** Packets of one connection. TCP: at least 7 (handshake and close), the rest is data. */
  packets: number;
  /** Time between two packets of one connection; 0: back to back. */
  packetGapNanoseconds: number;
  /** Whether the UDP port of the receiver is open; a closed one answers every packet with an ICMP error. */
  udpPortOpen: boolean;
  secondFlood: SecondFlood | null;
  flush: boolean;
  /** Pause between the last packet of the flood and the flush (or the start of the watch, without one). */
  flushDelayNanoseconds: number;
  graceMaxSeconds: number;
  nfConntrackMax: number;
  buckets: number;
  timeoutsSeconds: Record<TimeoutKey, number>;
  rmemMaxBytes: number;
  listeners: readonly ListenerScenario[];
  kernelConfig: KernelConfig;
  costs: Costs;
  /** The run ends at the latest this long after the first packet, in virtual time. */
  limitSeconds: number;
}

export interface SecondFlood {
  connections: number;
  /** From the start of the flush. */
  afterFlushSeconds: number;
}
