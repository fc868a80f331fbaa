/**
 * The foreign program in the text report: each of its sockets, what it used, how fast it read, and the flags with which
 * a simulation has a reader like it. It says what was measured; where the pace could not be, it names the processor
 * time, which is the least that a message costs.
 */
import type { ProgramReport, ProgramSocket } from "../../report/program.js";
import type { Report } from "../../report/report.js";
import { EVENT_GROUPS, type ListenerScenario } from "../../scenario/scenario.js";
import { formatDuration, formatSize } from "../../scenario/units.js";
import { count, duration, plural, size } from "./numbers.js";

/** A label and its text, in the order of the screen. */
export type ProgramFact = readonly [label: string, text: string];

/** What it used, and its sockets. */
export function programFactsOf(program: ProgramReport): ProgramFact[] {
  return [
    ["program", usedOf(program)],
    ...program.sockets.map((socket, index): ProgramFact => [`socket ${index + 1}`, socketOf(socket)]),
  ];
}

export function programFacts(report: Report): ProgramFact[] {
  const { program } = report;
  if (program === null) return [];
  return [...programFactsOf(program), ...roomFact(report, program), ["simulate", simulateOf(report, program)]];
}

function usedOf({
  command,
  processes,
  cpuSeconds,
  cpuMicrosecondsPerMessage,
  memoryBytes,
  ended,
}: ProgramReport): string {
  const perMessage = cpuMicrosecondsPerMessage === null ? "" : `, ${micro(cpuMicrosecondsPerMessage)} for a message`;
  return [
    `\`${command}\``,
    plural(processes, "process", "processes"),
    `CPU ${duration(cpuSeconds)}${perMessage}`,
    `memory ${size(memoryBytes)}`,
    ...(ended === null ? [] : [`ended by itself ${duration(ended.atSeconds)} after the first packet${howOf(ended)}`]),
  ].join("; ");
}

function howOf({ exitStatus, signal }: NonNullable<ProgramReport["ended"]>): string {
  if (signal !== null) return ` by signal ${signal}`;
  return exitStatus === null ? "" : ` with status ${exitStatus}`;
}

function socketOf(socket: ProgramSocket): string {
  const { process: held, groups, offered, admitted, drops, unread, pace, fullSeconds } = socket;
  const holder = held === null ? "" : `${held.name} (${held.pid}): `;
  const read =
    pace === null
      ? "messages never waited long enough to tell its pace"
      : `${micro(pace.microsecondsPerMessage)} for a message${spreadOf(pace)}${kindsOf(pace)}, at most ${count(Math.round(pace.messagesPerSecond))}/s`;
  return [
    `${holder}${groups.map((group) => group.toUpperCase()).join(", ")}, ${policyOf(socket)}`,
    `${bufferOf(socket)}`,
    `${count(offered)} offered, ${count(admitted)} admitted, ${count(drops)} dropped, ${count(unread)} unread`,
    `most queued ${size(socket.peakRmemBytes)}, full for ${duration(fullSeconds)}`,
    read,
  ].join("; ");
}

function spreadOf({ fastMicroseconds, slowMicroseconds }: NonNullable<ProgramSocket["pace"]>): string {
  if (fastMicroseconds === null || slowMicroseconds === null) return "";
  return ` (${micro(fastMicroseconds)} to ${micro(slowMicroseconds)})`;
}

/** Where it took one kind alone, or kinds that may differ. */
function kindsOf({ kinds }: NonNullable<ProgramSocket["pace"]>): string {
  const known = EVENT_GROUPS.flatMap((kind) => {
    const pace = kinds[kind];
    return pace === null ? [] : [`${kind.toUpperCase()} ${micro(pace.microsecondsPerMessage)}`];
  });
  return known.length === 0 ? "" : `, ${known.join(", ")}`;
}

function bufferOf({ rcvbufBytes, rcvbufBytesAtEnd, capacityMessages }: ProgramSocket): string {
  if (rcvbufBytes === null) return "buffer unknown";
  const grown = rcvbufBytesAtEnd === rcvbufBytes ? "" : `, ${size(rcvbufBytesAtEnd)} at the end`;
  return `buffer ${size(rcvbufBytes)} (${plural(capacityMessages, "message", "messages")})${grown}`;
}

/** The policy that its options make; null: not told. */
function policyName({ broadcastError, noEnobufs }: ProgramSocket): string | null {
  if (broadcastError === null || noEnobufs === null) return null;
  if (broadcastError) return noEnobufs ? "reliable" : "broadcast-error";
  return noEnobufs ? "no-enobufs" : "lossy";
}

function policyOf(socket: ProgramSocket): string {
  return policyName(socket) ?? "options unknown";
}

/**
 * Where the flush was too much for the buffer: what it would take, in the program's own setting where that is known.
 */
function roomFact({ flush, socket, events }: Report, program: ProgramReport): ProgramFact[] {
  if (flush === null || flush.entries === null || (events.destroy.refused ?? 0) === 0) return [];
  const needed = flush.entries * socket.truesizeBytes;
  const [first] = program.sockets;
  const name = first?.process?.name;
  const own = name === undefined ? null : settingOf(name, needed);
  const how = own === null ? "" : `: ${own}`;
  return [
    [
      "room",
      `the ${count(flush.entries)} events of the flush take ${size(needed)} of buffer, it has ${size(first?.rcvbufBytes ?? null)}${how}`,
    ],
  ];
}

/** conntrackd asks for half of its setting, which the kernel doubles; ulogd asks for all of it. */
function settingOf(name: string, bytes: number): string | null {
  if (name === "conntrackd") return `NetlinkBufferSize ${bytes}, with NetlinkBufferSizeMaxGrowth no less`;
  if (name === "ulogd")
    return `netlink_socket_buffer_size=${Math.ceil(bytes / 2)}, with netlink_socket_buffer_maxsize no less`;
  return null;
}

/** The scenario's first listener is already such as the program was found to be. */
function simulateOf({ scenario }: Report, { sockets, cpuMicrosecondsPerMessage }: ProgramReport): string {
  const [first] = sockets;
  const [listener] = scenario.listeners;
  if (first === undefined || listener === undefined || (first.pace ?? cpuMicrosecondsPerMessage) === null) {
    return "nothing was read that a reader's pace could be told from";
  }
  const flags = [
    ...readerFlags(listener),
    `--buffer ${formatSize(listener.bufferBytes)}`,
    `--policy ${listener.policy}`,
    ...groupFlags(listener),
  ];
  const why = first.pace === null ? ", by its processor time alone, the least that a message costs" : "";
  return `a reader like it is ${flags.join(" ")}${why}`;
}

/** The flags that say how long a message takes a reader. */
export function readerFlags(
  listener: Pick<ListenerScenario, "serviceNanoseconds" | "portidServiceNanoseconds">,
): string[] {
  const { serviceNanoseconds, portidServiceNanoseconds: portid } = listener;
  return [
    `--reader ${formatDuration(serviceNanoseconds)}`,
    ...(portid === null ? [] : [`--reader-portid ${formatDuration(portid)}`]),
  ];
}

/** The flag of the groups that it joined; none: it is in all. */
export function groupFlags({ groups }: Pick<ListenerScenario, "groups">): string[] {
  return groups.length === EVENT_GROUPS.length ? [] : [`--groups ${groups.join("+")}`];
}

function micro(microseconds: number): string {
  return duration(microseconds / 1e6);
}
