/**
 * The one rtnetlink message that live mode needs: RTM_NEWLINK that brings the loopback interface up
 * (linux/rtnetlink.h).
 */
import { NLM_F_ACK, NLM_F_REQUEST } from "./netlink.js";
import { NetlinkWriter } from "./netlink-writer.js";

const RTM_NEWLINK = 16;
const IFF_UP = 1;
const LOOPBACK_INDEX = 1;
const IFINFOMSG_BYTES = 16;

export function linkUpRequest(sequence: number): Buffer {
  const link = Buffer.alloc(IFINFOMSG_BYTES);
  link.writeInt32LE(LOOPBACK_INDEX, 4);
  link.writeUInt32LE(IFF_UP, 8);
  link.writeUInt32LE(IFF_UP, 12);
  const writer = new NetlinkWriter();
  const header = { type: RTM_NEWLINK, flags: NLM_F_REQUEST | NLM_F_ACK, sequence };
  return writer.message(header, () => writer.raw(link)).finish();
}
