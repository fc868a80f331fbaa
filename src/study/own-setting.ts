/**
 * What a change of a listener is called in the configuration of the program as which it is set up, so that a person
 * finds the line to change. Of what the program cannot set there is no word.
 */
import type { Overrides } from "../scenario/defaults.js";
import type { PresetName } from "../scenario/parameters/preset.js";
import type { ListenerScenario } from "../scenario/scenario.js";
import { SECOND } from "../scenario/units.js";

type Change = Partial<ListenerScenario>;
type Words = { [K in keyof ListenerScenario]?: (value: ListenerScenario[K]) => string | null };

const inSeconds = (nanoseconds: number): number => Math.ceil(nanoseconds / SECOND);
/** NF_NETLINK_CONNTRACK_NEW, _UPDATE and _DESTROY. */
const EVENT_MASK = { new: 1, update: 2, destroy: 4 } as const;

const SETTINGS: Readonly<Partial<Record<PresetName, Words>>> = {
  // Both of its sizes are what the kernel makes of a request; a size above the growth is ignored.
  conntrackd: {
    bufferBytes: (bytes) => `NetlinkBufferSize ${2 * bytes}, NetlinkBufferSizeMaxGrowth ${2 * bytes}`,
    bufferMaxBytes: (bytes) => (bytes === null ? null : `NetlinkBufferSizeMaxGrowth ${2 * bytes}`),
    resyncAfterNanoseconds: (after) => (after === null ? null : `NetlinkOverrunResync ${inSeconds(after)}`),
    policy: (policy) => (policy === "reliable" ? "NetlinkEventsReliable On" : null),
    poll: (poll) => (poll === null ? null : `PollSecs ${inSeconds(poll.everyNanoseconds)}`),
  },
  // A size that is not below the maximum is ignored; it would grow by four, which is above this one.
  ulogd: {
    bufferBytes: (bytes) => `netlink_socket_buffer_size=${bytes}, netlink_socket_buffer_maxsize=${2 * bytes}`,
    bufferMaxBytes: (bytes) => (bytes === null ? null : `netlink_socket_buffer_maxsize=${bytes}`),
    resyncAfterNanoseconds: (after) => (after === null ? null : `netlink_resync_timeout=${inSeconds(after)}`),
    policy: (policy) => (policy === "reliable" ? "reliable=1" : null),
    groups: (groups) => `event_mask=0x${groups.reduce((mask, group) => mask | EVENT_MASK[group], 0)}`,
    poll: (poll) => (poll === null ? null : `pollinterval=${inSeconds(poll.everyNanoseconds)}`),
  },
  conntrack: {
    bufferBytes: (bytes) => `--buffer-size ${bytes}`,
    groups: (groups) => `-e ${groups.join(",").toUpperCase().replace("UPDATE", "UPDATES")}`,
  },
  "go-conntrack": {
    bufferBytes: (bytes) => `SetReadBuffer(${bytes})`,
    policy: (policy) => (policy === "no-enobufs" ? "SetOption(netlink.NoENOBUFS, true)" : null),
  },
};

/** Null: nothing of the change has a word there. */
export function ownSetting(preset: PresetName | null, { listeners }: Overrides): string | null {
  const words = preset === null ? undefined : SETTINGS[preset];
  const change: Change = listeners?.[0] ?? {};
  const said = Object.entries(change).flatMap(([key, value]) => {
    const word = words?.[key as keyof Words] as ((value: unknown) => string | null) | undefined;
    return word?.(value) ?? [];
  });
  return said.length === 0 ? null : said.join(", ");
}
