/**
 * How the kernel was built and what its timeouts are, as far as a scenario may change them. What is not given is what
 * the release has (kernel/release.ts).
 */
import { choice } from "../choice.js";
import { UsageError } from "../errors.js";
import { type Described, quantity, type Schema, shape, type ValueOf, flag as yesOrNo } from "../json-schema.js";
import { formatSeconds, formatSize, type Range } from "../units.js";
import { type Codec, keyed, numberIn, onOrOff, pairIn } from "./codec.js";

/** The kernel keeps timeouts as jiffies in an int: this many seconds fit at HZ 1000, the fastest. */
export const KERNEL_SECONDS: Range = { min: 1, max: Math.floor((2 ** 31 - 1) / 1000) };
/** Of struct sk_buff or a slab cache: far above any build, and far below what a message may be charged. */
const OBJECT_BYTES: Range = { min: 0, max: 4096 };

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
  "icmpv6",
] as const;
export type TimeoutKey = (typeof TIMEOUT_KEYS)[number];

const timeout = (key: TimeoutKey): Described<number> =>
  quantity("whole seconds", KERNEL_SECONDS, `the timeout ${key} of conntrack, in whole seconds`);

export const TIMEOUTS = shape(
  "the timeouts of conntrack",
  Object.fromEntries(TIMEOUT_KEYS.map((key) => [key, timeout(key)])) as Record<TimeoutKey, Described<number>>,
);

interface TimeoutsGiven {
  timeoutsSeconds?: Partial<Record<TimeoutKey, number>>;
}

/** As nf_conntrack calls it: nf_conntrack_tcp_timeout_established, nf_conntrack_udp_timeout. */
function sysctlOf(key: TimeoutKey): string {
  if (key.startsWith("tcp_")) return `nf_conntrack_tcp_timeout_${key.slice("tcp_".length)}`;
  return key === "udp_stream" ? "nf_conntrack_udp_timeout_stream" : `nf_conntrack_${key}_timeout`;
}

const TIMEOUT_OF: ReadonlyMap<string, TimeoutKey> = new Map(TIMEOUT_KEYS.map((key) => [sysctlOf(key), key]));

/** The timeout that a sysctl is, with or without what stands before its name; undefined: none of the model. */
export function timeoutOfSysctl(name: string): TimeoutKey | undefined {
  return TIMEOUT_OF.get(name.trim().split(/[./]/).at(-1)!);
}

/** Timeouts that the kernel has and no run of the model ever asks for. */
const WITHOUT_EFFECT: readonly (readonly [RegExp, string])[] = [
  [/^tcp_(timeout_)?max_retrans$/, "no packet is sent again, and no window closes"],
  [/^tcp_(timeout_)?unacknowledged$/, "whatever data is sent, the other side answers"],
  [/^(generic|sctp|dccp|gre|udplite|frag6)(_|$)/, "TCP, UDP and ICMP are the protocols that are modelled"],
];

/**
 * Why the kernel's timeout of this name, short or a sysctl's, would change nothing here; null: it is none of those.
 */
export function timeoutWithoutEffect(name: string): string | null {
  const own = name
    .trim()
    .split(/[./]/)
    .at(-1)!
    .replace(/^nf_conntrack_/, "");
  const reason = WITHOUT_EFFECT.find(([pattern]) => pattern.test(own))?.[1];
  return reason === undefined ? null : `expected a timeout that a run depends on, got "${name.trim()}": ${reason}`;
}

/** A number without a unit is seconds, as the kernel has it. */
export function secondsOf(text: string): string {
  return /^\s*\d+\s*$/.test(text) ? `${text.trim()}s` : text;
}

