/**
 * sysctl.conf, a file of sysctl.d, or what `sysctl -a` prints: `name = value` lines, comments from `#` or `;` on, a
 * leading `-` for "ignore failure" (sysctl.conf(5)), dots or slashes in a name, what sysctl complains of; and what
 * `grep . /proc/sys/net/netfilter/*` prints. Names that mean something for a run set the kernel; all others are passed
 * over, since such a file is about a whole machine, but a conntrack name that is not known is named.
 */
import { inPlace } from "../errors.js";
import { mergeParameters } from "../merge.js";
import type { TimeoutKey } from "../parameters/kernel.js";
import { DEFAULT_REQUEST_BYTES } from "../parameters/preset.js";
import { isSysctl, overridesOf } from "../sysctl.js";
import { type Configuration, mistakeAt } from "./configuration.js";

/** What a file is read for. */
const READ = /^net\.(netfilter\.nf_conntrack_|nf_conntrack_max$|core\.rmem_max$)/;
const RMEM_DEFAULT = "net.core.rmem_default";
/** Names of conntrack that a run does not depend on, or that it measures by itself. */
const SILENT =
  /_conntrack_(count|checksum|expect_max|helper|log_invalid|generic_timeout|frag6_|tcp_(be_liberal|loose|max_retrans|no_window_check|ignore_invalid_rst)|(sctp|dccp|gre)_|udplite_|flowtable_|tcp_timeout_(max_retrans|unacknowledged)$)/;

/** `file`: for the places of mistakes. Throws UsageError. */
export function sysctlConfiguration(text: string, file: string): Configuration {
  const configuration: Configuration = { listener: {}, overrides: {}, notes: [] };
  const unknown: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.trim();
    if (content === "" || /^([#;]|sysctl: )/.test(content)) continue;
    const pair = /^-?\s*(?:\/proc\/sys\/)?([^=:\s]+)\s*[=:]\s*(.*)$/.exec(content);
    if (pair === null) throw mistakeAt(file, { text: content, line: index + 1 }, "name = value");
    const name = pair[1]!.replaceAll("/", ".");
    // For a socket that asks for nothing, which a file about the machine does not say.
    if (name === RMEM_DEFAULT && pair[2] !== String(2 * DEFAULT_REQUEST_BYTES)) {
      const flag = `--sysctl ${name}=${pair[2]}`;
      configuration.notes.push(
        `${file}:${index + 1}: a program that asks for no buffer has ${name}: for it, give ${flag}`,
      );
    }
    if (!READ.test(name)) continue;
    if (!isSysctl(name)) {
      if (!SILENT.test(name)) unknown.push(`${name} (line ${index + 1})`);
      continue;
    }
    if (!/^\d+$/.test(pair[2]!)) {
      throw mistakeAt(file, { text: pair[2]!, line: index + 1 }, `a whole number for ${name}`);
    }
    const set = inPlace(`${file}:${index + 1}`, () => overridesOf(`${name}=${pair[2]}`));
    configuration.overrides = mergeParameters(configuration.overrides, set);
  }
  if (unknown.length > 0) configuration.notes.push(`${file}: not known, and without effect: ${unknown.join(", ")}`);
  return configuration;
}

/** How the sysctl of a timeout is called behind nf_conntrack_; null: the kernel has none for it. */
export function sysctlOf(key: TimeoutKey): string | null {
  if (key === "tcp_syn_sent2") return null;
  if (key.startsWith("tcp_")) return `tcp_timeout_${key.slice("tcp_".length)}`;
  return key === "udp_stream" ? "udp_timeout_stream" : `${key}_timeout`;
}
