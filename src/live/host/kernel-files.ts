/**
 * What the kernel tells and takes through files of the network namespace: the table's count, the sysctls of conntrack,
 * the row of a socket in /proc/net/netlink. Reading them takes microseconds and disturbs nothing. Below /proc/net a
 * thread sees the namespace of the main thread, which here is the same.
 */
import { openSync, readFileSync, readSync, writeFileSync } from "node:fs";

const CONNTRACK = "/proc/sys/net/netfilter";

/** Sets net.netfilter.nf_conntrack_<name> of this namespace. */
export function writeSysctl(name: string, value: number): void {
  writeFileSync(`${CONNTRACK}/nf_conntrack_${name}`, String(value));
}

/** A file below /proc, or null where there is none. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

/** A number from a file below /proc, or null where there is none. */
export function readNumber(path: string): number | null {
  try {
    const value = Number(readFileSync(path, "latin1").trim());
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

export function readSysctl(name: string): number | null {
  return readNumber(`${CONNTRACK}/nf_conntrack_${name}`);
}

/** Entries of the table, alive or dying. The file stays open, since it is read a thousand times a run. */
export class TableCount {
  private readonly fd = openSync(`${CONNTRACK}/nf_conntrack_count`, "r");
  private readonly text = Buffer.alloc(32);

  read(): number {
    const bytes = readSync(this.fd, this.text, 0, this.text.length, 0);
    return Number(this.text.toString("latin1", 0, bytes));
  }
}

export interface SocketRow {
  rmemBytes: number;
  drops: number;
}

/** Columns of /proc/net/netlink: sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode. */
const PID = 2;
const GROUPS = 3;

const PROTOCOL_NETFILTER = "12";

/** The row of a netfilter socket in the text of /proc/net/netlink that has a value in a column, or null. */
function rowWhere(table: string, column: number, value: string): (SocketRow & { portid: number }) | null {
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (columns[1] !== PROTOCOL_NETFILTER || columns[column] !== value) continue;
    return { portid: Number(columns[PID]), rmemBytes: Number(columns[4]), drops: Number(columns[8]) };
  }
  return null;
}

/** The row of the socket with a port, or null where it is closed. */
export function socketRow(table: string, portid: number): SocketRow | null {
  const row = rowWhere(table, PID, String(portid));
  return row === null ? null : { rmemBytes: row.rmemBytes, drops: row.drops };
}

export function readSocketRow(portid: number): SocketRow | null {
  return socketRow(readFileSync("/proc/net/netlink", "latin1"), portid);
}

/** The port of a socket that listens to these groups and no others, or null: how a foreign daemon's is found. */
export function readListeningPortid(groups: string): number | null {
  return rowWhere(readFileSync("/proc/net/netlink", "latin1"), GROUPS, groups)?.portid ?? null;
}
