/**
 * The accounts of a run, kept beside the model and never read by it: what became of every event of the observed
 * listener, how often each DESTROY was attempted, and which entries the daemon and the kernel both know. The model
 * calls it through `EventObserver`; the run calls it when the observed reader has read a message.
 *
 * The unit is an event: a set of new bits of one entry. Events that wait in a missed mask are counted per entry in
 * parallel columns; that their sum is raised − admitted − lost is what invariants.ts checks. What was admitted has
 * arrived once the daemon handles the message that carries it; until then it is unread.
 */
import type { ReceivedMessage } from "../daemon/decoders.js";
import type { DaemonView } from "../daemon/view.js";
import { ACTIVE, type ConntrackTable, DYING } from "../kernel/conntrack/table.js";
import type { EventObserver } from "../kernel/events/ecache.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE, type MessageKind } from "../kernel/events/kinds.js";
import { ADMITTED, type Broadcast, REFUSED } from "../kernel/netlink/broadcast.js";
import type { Passes } from "../kernel/netlink/filtered-broadcast.js";
import type { NetlinkSocket } from "../kernel/netlink/socket.js";
import { DESTROY_ATTEMPTS, type EntryRecords, extensionOf, WAITING } from "../kernel/records.js";
import { CarriedEvents } from "./carried.js";
import { LatencyHistogram } from "./latency-histogram.js";

export interface KindAccount {
  raised: number;
  /** Events that went into the socket with a message of any kind: delivered, merged, or not read yet. */
  admitted: number;
  delivered: number;
  merged: number;
  lost: number;
  notSubscribed: number;
  attempts: number;
  refused: number;
  /** Of the admitted: read by the program and dropped by its own full queue. They are lost. */
  dropped: number;
}

/**
 * The account of one kind of message and one class of traffic. A class, because objects that are made by copying one
 * into another are of a new shape in each run, and what is made for many shapes is slow.
 */
class ClassAccount implements KindAccount {
  raised = 0;
  admitted = 0;
  delivered = 0;
  merged = 0;
  lost = 0;
  notSubscribed = 0;
  attempts = 0;
  refused = 0;
  dropped = 0;
  /** Whether the observed listener asks for it, by its groups and its filter. */
  readonly subscribed: boolean;

  constructor(subscribed: boolean) {
    this.subscribed = subscribed;
  }
}

/**
 * State of an entry: which of its events no message carried yet, and whether it is active and the daemon believes it
 * alive.
 */
const WAITING_NEW = 1;
const WAITING_DESTROY = 2;
const KNOWN = 4;
/** The rest of the number counts UPDATEs that wait. */
const UPDATES_SHIFT = 8;
const ONE_UPDATE = 1 << UPDATES_SHIFT;

/** By message kind: one event of that kind waits, and no other. */
const ONE_EVENT = [WAITING_NEW, ONE_UPDATE, WAITING_DESTROY] as const;

/** By message kind. */
export type KindAccounts = readonly [KindAccount, KindAccount, KindAccount];
type ClassAccounts = readonly [ClassAccount, ClassAccount, ClassAccount];

export class Ledger implements EventObserver {
  private readonly table: ConntrackTable;
  private readonly broadcast: Broadcast;
  private readonly view: DaemonView;
  private readonly socket: NetlinkSocket;
  /** By class of traffic. */
  readonly classes: readonly ClassAccounts[];
  /** By class: whether the observed listener's filter lets it pass; null: it has none. */
  private readonly passes: Passes;
  /** Of the classes: the first tuple of each, by which a message that was read is told. */
  private readonly firstTuples: readonly number[];
  private readonly firstClass: ClassAccounts;
  private readonly isMixed: boolean;
  protected readonly records: EntryRecords;
  private knownCount = 0;
  /** Active entries of classes that the filter keeps from the daemon. */
  private unwantedCount = 0;
  /** NEW that were read when their entry was no longer in the table. */
  newAfterDestroy = 0;
  /** Index: resends of an entry; value: freed entries with that number of resends. */
  private readonly resends: number[] = [];
  /** By message kind. */
  readonly latencies = [new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram()] as const;
  private readonly carriedEvents = new CarriedEvents();

