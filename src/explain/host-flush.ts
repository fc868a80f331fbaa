/**
 * What `conntrack -F` would do to the listeners of a host: its table, its settings and its sockets as a scenario, and a
 * run for each listener with that one observed. What nobody tells (how fast a reader is, which flows there are) is
 * assumed and said. It reads nothing of the host (live/host/survey.ts).
 */
import { type Release, releaseFor } from "../kernel/release.js";
import { count, duration, percent } from "../render/text/numbers.js";
import type { Backend } from "../report/backend.js";
import type { HostFacts, HostFlush, HostListener, HostVerdict } from "../report/host.js";
import type { Report } from "../report/report.js";
import { type Overrides, resolveScenario } from "../scenario/defaults.js";
import { KERNEL_SECONDS } from "../scenario/parameters/kernel.js";
import { PRESETS } from "../scenario/parameters/preset.js";
import {
  type ListenerScenario,
  MOST_ENTRIES,
  POLICIES,
  POLICY,
  type Policy,
  type Scenario,
} from "../scenario/scenario.js";
import { formatDuration } from "../scenario/units.js";

/**
 * What a reader is taken for of which nothing is said: caught up when the flush begins, and then 100 µs for a message.
 */
const ASSUMED = { slowFrom: "flush", smallFrom: "flush", serviceNanoseconds: 100_000 } as const;

/** What the user said about it; everything else is the host's. */
export type HostChoices = Pick<Overrides, "connections" | "protocol" | "family"> & {
  listeners?: Partial<ListenerScenario>[];
};

/** The host as a scenario, its listeners in their order; null: the model does not know its kernel. */
export function hostScenario(facts: HostFacts, choices: HostChoices): Scenario | null {
  const { kernel, table, rmemMaxBytes, hz, cpus } = facts;
  const release = releaseFor(kernel.release);
  if (release === null) return null;
  const { listeners: [reader = {}] = [], ...load } = choices;
  const connections = Math.min(MOST_ENTRIES, load.connections ?? table?.count ?? 0);
  const known = facts.listeners.filter(({ rcvbufBytes }) => rcvbufBytes !== null);
  const listeners = known.map((listener) => ({ ...ASSUMED, ...reader, ...socketOf(listener) }));
  return resolveScenario("flush", {
    ...load,
    connections,
    kernel: kernel.release,
    machine: "present",
    cpus: cpus > 1 ? 2 : 1,
    ...(hz === 100 || hz === 250 || hz === 300 || hz === 1000 ? { hz } : {}),
    ...(rmemMaxBytes === null ? {} : { rmemMaxBytes }),
    ...(listeners.length === 0 ? {} : { listeners }),
    ...(table === null ? {} : tableParameters(table, connections, release)),
    ...kernelConfigOf(facts),
  });
}

function tableParameters(table: NonNullable<HostFacts["table"]>, connections: number, release: Release): Overrides {
  const { max, buckets, events, timeoutsSeconds } = table;
  const kept = Object.entries(timeoutsSeconds).filter(
    ([, seconds]) => seconds >= KERNEL_SECONDS.min && seconds <= KERNEL_SECONDS.max,
  );
  return {
    // 0 is a table without a limit.
    nfConntrackMax: Math.min(MOST_ENTRIES, Math.max(max === null || max === 0 ? MOST_ENTRIES : max, connections, 1)),
    ...(buckets === null ? {} : { buckets: Math.min(MOST_ENTRIES, Math.max(1, buckets)) }),
    ...(events === null ? {} : { nfConntrackEvents: eventsOf(events, release) }),
    timeoutsSeconds: Object.fromEntries(kept),
  };
}

/** Before 5.19 any value but 0 meant the same. */
function eventsOf(value: number, { events }: Release): 0 | 1 | 2 {
  if (value === 0) return 0;
  return value === 1 || events !== "auto" ? 1 : 2;
}

function kernelConfigOf({ table, openWrt }: HostFacts): Overrides {
  return {
    kernelConfig: {
      ...(typeof table?.acct === "boolean" ? { acct: table.acct } : {}),
      ...(typeof table?.timestamp === "boolean" ? { timestamp: table.timestamp } : {}),
      ...(openWrt ? { chainEvents: true } : {}),
    },
  };
}

