/**
 * The scenarios that `parity` runs when it is given none: what the simulator claims about the running kernel, one claim
 * each, and small enough that all of them take a minute. They are data; the machine's own values (release, limits) come
 * from the caller.
 */
import { type Overrides, resolveScenario } from "../scenario/defaults.js";
import type { ListenerScenario } from "../scenario/scenario.js";
import { MICROSECOND, MILLISECOND, SECOND } from "../scenario/units.js";
import type { ParityCase } from "./parity.js";

interface Entry {
  name: string;
  listeners: Partial<ListenerScenario>[];
  overrides?: Overrides;
}

const drain = (
  name: string,
  bufferBytes: number,
  serviceNanoseconds: number,
  rest: Partial<ListenerScenario> = {},
): Entry => ({
  name,
  listeners: [{ bufferBytes, serviceNanoseconds, ...rest }],
});

const ENTRIES: readonly Entry[] = [
  drain("capacity", 65_536, 0, { policy: "lossy", heldAfterFlushNanoseconds: null }),
  drain("drain, buffer 2048", 2048, 200 * MICROSECOND),
  drain("drain, buffer 8192", 8192, 200 * MICROSECOND),
  drain("drain, buffer 65536", 65_536, 200 * MICROSECOND),
  drain("drain, buffer 212992", 212_992, 200 * MICROSECOND),
  drain("reader of 50 µs", 16_384, 50 * MICROSECOND),
  drain("reader of 1 ms", 16_384, MILLISECOND),
  drain("reader of 5 ms", 16_384, 5 * MILLISECOND),
  drain("NETLINK_NO_ENOBUFS", 8192, MILLISECOND, { policy: "reliable" }),
  drain("lossy", 8192, MILLISECOND, { policy: "lossy" }),
  drain("small from the start", 8192, MILLISECOND, { slowFrom: "start", smallFrom: "start" }),
  { ...drain("TCP", 16_384, MILLISECOND), overrides: { protocol: "tcp", packets: 6, packetGapNanoseconds: 0 } },
  drain("listener closes", 2048, MILLISECOND, { closesAfterFlushNanoseconds: 2 * SECOND }),
  {
    name: "two listeners",
    listeners: [
      { bufferBytes: 8192, serviceNanoseconds: MILLISECOND },
      { bufferBytes: 212_992, serviceNanoseconds: 0 },
    ],
  },
  {
    ...drain("four kinds at once", 16_384, 200 * MICROSECOND),
    overrides: {
      traffic: [
        { script: "short", protocol: "tcp", connections: 200, packetGapNanoseconds: 0 },
        { script: "syn-only", connections: 400 },
        { script: "request-reply", connections: 300, packetGapNanoseconds: 0 },
        { script: "one-packet", protocol: "icmp", connections: 100 },
      ],
      udpPortOpen: true,
    },
  },
  {
    ...drain("connections that are reset, half open, long", 16_384, 200 * MICROSECOND),
    overrides: {
      traffic: [
        { script: "reset", connections: 200 },
        { script: "half-open", connections: 200 },
        { script: "long-lived", connections: 100, lifetimeNanoseconds: SECOND, packetsPerSecond: 10 },
        { script: "stream", connections: 100, lifetimeNanoseconds: SECOND, packetsPerSecond: 20 },
      ],
      udpPortOpen: true,
    },
  },
  {
    ...drain("ICMP", 8192, MILLISECOND),
    overrides: { protocol: "icmp", packets: 2, packetGapNanoseconds: 0 },
  },
  {
    ...drain("IPv6", 8192, MILLISECOND),
    overrides: {
      traffic: [
        { script: "one-packet", family: "ipv6", connections: 500 },
        { script: "syn-only", family: "ipv6", connections: 500 },
      ],
      udpPortOpen: true,
    },
  },
  {
    ...drain("a rate with a step", 16_384, 200 * MICROSECOND),
    overrides: {
      rateProfile: [
        { seconds: 0, connectionsPerSecond: 200 },
        { seconds: 1, connectionsPerSecond: 200 },
        { seconds: 1, connectionsPerSecond: 1600 },
        { seconds: 1.5, connectionsPerSecond: 1600 },
      ],
    },
  },
  {
    ...drain("half of the entries deleted one by one", 212_992, 50 * MICROSECOND),
    overrides: { delete: { share: 0.5, atSeconds: 0.3 }, flushDelayNanoseconds: SECOND },
  },
  {
    ...drain("deletes ahead of a full buffer", 2048, MILLISECOND, { slowFrom: "start", smallFrom: "start" }),
    overrides: { delete: { share: 1, atSeconds: 0.5 }, flushDelayNanoseconds: 2 * SECOND },
  },
  {
    ...drain("polls of the table beside the events", 16_384, 50 * MICROSECOND, {
      poll: { everyNanoseconds: 200 * MILLISECOND, withEvents: true },
    }),
    overrides: { flushDelayNanoseconds: SECOND },
  },
  {
    ...drain("polls of the table in place of events", 16_384, 0, {
      poll: { everyNanoseconds: 200 * MILLISECOND, withEvents: false },
    }),
    overrides: { flushDelayNanoseconds: SECOND },
  },
  { ...drain("nf_conntrack_events 0", 8192, MILLISECOND), overrides: { nfConntrackEvents: 0 } },
  {
    ...drain("nf_conntrack_events 1, a late listener", 8192, MILLISECOND, { joins: "flush" }),
    overrides: { nfConntrackEvents: 1 },
  },
  {
    ...drain("table full of dying entries", 8192, 0, { heldAfterFlushNanoseconds: null }),
    overrides: {
      nfConntrackMax: 1000,
      secondFlood: { connections: 2000, afterFlushSeconds: 1 },
      limitSeconds: 3,
    },
  },
];

/**
 * What they have in common. A closed port and no accounting are what the recordings have, so that they can be compared
 * with those.
 */
const COMMON: Overrides = {
  connections: 1000,
  udpPortOpen: false,
  kernelConfig: { acct: false },
  limitSeconds: 60,
};

/** `machine`: what the running kernel and this machine impose. */
export function paritySet(machine: Overrides): ParityCase[] {
  return ENTRIES.map(({ name, listeners, overrides }) => ({
    name,
    scenario: resolveScenario("flush", { ...COMMON, ...machine, ...overrides, listeners }),
  }));
}