  /** `view`, `socket`: of the observed listener. `firstTuples`: of the classes of traffic. */
  constructor(
    table: ConntrackTable,
    broadcast: Broadcast,
    view: DaemonView,
    socket: NetlinkSocket,
    firstTuples: readonly number[] = [0],
    passes: Passes = null,
  ) {
    this.passes = passes;
    this.classes = firstTuples.map((_, flowClass) => {
      const isWanted = passes?.[flowClass] !== false;
      const of = (kind: MessageKind) => new ClassAccount(isWanted && (socket.groups & (1 << kind)) !== 0);
      return [of(KIND_NEW), of(KIND_UPDATE), of(KIND_DESTROY)];
    });
    this.firstTuples = firstTuples;
    this.firstClass = this.classes[0]!;
    this.isMixed = this.classes.length > 1;
    this.table = table;
    this.broadcast = broadcast;
    this.view = view;
    this.socket = socket;
    this.records = table.records;
  }

  /** Of all classes together, by message kind. */
  get kinds(): KindAccounts {
    const [first, ...others] = this.classes;
    if (others.length === 0) return first!;
    return [this.sumOf(KIND_NEW), this.sumOf(KIND_UPDATE), this.sumOf(KIND_DESTROY)];
  }

  raised(entry: number, kind: MessageKind): void {
    const { extensions } = this.records;
    const at = extensionOf(entry);
    const state = extensions[at + WAITING]!;
    const account = this.accountsOf(entry)[kind];
    if (account.subscribed !== true) {
      account.notSubscribed++;
      if (this.passes !== null) this.countUnwanted(entry, kind);
      if (kind !== KIND_DESTROY) return;
      extensions[at + DESTROY_ATTEMPTS] = 0;
      if ((state & KNOWN) !== 0) this.knownCount--;
      extensions[at + WAITING] = state & ~KNOWN;
      return;
    }
    account.raised++;
    if (kind === KIND_NEW) extensions[at + WAITING] = state | WAITING_NEW;
    else if (kind === KIND_UPDATE) extensions[at + WAITING] = state + ONE_UPDATE;
    else {
      extensions[at + DESTROY_ATTEMPTS] = 0;
      // The entry leaves the table in this same step.
      if ((state & KNOWN) !== 0) this.knownCount--;
      extensions[at + WAITING] = (state | WAITING_DESTROY) & ~KNOWN;
    }
  }

  attempted(entry: number, kind: MessageKind, kept: boolean): void {
    const { extensions } = this.records;
    const at = extensionOf(entry);
    const account = this.accountsOf(entry)[kind];
    account.attempts++;
    if (kind === KIND_DESTROY) extensions[at + DESTROY_ATTEMPTS]!++;
    const { observed } = this.broadcast;
    if (observed === ADMITTED) {
      const state = extensions[at + WAITING]!;
      if ((state & ~KNOWN) === ONE_EVENT[kind]) {
        // The usual case: the event that was just raised, and nothing that waited.
        account.admitted++;
        extensions[at + WAITING] = state & KNOWN;
      } else {
        this.carried(entry, kind);
      }
      return;
    }
    if (observed === REFUSED) account.refused++;
    if (!kept) this.lost(entry);
  }

  raisedAndAttempted(entry: number, kind: MessageKind, kept: boolean): void {
    const state = this.records.extensions[extensionOf(entry) + WAITING]!;
    if (this.broadcast.observed === ADMITTED && (state & ~KNOWN) === 0) {
      const account = this.accountsOf(entry)[kind];
      account.raised++;
      account.attempts++;
      account.admitted++;
    } else {
      this.raised(entry, kind);
      this.attempted(entry, kind, kept);
    }
  }

