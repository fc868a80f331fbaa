/**
 * The two rtnetlink messages that live mode needs (linux/rtnetlink.h): RTM_NEWLINK that brings the loopback interface
 * up, and RTM_NEWROUTE that makes every address of an IPv6 prefix one of the machine's own, as 127.0.0.0/8 is for IPv4
 * by itself.
 */
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST } from "./netlink.js";
import { NetlinkWriter } from "./netlink-writer.js";

const RTM_NEWLINK = 16;
const IFF_UP = 1;
const LOOPBACK_INDEX = 1;
const IFINFOMSG_BYTES = 16;

const RTM_NEWROUTE = 24;
const RTMSG_BYTES = 12;
const AF_INET6 = 10;
const RT_TABLE_LOCAL = 255;
const RTPROT_STATIC = 4;
const RTN_LOCAL = 2;
const RTA_DST = 1;
const RTA_OIF = 4;

export function linkUpRequest(sequence: number): Buffer {
  const link = Buffer.alloc(IFINFOMSG_BYTES);
  link.writeInt32LE(LOOPBACK_INDEX, 4);
  link.writeUInt32LE(IFF_UP, 8);
  link.writeUInt32LE(IFF_UP, 12);
  const writer = new NetlinkWriter();
  const header = { type: RTM_NEWLINK, flags: NLM_F_REQUEST | NLM_F_ACK, sequence };
  return writer.message(header, () => writer.raw(link)).finish();
}

/** `prefix`: 16 bytes, of which so many bits count. */
export function localRouteRequest(sequence: number, prefix: Uint8Array, prefixBits: number): Buffer {
  const route = Buffer.alloc(RTMSG_BYTES);
  route[0] = AF_INET6;
  route[1] = prefixBits;
  route[4] = RT_TABLE_LOCAL;
  route[5] = RTPROT_STATIC;
  route[7] = RTN_LOCAL;
  const device = Buffer.alloc(4);
  device.writeInt32LE(LOOPBACK_INDEX, 0);
  const writer = new NetlinkWriter();
  const header = { type: RTM_NEWROUTE, flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, sequence };
  return writer
    .message(header, () => {
      writer.raw(route);
      writer.putBytes(RTA_DST, prefix);
      writer.putBytes(RTA_OIF, device);
    })
    .finish();
}
