/**
 * When freed entries keep RCU busy: their memory is SLAB_TYPESAFE_BY_RCU, so that a page of the allocator which has no
 * entry left waits for a grace period before it is given back, and the thread of the grace periods runs. Entries of one
 * page are spread over all buckets, so what matters is how many of those that are to go are gone: as many pages are
 * empty as chance makes them, and nothing has to be kept for each entry. Entries of one page were made one after the
 * other, so that those which live on are on other pages than those which a gc removes. By traces of 6.12 the thread
 * appears after two thirds of a flush of 20,000 entries, and after four fifths of one of 5,000.
 */

/** Entries on a page: 256 bytes each, by /proc/slabinfo of 6.1 to 7.3. */
const ENTRIES_PER_PAGE = 16;

export class SlabPages {
  private most = 0;
  private last = 0;

  /** At a tick: whether pages were freed since the last one. `count`: entries that are to go. */
  wait(count: number): boolean {
    this.most = Math.max(this.most, count);
    const fewer = count < this.last;
    this.last = count;
    if (!fewer) return false;
    const gone = 1 - count / this.most;
    let empty = gone;
    for (let power = 1; power < ENTRIES_PER_PAGE; power *= 2) empty *= empty;
    return (empty * this.most) / ENTRIES_PER_PAGE >= 1;
  }
}
