/**
 * sysctl.conf, a file of sysctl.d, or what `sysctl -a` prints: `name = value` lines, comments from `#` or `;` on, a
 * leading `-` for "ignore failure" (sysctl.conf(5)), dots or slashes in a name. Names that mean something for a run set
 * the kernel; all others are passed over, since such a file is about a whole machine, but a conntrack name that is not
 * known is named.
 */
import { UsageError } from "../errors.js";
import { TIMEOUT_KEYS, type TimeoutKey } from "../parameters/kernel.js";
import { type Configuration, mistakeAt } from "./configuration.js";

const CONNTRACK = "net.netfilter.nf_conntrack_";
/** The name that older kernels had beside it. */
const OLD_MAX = "net.nf_conntrack_max";
const RMEM_MAX = "net.core.rmem_max";
/** Names of conntrack that a run does not depend on, or that it measures by itself. */
const SILENT =
  /^(count|checksum|expect_max|helper|log_invalid|generic_timeout|frag6_|tcp_(be_liberal|loose|max_retrans|no_window_check|ignore_invalid_rst)|(sctp|dccp|gre|icmpv6)_|udplite_|flowtable_|tcp_timeout_(max_retrans|unacknowledged)$)/;

/** `file`: for the places of mistakes. Throws UsageError. */
export function sysctlConfiguration(text: string, file: string): Configuration {
  const configuration: Configuration = { listener: {}, overrides: {}, notes: [] };
  const unknown: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.trim();
    if (content === "" || /^[#;]/.test(content)) continue;
    const pair = /^-?\s*([^=\s]+)\s*=\s*(.*)$/.exec(content);
    if (pair === null) throw mistakeAt(file, { text: content, line: index + 1 }, "name = value");
    const name = pair[1]!.replaceAll("/", ".");
    const set = setting(name);
    if (set === "unknown") unknown.push(`${name} (line ${index + 1})`);
    if (set === null || set === "unknown") continue;
    if (!/^\d+$/.test(pair[2]!)) {
      throw mistakeAt(file, { text: pair[2]!, line: index + 1 }, `a whole number for ${name}`);
    }
    set(configuration, Number(pair[2]));
  }
  if (unknown.length > 0) configuration.notes.push(`${file}: not known, and without effect: ${unknown.join(", ")}`);
  return configuration;
}

type Setter = (configuration: Configuration, value: number) => void;

/** Null: it has nothing to do with a run. */
function setting(name: string): Setter | "unknown" | null {
  if (name === RMEM_MAX) return to("rmemMaxBytes");
  if (name === OLD_MAX) return to("nfConntrackMax");
  if (!name.startsWith(CONNTRACK)) return null;
  const own = name.slice(CONNTRACK.length);
  if (own === "max") return to("nfConntrackMax");
  if (own === "buckets") return to("buckets");
  if (own === "acct" || own === "timestamp") {
    return ({ overrides }, value) => {
      overrides.kernelConfig = { ...overrides.kernelConfig, [own]: value !== 0 };
    };
  }
  if (own === "events") return refuseSilence;
  if (own === "events_retry_timeout") return to("graceMaxSeconds");
  const timeout = TIMEOUT_KEYS.find((key) => sysctlOf(key) === own);
  if (timeout !== undefined) {
    return ({ overrides }, value) => {
      overrides.timeoutsSeconds = { ...overrides.timeoutsSeconds, [timeout]: value };
    };
  }
  return SILENT.test(own) ? null : "unknown";
}

function to(parameter: "rmemMaxBytes" | "buckets" | "graceMaxSeconds" | "nfConntrackMax"): Setter {
  return ({ overrides }, value) => {
    overrides[parameter] = value;
  };
}

/** Without events there is nothing to deliver; 1 and 2 differ only for flows from before the first listener. */
const refuseSilence: Setter = (_, value) => {
  if (value !== 1 && value !== 2) {
    const why = value === 0 ? ", since with 0 there is no event" : "";
    throw new UsageError(`expected net.netfilter.nf_conntrack_events 1 or 2${why}, got ${value}`);
  }
};

/** How the sysctl of a timeout is called behind nf_conntrack_; null: the kernel has none for it. */
export function sysctlOf(key: TimeoutKey): string | null {
  if (key === "tcp_syn_sent2") return null;
  if (key.startsWith("tcp_")) return `tcp_timeout_${key.slice("tcp_".length)}`;
  return key === "udp_stream" ? "udp_timeout_stream" : `${key}_timeout`;
}