  freed(entry: number): void {
    const { extensions } = this.records;
    const at = extensionOf(entry);
    const resent = extensions[at + DESTROY_ATTEMPTS]! - 1;
    if (resent > 0) this.resends[resent] = (this.resends[resent] ?? 0) + 1;
    // An entry that raises no events is known from a dump alone and goes without a DESTROY.
    if ((extensions[at + WAITING]! & KNOWN) !== 0) this.knownCount--;
    extensions[at + DESTROY_ATTEMPTS] = 0;
    extensions[at + WAITING] = 0;
  }

  /** The observed reader applied a message, and its view changed by `change`. */
  read(message: ReceivedMessage, change: -1 | 0 | 1, now: number): void {
    const kind = message.kind as MessageKind;
    this.latencies[kind].add(now - message.raisedAt);
    const state = this.carriedEvents.take(message.order);
    const accounts = this.accountsOfTuple(message.tuple);
    if (state === null) accounts[kind].delivered++;
    else arrived(accounts, kind, state);
    if (change === 0) return;
    // The entry of the message may be gone and its record in use by another.
    const { entry } = message;
    const isIt =
      this.table.placeOf(entry) === ACTIVE &&
      this.table.tupleOf(entry) === message.tuple &&
      this.table.idOf(entry) === message.id;
    if (!isIt) {
      if (kind === KIND_NEW) this.newAfterDestroy++;
      return;
    }
    const { extensions } = this.records;
    const at = extensionOf(entry) + WAITING;
    const known = (extensions[at]! & KNOWN) !== 0;
    if (change === 1 && !known) {
      extensions[at]! |= KNOWN;
      this.knownCount++;
    } else if (change === -1 && known) {
      // The DESTROY of an earlier life with the same tuple and id: the daemon cannot tell.
      extensions[at]! &= ~KNOWN;
      this.knownCount--;
    }
  }

  /** The program dropped a message that it had read. */
  dropped(message: ReceivedMessage): void {
    const kind = message.kind as MessageKind;
    const state = this.carriedEvents.take(message.order);
    const [created, update, destroy] = this.accountsOfTuple(message.tuple);
    const carries = state ?? ONE_EVENT[kind];
    created.dropped += carries & WAITING_NEW;
    update.dropped += carries >>> UPDATES_SHIFT;
    if ((carries & WAITING_DESTROY) !== 0) destroy.dropped++;
  }

  /** Whether the observed listener's filter lets messages of an entry pass. */
  wants(entry: number): boolean {
    return this.passes === null || this.passes[this.table.classOf(entry)] === true;
  }

  /** The observed reader made its view equal to the table. */
  resynced(): void {
    this.unwantedCount = 0;
    for (let entry = 0; entry < this.table.capacity; entry++) {
      if (this.table.placeOf(entry) !== ACTIVE) continue;
      if (this.wants(entry)) this.records.extensions[extensionOf(entry) + WAITING]! |= KNOWN;
      else this.unwantedCount++;
    }
    this.knownCount = this.wanted;
  }

  /** A part of a dump told the observed reader of an active entry. */
  listed(entry: number): void {
    const { extensions } = this.records;
    const at = extensionOf(entry) + WAITING;
    if ((extensions[at]! & KNOWN) !== 0) return;
    extensions[at]! |= KNOWN;
    this.knownCount++;
  }

  /** Active entries that the daemon should know. */
  private get wanted(): number {
    return this.table.active - this.unwantedCount;
  }

  /** Entries that the daemon believes alive and the kernel has freed or put on the dying list. */
  get stale(): number {
    return this.view.alive - this.knownCount;
  }

  /** Active entries that the daemon does not know. */
  get missing(): number {
    return this.wanted - this.knownCount;
  }

  /** Whether the daemon believes alive exactly what is active. */
  get inSync(): boolean {
    return this.view.alive === this.knownCount && this.wanted === this.knownCount;
  }

  get destroyAttempts(): number {
    return this.kinds[KIND_DESTROY].attempts;
  }

