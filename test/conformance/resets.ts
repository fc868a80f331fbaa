/**
 * Connections that ended with an RST. Whoever closes first waits in TIME_WAIT, or in FIN_WAIT2 until the other end
 * closes; where the recorded machine kept no socket for that, it answered the other end's FIN with an RST, and the
 * entry stays for CLOSE, 10 s, in place of TIME_WAIT. How many did hangs on sockets that the runs before had left. A
 * lossy run shows it: nothing but such entries is left between the two timeouts.
 */
import type { Verdict } from "../../src/kernel/conntrack/packet.js";
import { ACK, FIN, RST } from "../../src/kernel/conntrack/trackers/tcp-states.js";
import { releaseFor } from "../../src/kernel/release.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import type { SimulatedKernel } from "../../src/simulation/kernel.js";
import type { Recording } from "./recording.js";

/** nf_conntrack_tcp_timeout_close. */
const CLOSE_SECONDS = 10;
/** Timers fire at their jiffy: a second after the last of one kind only the other is left. */
const APART_SECONDS = 1;

/** How many entries a run without redelivery still had when all in TIME_WAIT had to be gone; 0: it does not show. */
export function resetConnections({ kernel, setting, result, series }: Recording): number {
  const { flush, mode, reliable, tcpTimeWaitSeconds } = setting;
  // Without a timer of its own an entry is gone when somebody comes by.
  if (releaseFor(kernel)?.redelivery !== "timer") return 0;
  if (mode !== "tcp" || flush === 1 || reliable === 1 || tcpTimeWaitSeconds === undefined) return 0;
  const until = CLOSE_SECONDS - APART_SECONDS - result!.floodSeconds;
  const between = series!.rows.filter(([seconds]) => seconds! > tcpTimeWaitSeconds + APART_SECONDS && seconds! < until);
  const counts = new Set(between.map(([, count]) => count!));
  return counts.size === 1 ? [...counts][0]! : 0;
}

/** So many of them end with an RST in place of the last acknowledgement; which, is drawn. */
export function resetSome(kernel: SimulatedKernel, { seed, connections }: Scenario, wanted: number): void {
  if (wanted === 0) return;
  const { uniform } = new Streams(seed).of("resets");
  const chosen = new Set<number>();
  while (chosen.size < Math.min(wanted, connections)) chosen.add(Math.floor(uniform() * connections));
  const closedBy = new Map<number, number>();
  const packet = kernel.packets.packet.bind(kernel.packets);
  kernel.packets.packet = (tuple, direction, segment): Verdict => {
    if (!chosen.has(tuple)) return packet(tuple, direction, segment);
    const closed = closedBy.get(tuple) ?? 0;
    if (segment === FIN) closedBy.set(tuple, closed | (1 << direction));
    return packet(tuple, direction, segment === ACK && closed === 0b11 ? RST : segment);
  };
}