/** `udp_stream=30s`, or a sysctl, which takes seconds without a unit: `net.netfilter.nf_conntrack_udp_timeout=30`. */
export const timeoutCodec: Codec = {
  parse(text): TimeoutsGiven {
    const [key, duration] = pairIn(text, "=", "KEY=DURATION such as udp=30s");
    const bySysctl = timeoutOfSysctl(key);
    if (bySysctl !== undefined) {
      return { timeoutsSeconds: { [bySysctl]: numberIn(TIMEOUTS.properties[bySysctl], secondsOf(duration)) } };
    }
    const reason = timeoutWithoutEffect(key);
    if (reason !== null) throw new UsageError(reason);
    const known = choice(TIMEOUT_KEYS)(key);
    return { timeoutsSeconds: { [known]: numberIn(TIMEOUTS.properties[known], duration) } };
  },
  format({ timeoutsSeconds = {} }: TimeoutsGiven) {
    return Object.entries(timeoutsSeconds)
      .map(([key, seconds]) => `${key}=${formatSeconds(seconds)}`)
      .join(",");
  },
};

export function addTimeouts({ timeoutsSeconds = {} }: TimeoutsGiven, later: TimeoutsGiven): TimeoutsGiven {
  const again = Object.keys(later.timeoutsSeconds ?? {}).find((key) => key in timeoutsSeconds);
  if (again !== undefined) throw new UsageError(`expected each key once, got ${again} again`);
  return { timeoutsSeconds: { ...timeoutsSeconds, ...later.timeoutsSeconds } };
}

/** Build options and sysctls that change the size of a message and so its truesize. */
export const KERNEL_CONFIG = shape(
  "how the kernel was built, as far as it changes what an event is charged, or what its failure means",
  {
    acct: yesOrNo("whether flows have counters (nf_conntrack_acct)"),
    nat: yesOrNo("whether the kernel has NAT"),
    mark: yesOrNo("whether flows have a mark"),
    secmark: yesOrNo("whether flows have a security mark"),
    /** nf_conntrack_timestamp: DESTROY carries start and stop. */
    timestamp: yesOrNo("whether flows have time stamps (nf_conntrack_timestamp)"),
    /** sizeof(struct sk_buff) as the build lays it out; it is added to every message's truesize. */
    skBuffBytes: quantity("size", { ...OBJECT_BYTES, min: 1 }, "the size of struct sk_buff"),
    /** Whether nla_policy_len() counts every attribute of a policy (2.6.39 on) or only the first. */
    nlaPolicyLenCounts: yesOrNo("whether nla_policy_len() counts every attribute of a policy (2.6.39 on)"),
    /** The exact size of the small-head cache of the skb allocator, 0 where the kernel has none (before 6.3). */
    smallHeadBytes: quantity("size", OBJECT_BYTES, "the size of the cache of small heads; 0: the kernel has none"),
    /**
     * OpenWrt's CONFIG_NF_CONNTRACK_CHAIN_EVENTS: events go through a notifier chain, and the functions that deliver
     * them drop its answer. Whatever a listener sets, what its socket refuses is lost.
     */
    chainEvents: yesOrNo("whether events go through a notifier chain (OpenWrt's CONFIG_NF_CONNTRACK_CHAIN_EVENTS)"),
  },
);
export interface KernelConfig extends ValueOf<typeof KERNEL_CONFIG> {}

/** In words that the configuration of a kernel or its slab caches have. */
const KEYS: Readonly<Record<string, keyof KernelConfig>> = {
  acct: "acct",
  nat: "nat",
  mark: "mark",
  secmark: "secmark",
  timestamp: "timestamp",
  "nla-policy-len": "nlaPolicyLenCounts",
  "sk-buff": "skBuffBytes",
  "small-head": "smallHeadBytes",
  "chain-events": "chainEvents",
};

function itemOf(key: keyof KernelConfig): Codec {
  const schema: Schema = KERNEL_CONFIG.properties[key];
  if (schema.type === "boolean") return onOrOff(key);
  return {
    parse: (text) => ({ [key]: numberIn(schema, text) }),
    format: ({ [key]: bytes }: Partial<KernelConfig>) => (bytes === undefined ? null : formatSize(Number(bytes))),
  };
}

const config = keyed(
  Object.fromEntries(Object.entries(KEYS).map(([word, key]) => [word, itemOf(key)])),
  "acct=off,sk-buff=208",
);

export const kernelConfigCodec: Codec = {
  parse: (text) => ({ kernelConfig: config.parse(text) }),
  format: ({ kernelConfig = {} }: { kernelConfig?: object }) => config.format(kernelConfig),
};
