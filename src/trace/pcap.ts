/**
 * A capture file of netlink messages (link type 253, LINKTYPE_NETLINK) as Wireshark opens it: the pcap format with
 * microseconds, which every reader takes, little-endian, one packet for each message behind the 16 bytes of header that
 * the kernel's nlmon device gives it (struct sockaddr_ll's layout: packet type, ARPHRD_NETLINK, ten bytes of nothing,
 * the netlink family).
 */
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const VERSION = [2, 4] as const;
const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;
const LINKTYPE_NETLINK = 253;
const NETLINK_HEADER_BYTES = 16;
const ARPHRD_NETLINK = 824;
const NETLINK_NETFILTER = 12;
/** PACKET_OTHERHOST would be foreign; what a socket gets is for this host. */
const PACKET_HOST = 0;
const SNAPSHOT_BYTES = 0x40000;

export function pcapHeader(): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.writeUInt32LE(MAGIC_MICROSECONDS, 0);
  header.writeUInt16LE(VERSION[0], 4);
  header.writeUInt16LE(VERSION[1], 6);
  header.writeUInt32LE(SNAPSHOT_BYTES, 16);
  header.writeUInt32LE(LINKTYPE_NETLINK, 20);
  return header;
}

/** One message at its time in nanoseconds since 1970, where the first packet of the run is put. */
export function pcapPacket(nanoseconds: number, message: Uint8Array): Buffer {
  const packet = Buffer.alloc(PACKET_HEADER_BYTES + NETLINK_HEADER_BYTES + message.length);
  const length = NETLINK_HEADER_BYTES + message.length;
  packet.writeUInt32LE(Math.floor(nanoseconds / 1e9), 0);
  packet.writeUInt32LE(Math.floor((nanoseconds % 1e9) / 1000), 4);
  packet.writeUInt32LE(length, 8);
  packet.writeUInt32LE(length, 12);
  packet.writeUInt16BE(PACKET_HOST, PACKET_HEADER_BYTES);
  packet.writeUInt16BE(ARPHRD_NETLINK, PACKET_HEADER_BYTES + 2);
  packet.writeUInt16BE(NETLINK_NETFILTER, PACKET_HEADER_BYTES + 14);
  packet.set(message, PACKET_HEADER_BYTES + NETLINK_HEADER_BYTES);
  return packet;
}
