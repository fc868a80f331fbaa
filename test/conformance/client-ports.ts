/**
 * Which ports a client gets that connects again and again to one server, as __inet_hash_connect() of
 * net/ipv4/inet_hashtables.c chooses them: every second port of the range, each time a random step of one to eight of
 * them further (c579bd1b4021), from a start that changes every 10 s (4dfa9b438ee3). A port whose old connection waits
 * in TIME_WAIT is taken again on loopback (tcp_tw_reuse). So a tuple may come back while its old entry is in the table:
 * its look-up removes it when it has expired, its SYN when it has not. Older kernels go through the range in order.
 */
import { ACCEPTED, type Verdict } from "../../src/kernel/conntrack/packet.js";
import { ORIGINAL } from "../../src/kernel/conntrack/status.js";
import { SYN } from "../../src/kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY } from "../../src/kernel/events/kinds.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import type { SimulatedKernel } from "../../src/simulation/kernel.js";

/** net.ipv4.ip_local_port_range is 32768 to 60999; a connect takes the even ones first. */
const PORTS = (60_999 - 32_768 + 1) / 2;
/** A step is as random as `(random & 7)`. */
const STEP_RANGE = 8;
/** EPHEMERAL_PORT_SHUFFLE_PERIOD. */
const SHUFFLE_SECONDS = 10;

/** Whether the kernel chooses them at random. */
function isRandom(kernel: string): boolean {
  const [major, minor] = kernel.split(".").map(Number);
  return major! > 5 || (major === 5 && minor! >= 10);
}

/**
 * Connections get tuples in the order of the ports' first use. A SYN that was dropped is sent again, which `whenResent`
 * hears of. `shuffledWithin`: the start changed in the first so many seconds; null: whenever.
 */
export function chooseClientPorts(
  kernel: SimulatedKernel,
  scenario: Scenario,
  shuffledWithin: number | null = null,
  whenResent: () => void = () => {},
): void {
  if (scenario.protocol !== "tcp" || !isRandom(scenario.kernel)) return;
  const { clock, packets } = kernel;
  const { uint32 } = new Streams(scenario.seed).of("client ports");
  const tuples = new Map<number, number>();
  const shuffleNanoseconds = SHUFFLE_SECONDS * 1e9;
  const range = shuffledWithin === null ? shuffleNanoseconds : shuffledWithin * 1e9;
  const firstShuffle = shuffleNanoseconds - (uint32() % Math.round(range));
  let period = -1;
  let place = 0;
  /** By number of the connection, whose server may be behind. */
  const chosen: number[] = [];
  const next = (): number => {
    const now = Math.floor((clock.now + firstShuffle) / shuffleNanoseconds);
    if (now !== period) place = uint32() % PORTS;
    period = now;
    place = (place + 1 + (uint32() % STEP_RANGE)) % PORTS;
    const known = tuples.get(place) ?? tuples.size;
    tuples.set(place, known);
    return known;
  };
  const packet = packets.packet.bind(packets);
  packets.packet = (number, direction, segment): Verdict => {
    const opens = direction === ORIGINAL && segment === SYN;
    const tuple = chosen[number] ?? next();
    chosen[number] = tuple;
    const verdict = packet(tuple, direction, segment);
    if (!opens || verdict === ACCEPTED) return verdict;
    whenResent();
    return packet(tuple, direction, segment);
  };
}

/** The program tells connections apart by their tuples: those whose DESTROY the first listener took. */
export function tuplesDestroyed(kernel: SimulatedKernel): Set<number> {
  const tuples = new Set<number>();
  const socket = kernel.sockets[0]!;
  const offer = socket.offer.bind(socket);
  socket.offer = (kind, truesizeBytes, entry, message) => {
    const admitted = offer(kind, truesizeBytes, entry, message);
    if (admitted && kind === KIND_DESTROY) tuples.add(kernel.table.tupleOf(entry));
    return admitted;
  };
  return tuples;
}
