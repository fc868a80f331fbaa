/**
 * Directions and segments of a log's packets: those of the kernel, by their types. They are not imported, because every
 * command reads logs and the kernel's own would be in the file that all commands load: the hot path of the simulator
 * would fetch each of its constants from there (scripts/bundled.ts), which makes it slower by a tenth.
 */
import type * as status from "../../kernel/conntrack/status.js";
import type * as tcp from "../../kernel/conntrack/trackers/tcp-states.js";

export const ORIGINAL: typeof status.ORIGINAL = 0;
export const REPLY: typeof status.REPLY = 1;

export const SYN: typeof tcp.SYN = 0;
export const SYN_ACK: typeof tcp.SYN_ACK = 1;
export const FIN: typeof tcp.FIN = 2;
export const ACK: typeof tcp.ACK = 3;
export const RST: typeof tcp.RST = 4;
