/** The ICMP tracker: every echo keeps the entry, a reply raises nothing but what packet.ts sees (icmp_packet()). */
import { TRACKED, Tracker, type TrackerOptions } from "./tracker.js";

export class IcmpTracker extends Tracker {
  private readonly timeout: number;

  constructor(options: TrackerOptions) {
    super(options);
    this.timeout = this.jiffiesOf(options.family === "ipv6" ? "icmpv6" : "icmp");
  }

  track(entry: number): typeof TRACKED {
    this.refresh(entry, this.flagsOf(entry), this.timeout);
    return TRACKED;
  }
}
