/**
 * The words of the reports, each with what it means, in the order in which a reader meets them. One table for
 * `ct-reliable explain WORD` and the glossary of the documentation.
 */
interface Term {
  word: string;
  /** Other words under which people look for it. */
  also: readonly string[];
  meaning: string;
}

export const GLOSSARY: readonly Term[] = [
  {
    word: "event",
    also: ["new", "update", "destroy"],
    meaning:
      "A message from the kernel's connection tracking: NEW when an entry is made, UPDATE when its state changes, DESTROY " +
      "when it is gone. It goes to every program that has joined the event's netlink group.",
  },
  {
    word: "buffer",
    also: ["rcvbuf", "so_rcvbuf", "rmem_max"],
    meaning:
      "Where events wait until the program reads them. The program asks for a size with SO_RCVBUF; the kernel caps it at " +
      "net.core.rmem_max, unless SO_RCVBUFFORCE is used, and doubles it. `ct-reliable explain buffer SIZE` shows the steps.",
  },
  {
    word: "truesize",
    also: ["charge"],
    meaning:
      "What a message is charged to the buffer: the memory that it occupies in the kernel, which is several times the " +
      "bytes that the program reads.",
  },
  {
    word: "refused",
    also: ["overrun", "drops"],
    meaning:
      "An attempt to put an event into a buffer that had no room for it; the column Drops of /proc/net/netlink counts them. What follows depends on the policy: the event is " +
      "lost, or kept and tried again, so that one event can be refused many times.",
  },
  {
    word: "congested",
    also: ["latched"],
    meaning:
      "The state of a socket after it refused a message: it refuses every further one, however small, until the program " +
      "has emptied the queue.",
  },
  {
    word: "ENOBUFS",
    also: [],
    meaning:
      "The error that a program gets from its next read after its socket refused a message: something is missing. " +
      "With NETLINK_NO_ENOBUFS it is not told.",
  },
  {
    word: "policy",
    also: ["reliable", "broadcast-error", "no-enobufs", "lossy"],
    meaning:
      "The two options that a program sets on its socket. NETLINK_BROADCAST_ERROR makes the kernel keep an event that was " +
      "refused; NETLINK_NO_ENOBUFS stops the error about it. `reliable` sets both, as conntrackd does, `broadcast-error` " +
      "the first, `no-enobufs` the second, `lossy` neither.",
  },
  {
    word: "dying list",
    also: ["dying"],
    meaning:
      "Entries that are dead, and that the kernel keeps because their DESTROY was refused by a socket with " +
      "NETLINK_BROADCAST_ERROR. They carry no traffic and still count against nf_conntrack_max until it is delivered.",
  },
  {
    word: "resend",
    also: ["redelivery", "grace", "grace window"],
    meaning:
      "Another attempt to deliver the DESTROY of an entry on the dying list. Up to Linux 3.16 each entry waits a random " +
      "time below nf_conntrack_events_retry_timeout, the grace window; later kernels have a worker that goes over the list.",
  },
  {
    word: "merged",
    also: [],
    meaning:
      "An event that was refused and then reached the program inside a later message of the same entry: nothing is " +
      "missing, but there was one message where there would have been two.",
  },
  {
    word: "pending",
    also: [],
    meaning:
      "An event that the kernel still held for another attempt when the run ended: neither delivered nor lost yet.",
  },
  {
    word: "lost",
    also: [],
    meaning: "An event that was refused and that the kernel did not keep. The program will never see it.",
  },
  {
    word: "flush",
    also: ["conntrack"],
    meaning:
      "Every entry of the table deleted at once, as `conntrack -F` does: as many DESTROY events as there are entries.",
  },
  {
    word: "expired",
    also: ["gc"],
    meaning:
      "An entry whose timeout is over. From Linux 4.9 on no timer removes it but a worker, the gc, which walks over the table " +
      "every few seconds to two minutes and finds many at once: as many DESTROY. Until then it counts against nf_conntrack_max.",
  },
  {
    word: "drop",
    also: ["table full", "insert_failed", "insert failed"],
    meaning:
      "In `conntrack -S`, drop counts packets that were dropped because the table was full and early drop freed nothing; " +
      "insert_failed those whose entry could not be put into its bucket, where another had its tuple or, from 5.15 on, the " +
      "chain was too long.",
  },
  {
    word: "early drop",
    also: ["early_drop"],
    meaning:
      "What the kernel tries when the table is full and a new connection comes: to delete an entry that is not ASSURED. " +
      "Where it finds none that it can free, the packet is dropped.",
  },
  {
    word: "resync",
    also: ["stale"],
    meaning:
      "After an ENOBUFS a program can read the kernel's whole table and correct its own by it. Until then its table has " +
      "stale entries: connections that it believes alive and that are gone.",
  },
  {
    word: "very few",
    also: [],
    meaning:
      "How the commit that brought reliable delivery describes the dying entries that it saw while its stress test ran and " +
      "the reader kept up.",
  },
];

/** Null: no such word. */
export function termFor(word: string): Term | null {
  const wanted = word.toLowerCase();
  return GLOSSARY.find((term) => [term.word.toLowerCase(), ...term.also].includes(wanted)) ?? null;
}