  /** Events still waiting, counted entry by entry, by message kind: of all classes of traffic, or of one. */
  pending(flowClass: number | null = null): [number, number, number] {
    const sum: [number, number, number] = [0, 0, 0];
    for (let entry = 0; entry < this.table.capacity; entry++) {
      if (flowClass !== null && this.table.classOf(entry) !== flowClass) continue;
      const state = this.records.extensions[extensionOf(entry) + WAITING]!;
      sum[KIND_NEW] += state & WAITING_NEW;
      sum[KIND_UPDATE] += state >>> UPDATES_SHIFT;
      sum[KIND_DESTROY] += (state & WAITING_DESTROY) === 0 ? 0 : 1;
    }
    return sum;
  }

  /** Entries by number of resends (index), those still dying included. */
  resendCounts(): readonly number[] {
    const counts = [...this.resends];
    for (let entry = 0; entry < this.table.capacity; entry++) {
      const resent = this.records.extensions[extensionOf(entry) + DESTROY_ATTEMPTS]! - 1;
      if (this.table.placeOf(entry) === DYING && resent > 0) {
        counts[resent] = (counts[resent] ?? 0) + 1;
      }
    }
    return counts;
  }

  /** A message went into the socket that carries other events than the one of its kind, or none. */
  private carried(entry: number, kind: MessageKind): void {
    const { extensions } = this.records;
    const at = extensionOf(entry) + WAITING;
    const state = extensions[at]!;
    const left = state & (kind === KIND_DESTROY ? KNOWN : KNOWN | WAITING_DESTROY);
    const carries = state & ~(left | KNOWN);
    const [created, update, destroy] = this.accountsOf(entry);
    created.admitted += carries & WAITING_NEW;
    update.admitted += carries >>> UPDATES_SHIFT;
    if ((carries & WAITING_DESTROY) !== 0) destroy.admitted++;
    this.carriedEvents.add(this.socket.admitted, carries);
    extensions[at] = left;
  }

  private countUnwanted(entry: number, kind: MessageKind): void {
    if (this.wants(entry)) return;
    if (kind === KIND_NEW) this.unwantedCount++;
    else if (kind === KIND_DESTROY) this.unwantedCount--;
  }

  private accountsOf(entry: number): ClassAccounts {
    return this.isMixed ? this.classes[this.table.classOf(entry)]! : this.firstClass;
  }

  /** The entry of a message may be gone by the time that it is read; its tuple is of one class only. */
  private accountsOfTuple(tuple: number): ClassAccounts {
    if (!this.isMixed) return this.firstClass;
    const { classes, firstTuples } = this;
    let index = classes.length - 1;
    while (index > 0 && tuple < firstTuples[index]!) index--;
    return classes[index]!;
  }

  private sumOf(kind: MessageKind): KindAccount {
    const { subscribed: _, ...sum } = new ClassAccount(true);
    for (const accounts of this.classes) {
      for (const key of Object.keys(sum) as (keyof KindAccount)[]) sum[key] += accounts[kind][key];
    }
    return sum;
  }

  private lost(entry: number): void {
    const { extensions } = this.records;
    const state = extensions[extensionOf(entry) + WAITING]!;
    const [created, update, destroy] = this.accountsOf(entry);
    created.lost += state & WAITING_NEW;
    update.lost += state >>> UPDATES_SHIFT;
    if ((state & WAITING_DESTROY) !== 0) destroy.lost++;
    extensions[extensionOf(entry) + WAITING] = state & KNOWN;
  }
}

/** The daemon handled a message that carries these events. */
function arrived([created, update, destroy]: KindAccounts, kind: MessageKind, carries: number): void {
  if ((carries & WAITING_NEW) !== 0) {
    if (kind === KIND_NEW) created.delivered++;
    else created.merged++;
  }
  if (kind === KIND_UPDATE) update.delivered += carries >>> UPDATES_SHIFT;
  else update.merged += carries >>> UPDATES_SHIFT;
  if ((carries & WAITING_DESTROY) !== 0) destroy.delivered++;
}
