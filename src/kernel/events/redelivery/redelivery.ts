/**
 * Who tries again to deliver the DESTROY of a dying entry. Linux has had three mechanisms; each is one file behind this
 * interface: `timer` (2.6.31 to 3.16), `workqueue` (3.17 to 5.18), `evict-list` (5.19 on).
 */
export interface Redelivery {
  /** The first attempt of this entry's DESTROY failed; it is on the dying list. */
  add(entry: number): void;
  /** Bounds of the delays drawn so far, for the checkers. */
  readonly shortestDelayJiffies: number;
  readonly longestDelayJiffies: number;
}
