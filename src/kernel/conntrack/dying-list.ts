/**
 * The list of entries whose DESTROY failed: nf_conntrack_net.ecache.dying_list from 5.19 on, the dying list of CPU 0
 * before (flood, flush and gc run there, so no other fills). Redelivery takes from its head; an array with the head
 * last makes both ends cheap.
 *
 * An entry is linked here by its node in the original direction, the very node that linked it into its chain. So a walk
 * over a chain that deletes an entry while it stands on that node goes on down this list, and the rest of its chain is
 * not walked. Up to 5.18 every deletion passes the list, also one whose DESTROY was delivered
 * (nf_ct_add_to_dying_list); later only one that failed does (nf_ct_add_to_ecache_list). A look-up notices by the end
 * it arrives at and begins anew; early_drop and gc do not.
 */
import type { Release } from "../release.js";
import { ORIGINAL } from "./status.js";

/**
 * What a walk does for an entry here against an empty bucket: it takes and drops a reference, and finds that somebody
 * else has killed it. By the number of instructions; passes of 5.10.262 that walked down long lists took as long.
 */
const BUCKETS_PER_ENTRY = 6;

export class DyingList {
  /** The head is the last one. */
  readonly entries: number[] = [];
  private readonly takesEveryDeletion: boolean;
  /** No deadline of an entry here is later, in jiffies. */
  latestDeadline = 0;

  constructor(release: Release) {
    this.takesEveryDeletion = release.redelivery !== "evict-list";
  }

  /** The deadline of an entry that is about to come. */
  expect(deadlineJiffies: number): void {
    if (this.entries.length === 0 || deadlineJiffies > this.latestDeadline) this.latestDeadline = deadlineJiffies;
  }

  /** Whether a walk leaves the chain behind a node whose entry it has just deleted. */
  catches(node: number, delivered: boolean): boolean {
    return (node & 1) === ORIGINAL && (this.takesEveryDeletion || !delivered);
  }

  /** How many entries lie behind one that was just deleted: all, but itself if it is on the list. */
  behind(delivered: boolean): number {
    return this.entries.length - (delivered ? 0 : 1);
  }

  /** How long a walk over so many of them takes, in empty buckets. */
  bucketsFor(entries: number): number {
    return BUCKETS_PER_ENTRY * entries;
  }
}
