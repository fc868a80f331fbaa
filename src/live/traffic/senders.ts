/** Which sender a kind of flow has, and all of those of a scenario. */
import type { Scenario, TrafficClass } from "../../scenario/scenario.js";
import { classesOf } from "../../scenario/traffic.js";
import { scriptOf } from "../../workload/script.js";
import type { SystemCalls } from "../host/system-calls.js";
import type { FlowSender } from "./flood.js";
import { RawSender } from "./raw-sender.js";
import { TcpSender } from "./tcp-sender.js";
import { UdpSender } from "./udp-sender.js";

const SHORTEST_TCP_WITH_ACK = 7;

/** One for each kind, in the order of the scenario. */
export function sendersOf(scenario: Scenario, calls: SystemCalls): FlowSender[] {
  return classesOf(scenario).map((one, index) => senderOf(one, index, scenario.udpPortOpen, calls));
}

/**
 * UDP of IPv4 has two sockets for all of its connections and is the fastest that there is. TCP of IPv4 that opens,
 * talks and closes is the real one. What would need sockets by the thousand, or packets that no socket sends, is raw.
 */
function senderOf(one: TrafficClass, index: number, portIsOpen: boolean, calls: SystemCalls): FlowSender {
  const { family, protocol, script, packets } = one;
  if (family === "ipv4" && protocol === "udp") return new UdpSender(calls, portIsOpen, index);
  if (family === "ipv4" && protocol === "tcp" && (script === "short" || script === "request-reply")) {
    return new TcpSender(calls, packets >= SHORTEST_TCP_WITH_ACK, index);
  }
  return new RawSender(calls, one, scriptOf(one), protocol === "udp" && !portIsOpen);
}
