/**
 * The NETLINK_NETFILTER sockets of this network namespace, whoever they belong to: by NETLINK_SOCK_DIAG where the
 * kernel has it, which tells the receive buffer and the options, or else by /proc/net/netlink, which does not. A look
 * takes some ten microseconds, changes nothing and needs no privileges.
 */
import { readFileSync } from "node:fs";
import { EVENT_GROUPS, type EventGroup } from "../../scenario/scenario.js";
import { NFNLGRP_CONNTRACK } from "../../wire/ctnetlink.js";
import { type NetlinkSocketState, socketsOf, socketsRequest } from "../../wire/sock-diag.js";
import { NETLINK_NETFILTER, NETLINK_SOCK_DIAG, RequestSocket } from "./netlink-socket.js";
import { SystemCallError, type SystemCalls } from "./system-calls.js";

export class SocketTable {
  /** Null: this kernel has no sock_diag for netlink. */
  private diag: RequestSocket | null;

  constructor(calls: SystemCalls) {
    this.diag = new RequestSocket(calls, NETLINK_SOCK_DIAG);
  }

  read(): NetlinkSocketState[] {
    if (this.diag !== null) {
      try {
        return socketsOf(this.diag.dump(socketsRequest(NETLINK_NETFILTER, this.diag.nextSequence()), "sock_diag"));
      } catch (error) {
        if (!(error instanceof SystemCallError)) throw error;
        this.close();
      }
    }
    return socketsInProc(readFileSync("/proc/net/netlink", "latin1"));
  }

  close(): void {
    this.diag?.close();
    this.diag = null;
  }
}

/** Columns of /proc/net/netlink: sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode. */
export function socketsInProc(table: string): NetlinkSocketState[] {
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1] === String(NETLINK_NETFILTER))
    .map((columns) => ({
      portid: Number(columns[2]),
      inode: Number(columns[9]),
      groups: Number.parseInt(columns[3]!, 16),
      rmemBytes: Number(columns[4]),
      drops: Number(columns[8]),
      rcvbufBytes: null,
      broadcastError: null,
      noEnobufs: null,
    }));
}

/** The conntrack groups among those of a socket, in the order NEW, UPDATE, DESTROY. */
export function conntrackGroups(groups: number): EventGroup[] {
  return EVENT_GROUPS.filter((group) => ((groups >>> (NFNLGRP_CONNTRACK[group] - 1)) & 1) === 1);
}
