/**
 * Sysctls as people write them, from `sysctl -a`, a file of /etc/sysctl.d or a path below /proc/sys, as parameters of a
 * scenario: which one sets what. Numbers are the kernel's own, seconds where it counts seconds. A name for which the
 * model has no mechanism is refused with a reason, not taken in silence.
 */
import { choice } from "./choice.js";
import type { Overrides } from "./defaults.js";
import { quoted, UsageError } from "./errors.js";
import type { Schema } from "./json-schema.js";
import { mergeParameters } from "./merge.js";
import { type Codec, numberIn, pairIn } from "./parameters/codec.js";
import { secondsOf, TIMEOUT_KEYS, TIMEOUTS, timeoutOfSysctl, timeoutWithoutEffect } from "./parameters/kernel.js";
import { KERNEL_RULES } from "./parameters/kernel-rules.js";
import { LISTENER } from "./parameters/listener.js";
import { DEFAULT_REQUEST_BYTES } from "./parameters/preset.js";
import { SCENARIO } from "./scenario.js";

const { nfConntrackMax, buckets, nfConntrackEvents, graceMaxSeconds, rmemMaxBytes } = SCENARIO.properties;

const onOff = (text: string): boolean => choice(["0", "1"])(text) === "1";
const intervalOf = (text: string): Overrides => ({
  kernelRules: { gcIntervalSeconds: secondsIn(KERNEL_RULES.properties.gcIntervalSeconds, text) },
});

function secondsIn(schema: Schema, text: string): number {
  return numberIn(schema, secondsOf(text));
}

/** Of a limit: more than any run can have is as good as the most that one can. */
function atMostOf(schema: Schema, text: string): number {
  const most = schema.maximum!;
  return /^\d+$/.test(text) && Number(text) > most ? most : numberIn(schema, text);
}

/** By the last part of the name. */
const SYSCTLS: Readonly<Record<string, (text: string) => Overrides>> = {
  nf_conntrack_max: (text) => ({ nfConntrackMax: atMostOf(nfConntrackMax, text) }),
  nf_conntrack_buckets: (text) => ({ buckets: numberIn(buckets, text) }),
  nf_conntrack_acct: (text) => ({ kernelConfig: { acct: onOff(text) } }),
  nf_conntrack_timestamp: (text) => ({ kernelConfig: { timestamp: onOff(text) } }),
  nf_conntrack_events: (text) => ({ nfConntrackEvents: numberIn(nfConntrackEvents, text) as 0 | 1 | 2 }),
  nf_conntrack_events_retry_timeout: (text) => ({ graceMaxSeconds: secondsIn(graceMaxSeconds, text) }),
  nf_conntrack_gc_scan_interval_max: intervalOf,
  nf_conntrack_gc_scan_interval: intervalOf,
  rmem_max: (text) => ({ rmemMaxBytes: atMostOf(rmemMaxBytes, text) }),
  // What a socket has that asks for nothing, whatever rmem_max is; one that asks gets twice what it asks for.
  rmem_default: (text) => {
    const bufferBytes = Math.floor(numberIn(LISTENER.properties.bufferBytes, text) / 2);
    return { listeners: [{ bufferBytes, force: true }] };
  },
};

function plainNameOf(name: string): string {
  return name.split(/[./]/).at(-1)!;
}

/** Whether a sysctl sets something of a run. */
export function isSysctl(name: string): boolean {
  return plainNameOf(name) in SYSCTLS || timeoutOfSysctl(name) !== undefined;
}

/** What `net.netfilter.nf_conntrack_acct=1` sets. Throws UsageError. */
export function overridesOf(text: string): Overrides {
  const [name, value] = pairIn(text, "=", "NAME=VALUE such as nf_conntrack_acct=1").map((part) => part.trim());
  const plainName = plainNameOf(name!);
  const timeout = timeoutOfSysctl(plainName);
  if (timeout !== undefined) {
    return { timeoutsSeconds: { [timeout]: secondsIn(TIMEOUTS.properties[timeout], value!) } };
  }
  const reason = timeoutWithoutEffect(name!);
  if (reason !== null) throw new UsageError(reason);
  if (/^nf_conntrack_\w*timeout/.test(plainName) && !(plainName in SYSCTLS)) {
    throw new UsageError(
      `expected a timeout of TCP, UDP or ICMP, the protocols that are modelled (${TIMEOUT_KEYS.join(", ")}), ` +
        `got ${quoted(name!)}`,
    );
  }
  return SYSCTLS[choice(Object.keys(SYSCTLS))(plainName)]!(value!);
}

/** Its values keep the text, so that a command can be repeated with the words that it was given. */
export const sysctlCodec: Codec = {
  parse: (text) => {
    overridesOf(text);
    return { text };
  },
  format: ({ text }: { text?: string }) => text ?? null,
};

/**
 * Lays what was said before over it: a flag of its own is louder, and so is a buffer that a socket asks for. That of a
 * preset which asks for none is the rmem_default of most systems, and this one's is known better.
 */
export function addSysctl(before: Overrides, text: string): Overrides {
  const set = overridesOf(text);
  const { preset = null, bufferBytes } = before.listeners?.[0] ?? {};
  const asksForNone = preset !== null && bufferBytes === DEFAULT_REQUEST_BYTES;
  if (set.listeners === undefined) return mergeParameters(set, before);
  if (asksForNone) return mergeParameters(before, set);
  // Whether it is forced is said beside the buffer, and not without it.
  return bufferBytes === undefined ? mergeParameters(set, before) : before;
}
