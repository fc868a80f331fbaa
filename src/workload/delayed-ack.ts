/**
 * The server's acknowledgement of the client's FIN, where it rides on the server's own FIN (the shortest TCP
 * connection) and both ends are one machine: a fresh socket has no time-out to wait for, so the next tick sends the
 * acknowledgement by itself.
 */
import type { Path } from "../scenario/scenario.js";
import { combinedFinAt, type Scripted } from "./script.js";

export class DelayedAck {
  private readonly finAt: number;
  private clientFinTick = 0;

  constructor(path: Path, script: Scripted) {
    this.finAt = path === "loopback" ? combinedFinAt(script) : -1;
  }

  /** Whether the acknowledgement goes out by itself before this step of the script. */
  comesBefore(stepIndex: number, clock: { readonly jiffies: number }): boolean {
    return stepIndex === this.finAt && this.clientFinTick !== clock.jiffies;
  }

  /** A step of the script was sent. */
  sent(stepIndex: number, clock: { readonly jiffies: number }): void {
    if (stepIndex === this.finAt - 1) this.clientFinTick = clock.jiffies;
  }
}
