/**
 * The accounts of a run whose observed reader polls the table: beside what the plain ledger keeps, which entries a dump
 * listed, and when last, so that an entry that goes tells what polls knew of it.
 */
import { destroyedAtOf } from "../kernel/records.js";
import { Ledger } from "./ledger.js";

export class ListingLedger extends Ledger {
  private readonly clock: { readonly now: number };
  /** By entry: when a dump listed it last; NaN: none did. */
  private listedAt = new Float64Array(1024).fill(Number.NaN);
  /** Entries that are gone: no dump ever listed them, or one did. */
  goneUnlisted = 0;
  goneListed = 0;
  /** Of the listed: the sum of the times from the last listing to the end. */
  private untoldNanoseconds = 0;

  constructor(clock: { readonly now: number }, ...ledger: ConstructorParameters<typeof Ledger>) {
    super(...ledger);
    this.clock = clock;
  }

  override listed(entry: number): void {
    super.listed(entry);
    while (entry >= this.listedAt.length) {
      const longer = new Float64Array(2 * this.listedAt.length).fill(Number.NaN);
      longer.set(this.listedAt);
      this.listedAt = longer;
    }
    this.listedAt[entry] = this.clock.now;
  }

  override freed(entry: number): void {
    super.freed(entry);
    if (!this.wants(entry)) return;
    const listedAt = this.listedAt[entry] ?? Number.NaN;
    if (Number.isNaN(listedAt)) {
      this.goneUnlisted++;
      return;
    }
    // It left the table when its DESTROY was raised; without events of its own, now.
    const raisedAt = this.records.doubles[destroyedAtOf(entry)]!;
    this.goneListed++;
    this.untoldNanoseconds += (raisedAt >= listedAt ? raisedAt : this.clock.now) - listedAt;
    this.listedAt[entry] = Number.NaN;
  }

  /** From an entry's last listing to its end, on average; null: no entry that was listed is gone. */
  get meanUntoldSeconds(): number | null {
    return this.goneListed === 0 ? null : this.untoldNanoseconds / this.goneListed / 1e9;
  }
}
