/**
 * The daemon's own table where parts of a dump come among the events: what an event tells while a dump is read is as
 * good as listed, or the end of the dump would take it away again.
 */
import { KIND_DESTROY } from "../kernel/events/kinds.js";
import { DaemonView } from "./view.js";

export class DumpingView extends DaemonView {
  private listing = false;

  override beginDump(): void {
    this.listing = true;
  }

  override purge(): void {
    this.listing = false;
    super.purge();
  }

  override apply(kind: number, tuple: number, id: number, portid: number): -1 | 0 | 1 {
    const change = super.apply(kind, tuple, id, portid);
    if (this.listing && kind !== KIND_DESTROY) this.list(tuple, id);
    return change;
  }
}
