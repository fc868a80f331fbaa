/**
 * Listeners as real programs set them up, by name: what each sets is a default of the listener, which flags and files
 * override. What a program's user configures (a buffer, a reader's speed, workers) is not in it unless the program
 * ships it in its own example.
 */
import { SECOND } from "../units.js";

/** Parameters of a listener, whose table has the presets in it and so cannot be asked for the types here. */
interface Sets {
  bufferBytes: number;
  bufferMaxBytes: number | null;
  force: boolean;
  policy: "lossy" | "no-enobufs";
  groups: readonly ("new" | "update" | "destroy")[];
  stopsAtEnobufs: boolean;
  resyncAfterNanoseconds: number | null;
  overrunAs?: "conntrackd" | "ulogd";
}

interface Preset {
  /** Which program, which version, and where it was read. */
  says: string;
  sets: Sets;
}

/** Half of net.core.rmem_default since 3.2: a program that asks for no buffer has what this request gives. */
export const DEFAULT_REQUEST_BYTES = 106_496;

const NO_BUFFER_ASKED = { bufferBytes: DEFAULT_REQUEST_BYTES, bufferMaxBytes: null, force: false } as const;
const EVERY_GROUP = { groups: ["new", "update", "destroy"] } as const;
const NOTHING_AFTER_ENOBUFS = { stopsAtEnobufs: false, resyncAfterNanoseconds: null } as const;

export const PRESETS = {
  conntrack: {
    says:
      "conntrack -E of conntrack-tools 1.4.6 on (src/conntrack.c): it warns at ENOBUFS and reads on; its -b, in 1.4.7 to 1.4.9, " +
      "enlarges another socket than that of the events",
    sets: { ...NO_BUFFER_ASKED, policy: "lossy", ...EVERY_GROUP, ...NOTHING_AFTER_ENOBUFS },
  },
  "conntrack-1.4.5": {
    says:
      "conntrack -E up to conntrack-tools 1.4.5 (src/conntrack.c, nfct_catch() of libnetfilter_conntrack): it ends at ENOBUFS; " +
      "its -b N is --buffer N --force",
    sets: { ...NO_BUFFER_ASKED, policy: "lossy", ...EVERY_GROUP, stopsAtEnobufs: true, resyncAfterNanoseconds: null },
  },
  conntrackd: {
    says: "conntrackd with the NetlinkBufferSize, NetlinkBufferSizeMaxGrowth and NetlinkOverrunResync of its examples (doc/sync)",
    sets: {
      bufferBytes: 1_048_576,
      bufferMaxBytes: 4_194_304,
      force: false,
      policy: "lossy",
      ...EVERY_GROUP,
      stopsAtEnobufs: false,
      resyncAfterNanoseconds: 30 * SECOND,
      overrunAs: "conntrackd",
    },
  },
  ulogd: {
    says: "ulogd 2 with the netlink_socket_buffer_size and _maxsize of its ulogd.conf (input/flow/ulogd_inpflow_NFCT.c)",
    sets: {
      bufferBytes: 217_088,
      bufferMaxBytes: 1_085_440,
      force: false,
      policy: "lossy",
      groups: ["new", "destroy"],
      stopsAtEnobufs: false,
      resyncAfterNanoseconds: 60 * SECOND,
      overrunAs: "ulogd",
    },
  },
  "go-conntrack": {
    says:
      "a program around Listen() of ti-mo/conntrack (conn.go) that gives up at the first error: of several workers it is one " +
      "that ends with ENOBUFS, and the program with it",
    sets: { ...NO_BUFFER_ASKED, policy: "lossy", ...EVERY_GROUP, stopsAtEnobufs: true, resyncAfterNanoseconds: null },
  },
  agent: {
    says: "an agent that sets NETLINK_NO_ENOBUFS and so is never told that it lost events",
    sets: { ...NO_BUFFER_ASKED, policy: "no-enobufs", ...EVERY_GROUP, ...NOTHING_AFTER_ENOBUFS },
  },
} as const satisfies Readonly<Record<string, Preset>>;
export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

export function presetOf(name: PresetName): Preset {
  return PRESETS[name];
}