function socketOf(listener: HostListener): Partial<ListenerScenario> {
  const { rcvbufBytes, groups, broadcastError, noEnobufs } = listener;
  // The kernel doubled what it was asked for, whatever capped it.
  const bufferBytes = Math.floor(rcvbufBytes! / 2);
  return {
    bufferBytes,
    ...overrunRulesOf(listener, bufferBytes),
    force: true,
    groups: [...groups],
    policy: policyOf(broadcastError ?? false, noEnobufs ?? false),
  };
}

/** Of programs that do something about an ENOBUFS, what they do unless their configuration says otherwise. */
function overrunRulesOf({ holder }: HostListener, bufferBytes: number): Partial<ListenerScenario> {
  const name = holder?.name;
  if (name !== "conntrackd" && name !== "ulogd") return {};
  const { bufferMaxBytes, resyncAfterNanoseconds, overrunAs } = PRESETS[name].sets;
  return { bufferMaxBytes: Math.max(bufferMaxBytes, bufferBytes), resyncAfterNanoseconds, overrunAs };
}

function policyOf(broadcastError: boolean, noEnobufs: boolean): Policy {
  return POLICIES.find(
    (name) => POLICY[name].broadcastError === broadcastError && POLICY[name].noEnobufs === noEnobufs,
  )!;
}

/** What readers do about an ENOBUFS. Of conntrackd and ulogd their configuration says it, which is not read. */
function afterEnobufs(listeners: readonly HostListener[]): string[] {
  const names = ["conntrackd", "ulogd"].filter((name) => listeners.some(({ holder }) => holder?.name === name));
  const others = "go on after an ENOBUFS, without a resync, and buffers stay as they are.";
  if (names.length === 0) return [`Readers ${others}`];
  return [
    `${names.join(" and ")} ${names.length === 1 ? "grows its buffer and resyncs" : "grow their buffers and resync"} after an ENOBUFS ` +
      "as in the configuration that comes with it (flush --conntrackd-conf and --ulogd-conf read yours).",
    ...(listeners.every(({ holder }) => names.includes(holder?.name ?? "")) ? [] : [`Other readers ${others}`]),
  ];
}

/** What the scenario takes for granted. `given`: the reader's time was said by the user. */
export function assumptionsOf(facts: HostFacts, scenario: Scenario | null, given: boolean): string[] {
  const [first] = scenario?.listeners ?? [];
  if (scenario === null || first === undefined || facts.listeners.every(({ rcvbufBytes }) => rcvbufBytes === null)) {
    return [];
  }
  const reader = formatDuration(first.serviceNanoseconds);
  const { connections, protocol, family, nfConntrackEvents } = scenario;
  const flows = `${protocol.toUpperCase()} over ${family === "ipv4" ? "IPv4" : "IPv6"}`;
  const sentences = [
    given
      ? `Every reader takes ${reader} for a message.`
      : `Every reader takes ${reader} for a message (--reader sets it, ct-reliable measure finds it).`,
    `The table holds ${count(connections)} flows of ${flows}; when the flush begins every reader has read all there was.`,
    ...afterEnobufs(facts.listeners),
    "Costs of the kernel are those of a server of today (--machine present).",
  ];
  if (nfConntrackEvents === 2) {
    sentences.push("Every entry was made while a listener was there, as nf_conntrack_events=2 needs it for an event.");
  }
  if (facts.listeners.some(({ broadcastError, rcvbufBytes }) => broadcastError === null && rcvbufBytes !== null)) {
    sentences.push("This kernel does not tell a socket's options: NETLINK_BROADCAST_ERROR is taken as not set.");
  }
  if (facts.openWrt) {
    sentences.push(
      "OpenWrt builds its kernels with a chain of notifiers for events (--kernel-config chain-events=on).",
    );
  }
  return sentences;
}

