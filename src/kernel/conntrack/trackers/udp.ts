/**
 * The UDP tracker (udp_packet() of nf_conntrack_proto_udp.c). A conversation with a reply is a stream, with the long
 * timeout, and ASSURED from its next packet on; from 5.0 on it is a stream only once it is older than 2 s, and later
 * kernels wait as long with ASSURED.
 */
import { extensionOf, FLAGS, nodeOf, STREAM_FROM } from "../../records.js";
import { IPCT_ASSURED, IPS_ASSURED, IPS_SEEN_REPLY } from "../status.js";
import { TRACKED, Tracker, type TrackerOptions } from "./tracker.js";

const STREAM_AFTER_SECONDS = 2;

export class UdpTracker extends Tracker {
  private readonly timeout: number;
  private readonly streamTimeout: number;
  private readonly streamsLater: boolean;
  private readonly assuredLater: boolean;

  constructor(options: TrackerOptions) {
    super(options);
    const { udp } = options.release;
    this.timeout = this.jiffiesOf("udp");
    this.streamTimeout = this.jiffiesOf("udp_stream");
    this.streamsLater = udp !== "stream-at-once";
    this.assuredLater = udp === "stream-and-assured-later";
  }

  override created(entry: number): void {
    if (!this.streamsLater) return;
    const from = this.clock.jiffies + STREAM_AFTER_SECONDS * this.clock.hz;
    this.records.extensions[extensionOf(entry) + STREAM_FROM] = from;
  }

  track(entry: number): typeof TRACKED {
    const { nodes, extensions } = this.records;
    const at = nodeOf(entry) + FLAGS;
    const flags = nodes[at]!;
    if ((flags & IPS_SEEN_REPLY) === 0) {
      this.refresh(entry, flags, this.timeout);
      return TRACKED;
    }
    const stream = !this.streamsLater || this.clock.jiffies > extensions[extensionOf(entry) + STREAM_FROM]!;
    this.refresh(entry, flags, stream ? this.streamTimeout : this.timeout);
    if ((flags & IPS_ASSURED) === 0 && (stream || !this.assuredLater)) {
      nodes[at] = flags | IPS_ASSURED;
      this.events.cache(entry, IPCT_ASSURED);
    }
    return TRACKED;
  }
}
