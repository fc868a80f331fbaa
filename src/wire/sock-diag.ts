/**
 * What NETLINK_SOCK_DIAG tells of netlink sockets (net/netlink/diag.c, include/uapi/linux/netlink_diag.h): the request
 * for every socket of one protocol, and its answers. It is what `ss -f netlink -m` reads, and the one way to learn of a
 * foreign socket's receive buffer and options without privileges. Layout of struct netlink_diag_msg: family, type,
 * protocol and state, one byte each; portid, destination, group, inode and cookie behind them.
 */
import { attributesOf, NLM_F_DUMP, NLM_F_REQUEST } from "./netlink.js";
import { NetlinkWriter } from "./netlink-writer.js";

const SOCK_DIAG_BY_FAMILY = 20;
const AF_NETLINK = 16;
const NDIAG_SHOW_MEMINFO = 0x01;
const NDIAG_SHOW_GROUPS = 0x02;
const NDIAG_SHOW_FLAGS = 0x08;
const REQUEST_BYTES = 20;

const NETLINK_DIAG_MSG_BYTES = 28;
const PORTID_AT = 4;
const INODE_AT = 16;
const NETLINK_DIAG_MEMINFO = 0;
const NETLINK_DIAG_GROUPS = 1;
const NETLINK_DIAG_FLAGS = 4;
/** Words of the meminfo (include/uapi/linux/sock_diag.h). */
const SK_MEMINFO_RMEM_ALLOC = 0;
const SK_MEMINFO_RCVBUF = 1;
const SK_MEMINFO_DROPS = 8;
const NDIAG_FLAG_BROADCAST_ERROR = 0x04;
const NDIAG_FLAG_NO_ENOBUFS = 0x08;

/** A netlink socket as it was at the moment of the answer. */
export interface NetlinkSocketState {
  portid: number;
  inode: number;
  /** The first 32 multicast groups: bit n - 1 is group n. */
  groups: number;
  rmemBytes: number;
  drops: number;
  /** sk_rcvbuf; null: this kernel does not tell. */
  rcvbufBytes: number | null;
  /** NETLINK_BROADCAST_ERROR and NETLINK_NO_ENOBUFS; null: this kernel does not tell (before 4.17). */
  broadcastError: boolean | null;
  noEnobufs: boolean | null;
}

/** Asks for every socket of a netlink protocol in this network namespace. */
export function socketsRequest(protocol: number, sequence: number): Buffer {
  const request = Buffer.alloc(REQUEST_BYTES);
  request[0] = AF_NETLINK;
  request[1] = protocol;
  request.writeUInt32LE(NDIAG_SHOW_MEMINFO | NDIAG_SHOW_GROUPS | NDIAG_SHOW_FLAGS, 8);
  const writer = new NetlinkWriter();
  const header = { type: SOCK_DIAG_BY_FAMILY, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence };
  return writer.message(header, () => writer.raw(request)).finish();
}

/** From the payloads of the answers. A socket that joined a group is told of twice, and is here once. */
export function socketsOf(payloads: readonly Buffer[]): NetlinkSocketState[] {
  const byInode = new Map<number, NetlinkSocketState>();
  for (const payload of payloads) {
    const socket = socketOf(payload);
    byInode.set(socket.inode, socket);
  }
  return [...byInode.values()];
}

function socketOf(payload: Buffer): NetlinkSocketState {
  const attributes = attributesOf(payload.subarray(NETLINK_DIAG_MSG_BYTES));
  const memory = attributes.get(NETLINK_DIAG_MEMINFO);
  const word = (index: number): number | null =>
    memory === undefined || memory.length < 4 * index + 4 ? null : memory.readUInt32LE(4 * index);
  const flags = attributes.get(NETLINK_DIAG_FLAGS)?.readUInt32LE(0) ?? null;
  const flag = (bit: number): boolean | null => (flags === null ? null : (flags & bit) !== 0);
  return {
    portid: payload.readUInt32LE(PORTID_AT),
    inode: payload.readUInt32LE(INODE_AT),
    groups: attributes.get(NETLINK_DIAG_GROUPS)?.readUInt32LE(0) ?? 0,
    rmemBytes: word(SK_MEMINFO_RMEM_ALLOC) ?? 0,
    drops: word(SK_MEMINFO_DROPS) ?? 0,
    rcvbufBytes: word(SK_MEMINFO_RCVBUF),
    broadcastError: flag(NDIAG_FLAG_BROADCAST_ERROR),
    noEnobufs: flag(NDIAG_FLAG_NO_ENOBUFS),
  };
}
