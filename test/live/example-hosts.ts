/**
 * Hosts for the tests of a survey: files by their path, in the form in which kernels and distributions have them, and
 * the sockets that sock_diag would tell of. Composed by hand, none of them measured. It tests nothing itself.
 */
import type { HostSource } from "../../src/live/host/survey.js";
import type { NetlinkSocketState } from "../../src/wire/sock-diag.js";

const NETFILTER = "/proc/sys/net/netfilter/nf_conntrack_";
const NETLINK_HEAD = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n";

interface ExampleHost {
  release: string;
  system?: string;
  files?: Record<string, string>;
  /** Of /proc/PID/fd; null: it may not be read. */
  processes?: Record<number, { name: string; sockets: readonly number[] | null }>;
  /** Null: sock_diag cannot be asked. */
  sockets?: readonly NetlinkSocketState[] | null;
}

export function exampleSource({ release, system = "Linux", files = {}, processes = {}, sockets = [] }: ExampleHost) {
  const texts: Record<string, string> = {
    "/proc/net/netlink": NETLINK_HEAD,
    ...files,
    ...Object.fromEntries(Object.entries(processes).map(([pid, { name }]) => [`/proc/${pid}/comm`, `${name}\n`])),
  };
  const source: HostSource = {
    machine: { system, release, cpus: 4, hz: 250 },
    text: (path) => texts[path] ?? null,
    target(link) {
      if (link === "/proc/self/ns/net") return "net:[4026531840]";
      const [, pid, descriptor] = /^\/proc\/(\d+)\/fd\/(\d+)$/.exec(link) ?? [];
      const inode = processes[Number(pid)]?.sockets?.[Number(descriptor)];
      return inode === undefined ? null : `socket:[${inode}]`;
    },
    names(folder) {
      if (folder === "/proc") return ["net", "self", ...Object.keys(processes)];
      const pid = Number(/^\/proc\/(\d+)\/fd$/.exec(folder)?.[1]);
      return processes[pid]?.sockets?.map((_, descriptor) => String(descriptor)) ?? null;
    },
    sockets: () => sockets,
    close() {},
  };
  return source;
}

export function conntrackFiles(settings: Record<string, number>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${NETFILTER}${name}`, `${value}\n`]));
}

const CORE = { "/proc/sys/net/core/rmem_default": "212992\n", "/proc/sys/net/core/rmem_max": "212992\n" };

export const CONNTRACKD: NetlinkSocketState = {
  portid: 812,
  inode: 17_218,
  groups: 0b111,
  rmemBytes: 3840,
  drops: 12,
  rcvbufBytes: 4_194_304,
  broadcastError: false,
  noEnobufs: false,
};

/** A router with Debian 12 and a conntrackd that got 2 MiB, doubled. */
export const ROUTER = {
  release: "6.1.170",
  files: {
    ...CORE,
    ...conntrackFiles({ count: 41_230, max: 262_144, buckets: 262_144, events: 2, acct: 1, timestamp: 0 }),
    ...conntrackFiles({ udp_timeout: 30, udp_timeout_stream: 60, tcp_timeout_established: 7200 }),
    "/proc/net/stat/nf_conntrack":
      "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop\n" +
      "0000a10e  00000000 00000001 00000000 00000012 00000000 00000000 00000000 00000000 00000003 0000000a 00000010\n" +
      "0000a10e  00000000 00000001 00000000 00000012 00000000 00000000 00000000 00000000 00000000 00000001 00000001\n",
  },
  processes: { 1: { name: "systemd", sockets: [900] }, 812: { name: "conntrackd", sockets: [17_217, 17_218] } },
  sockets: [CONNTRACKD, { ...CONNTRACKD, portid: 9, inode: 5, groups: 0b1000 }],
} satisfies ExampleHost;

/** The same to a user who is not root. */
export const ROUTER_AS_NOBODY = {
  ...ROUTER,
  processes: { 1: { name: "systemd", sockets: null }, 812: { name: "conntrackd", sockets: null } },
} satisfies ExampleHost;

/** A router with OpenWrt, where nothing can load koffi: /proc/net/netlink is all there is. */
export const OPENWRT = {
  release: "5.15.167",
  files: {
    ...CORE,
    ...conntrackFiles({ count: 900, max: 15_360, buckets: 15_360, events: 1, acct: 1, timestamp: 0 }),
    "/etc/openwrt_release": "DISTRIB_ID='OpenWrt'\n",
    "/proc/net/netlink": `${NETLINK_HEAD}0000000076d4f7fb 12  1477       00000005 3840     0        0     2        997      17218\n`,
  },
  processes: { 1477: { name: "nlbwmon", sockets: [17_218] } },
  sockets: null,
} satisfies ExampleHost;

/** A node of Kubernetes whose agent listens for NEW and DESTROY and sets NETLINK_NO_ENOBUFS. */
export const NODE = {
  release: "5.15.0-1052-aws",
  files: {
    ...CORE,
    ...conntrackFiles({ count: 1200, max: 131_072, buckets: 32_768, events: 1, acct: 0, timestamp: 0 }),
  },
  processes: { 3001: { name: "agent", sockets: [71] } },
  sockets: [
    { ...CONNTRACKD, portid: 3_221_225_472, inode: 71, groups: 0b101, rcvbufBytes: 2_097_152, noEnobufs: true },
  ],
} satisfies ExampleHost;

/** A container in which nothing uses conntrack. */
export const CONTAINER = { release: "6.8.0", processes: { 1: { name: "sh", sockets: [] } } } satisfies ExampleHost;
