/** Small runs of each kind, to be traced. */
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import type { Experiment, Scenario } from "../../src/scenario/scenario.js";
import type { TracedMessage } from "../../src/trace/messages.js";
import { traceMessages } from "../../src/trace/trace.js";

const small = (experiment: Experiment, overrides: Overrides): Scenario =>
  resolveScenario(experiment, { connections: 400, ...overrides });

export const RUNS: Readonly<Record<string, Scenario>> = {
  "a flush on 2.6.31, one timer for each entry": small("flush", {}),
  "a flush on 5.4, the worker of lists": small("flush", { kernel: "5.4" }),
  "a flush on 6.18.44, the evict list": small("flush", { kernel: "6.18.44" }),
  "a lossy flood of TCP over IPv6": small("flood", {
    ...{
      protocol: "tcp",
      family: "ipv6",
      kernel: "6.18.44",
      ratePerSecond: 20_000,
      packets: 7,
      packetGapNanoseconds: 1000,
    },
    listeners: [{ policy: "lossy" }],
  }),
  "a flood of ICMP": small("flood", { protocol: "icmp", packets: 2 }),
  "two kinds of flow": small("flush", {
    traffic: [
      { name: "dns", script: "request-reply", connections: 200 },
      { name: "web", script: "short", connections: 100 },
    ],
  }),
  "two listeners, the second one reliable": small("flush", {
    listeners: [{ policy: "lossy" }, { policy: "reliable", serviceNanoseconds: 300_000 }],
  }),
};

export async function messagesOf(scenario: Scenario): Promise<TracedMessage[]> {
  const messages: TracedMessage[] = [];
  await traceMessages(scenario, (message) => messages.push(message));
  return messages;
}