/** For each listener a run in which it is the first, and a sentence. */
export async function hostVerdicts(
  facts: HostFacts,
  scenario: Scenario | null,
  backend: Backend,
): Promise<HostVerdict[]> {
  const verdicts: HostVerdict[] = [];
  let index = 0;
  for (const listener of facts.listeners) {
    if (scenario === null || listener.rcvbufBytes === null) {
      verdicts.push({ listener: null, flush: null, sentence: whyNot(facts) });
      continue;
    }
    const first = scenario.listeners[index]!;
    const others = scenario.listeners.filter((_, other) => other !== index);
    index++;
    const report = await backend.run({ ...scenario, listeners: [first, ...others] });
    verdicts.push({ listener: first, flush: flushOf(report), sentence: sentenceOf(facts, listener, report) });
  }
  return verdicts;
}

function whyNot({ kernel }: HostFacts): string {
  return kernel.modelledAs === null
    ? `Not simulated: no release of the model is Linux ${kernel.release}.`
    : "Not simulated: its receive buffer is not known.";
}

/** The simulator knows every figure. */
function flushOf({ socket, events: { destroy }, flush, dying }: Report): HostFlush {
  return {
    capacityMessages: socket.capacityMessages ?? 0,
    truesizeBytes: socket.truesizeBytes,
    entries: flush?.entries ?? 0,
    raised: destroy.raised ?? 0,
    delivered: destroy.delivered ?? 0,
    lost: destroy.lost ?? 0,
    pending: destroy.pending ?? 0,
    refused: destroy.refused ?? 0,
    peakDying: dying.peak ?? 0,
    emptyAfterFlushSeconds: dying.emptyAfterFlushSeconds,
  };
}

function sentenceOf(facts: HostFacts, listener: HostListener, report: Report): string {
  const { scenario } = report;
  const flush = flushOf(report);
  const { raised, delivered, lost, refused, capacityMessages, entries, emptyAfterFlushSeconds } = flush;
  if (!listener.groups.includes("destroy")) return "Nothing: it has not joined DESTROY.";
  if (facts.table === null && scenario.connections === 0) return "Nothing: conntrack has no table here.";
  if (facts.table?.events === 0) return "Nothing: with nf_conntrack_events=0 there is no event.";
  if (facts.table?.events === null)
    return "Nothing is known: nf_conntrack_events is not there, as in a build without events.";
  if (scenario.connections === 0) {
    return "Nothing: the table is empty (--connections COUNT asks about another one).";
  }
  const gone = scenario.connections - entries;
  const before = gone > 0 ? ` ${count(gone)} entries were gone before the flush.` : "";
  const all = `${count(raised)} DESTROY`;
  // What is sent again for one listener reaches the others, too.
  const resent = scenario.listeners.some(({ policy }) => POLICY[policy].broadcastError);
  if (lost + refused === 0 && raised <= capacityMessages && !resent) {
    return `All ${all} fit into the empty buffer, which takes ${count(capacityMessages)}, however slow the reader is.${before}`;
  }
  if (report.ended === "limit" || delivered + lost < raised) {
    const waiting = raised - delivered - lost;
    return (
      `Of ${all} ${count(delivered)} are read and ${count(lost)} lost; ${count(waiting)} still wait ` +
      `after ${duration(report.endedAtSeconds)}.${before}`
    );
  }
  if (lost > 0) {
    return (
      `Of ${all} ${count(delivered)} are read and ${count(lost)} lost (${percent(lost, raised)}): ` +
      `${count(capacityMessages)} fit while nobody reads.${before}`
    );
  }
  if (refused > 0) {
    const drained =
      emptyAfterFlushSeconds === null ? "" : `, the last until ${duration(emptyAfterFlushSeconds)} after the flush`;
    return (
      `All ${all} are read, after ${count(refused)} attempts that were refused: up to ` +
      `${count(flush.peakDying)} dead entries wait in the table${drained}.${before}`
    );
  }
  const reader = formatDuration(scenario.listeners[0]!.serviceNanoseconds);
  return `All ${all} are read by a reader of ${reader} for each; while nobody reads ${count(capacityMessages)} fit.${before}`;
}
