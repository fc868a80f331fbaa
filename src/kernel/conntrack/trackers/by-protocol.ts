/** Which protocol has which tracker. */
import type { Protocol } from "../../../scenario/scenario.js";
import { IcmpTracker } from "./icmp.js";
import { TcpTracker } from "./tcp.js";
import type { Tracker, TrackerOptions } from "./tracker.js";
import { UdpTracker } from "./udp.js";

const TRACKERS: Record<Protocol, new (options: TrackerOptions) => Tracker> = {
  udp: UdpTracker,
  tcp: TcpTracker,
  icmp: IcmpTracker,
};

export function trackerOf(protocol: Protocol, options: TrackerOptions): Tracker {
  return new TRACKERS[protocol](options);
}
