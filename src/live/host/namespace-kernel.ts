/**
 * The kernel of the namespace, made ready for a run: loopback up, conntrack awake, sysctls as the scenario says, the
 * table filled to a lower limit, the truesize of an event measured; and what the run asks of it later, the flush and
 * the counters. All of it by netlink and files below /proc, so that no other program is needed. It changes nothing
 * outside the namespace.
 */
import { sysctlOf } from "../../scenario/configurations/sysctl.js";
import type { Scenario, TimeoutKey } from "../../scenario/scenario.js";
import { classesOf } from "../../scenario/traffic.js";
import {
  type DumpedEntry,
  deleteRequest,
  fillerRequests,
  flushRequest,
  statisticsOf,
  statisticsRequest,
  type TableStatistics,
} from "../../wire/conntrack-requests.js";
import { linkUpRequest, localRouteRequest } from "../../wire/link-message.js";
import { TRACKING_RULE_REQUESTS, trackingRuleBatch } from "../../wire/tracking-rule.js";
import { readSocketRow, readSysctl, TableCount, writeSysctl } from "./kernel-files.js";
import { IPV6_PREFIX, IPV6_PREFIX_BITS } from "./loopback-address.js";
import { NETLINK_NETFILTER, NETLINK_ROUTE, openListener, RequestSocket } from "./netlink-socket.js";
import type { SystemCalls } from "./system-calls.js";
import { TableDumps } from "./table-dumps.js";

/** Fillers in one datagram. */
const FILLERS_AT_ONCE = 512;
/** Room for the one event of the measurement. */
const PROBE_BUFFER_BYTES = 65_536;
/** nf_conntrack_events: every flow has an event cache. */
const EVENTS_ON = 1;

export class NamespaceKernel {
  /** What one event charges a socket. */
  readonly truesizeBytes: number;
  private readonly calls: SystemCalls;
  private readonly requests: RequestSocket;
  private readonly table: TableCount;
  /** Entries that fill the table. */
  private fillers = 0;
  /** For dumps, which are read while entries are deleted; null: none was asked for. */
  private dumps: TableDumps | null = null;
  private readonly statisticsBefore: TableStatistics;

  /** `connectOnce` makes one connection, for the measurement of an event. */
  constructor(calls: SystemCalls, scenario: Scenario, connectOnce: () => void) {
    this.calls = calls;
    const route = new RequestSocket(calls, NETLINK_ROUTE);
    route.request(linkUpRequest(route.nextSequence()), "loopback up");
    if (classesOf(scenario).some(({ family }) => family === "ipv6")) {
      const request = localRouteRequest(route.nextSequence(), IPV6_PREFIX, IPV6_PREFIX_BITS);
      route.request(request, "addresses of IPv6");
    }
    route.close();
    this.requests = new RequestSocket(calls, NETLINK_NETFILTER);
    const rule = trackingRuleBatch(this.requests.nextSequence(TRACKING_RULE_REQUESTS));
    this.requests.request(rule, "a rule that needs conntrack", TRACKING_RULE_REQUESTS);
    this.table = new TableCount();
    this.configure(scenario);
    this.truesizeBytes = this.measureTruesize(connectOnce);
    // From here on, so that the measurement has its event.
    writeSysctl("events", scenario.nfConntrackEvents);
    this.fillers = Math.max(0, (readSysctl("max") ?? 0) - scenario.nfConntrackMax);
    this.fill();
    this.statisticsBefore = this.readStatistics();
  }

  /** Entries of the scenario's connections, alive or dying. */
  count(): number {
    return this.table.read() - this.fillers;
  }

  /** Whether entries without traffic fill the table, which a dump and a flush leave out. */
  get hasFillers(): boolean {
    return this.fillers > 0;
  }

  /** conntrack -F: returns when the kernel is done. */
  flush(): void {
    this.requests.request(flushRequest(this.requests.nextSequence(), this.fillers > 0), "flush");
  }

  /** The table as a dump tells it, a part at a time. */
  dump(): Generator<DumpedEntry[], void> {
    this.dumps ??= new TableDumps(this.calls);
    return this.dumps.parts(this.fillers > 0);
  }

  /** Deletes one entry of a dump. False: it is gone already. */
  delete(entry: DumpedEntry): boolean {
    return this.requests.requestOfExisting(deleteRequest(this.requests.nextSequence(), entry), "delete");
  }

  /** What was counted since the run began. */
  statistics(): TableStatistics {
    const { drop, earlyDrop, insertFailed } = this.readStatistics();
    const before = this.statisticsBefore;
    return {
      drop: drop - before.drop,
      earlyDrop: earlyDrop - before.earlyDrop,
      insertFailed: insertFailed - before.insertFailed,
    };
  }

  private readStatistics(): TableStatistics {
    return statisticsOf(this.requests.dump(statisticsRequest(this.requests.nextSequence()), "statistics"));
  }

  private configure({ timeoutsSeconds, kernelConfig }: Scenario): void {
    writeSysctl("events", EVENTS_ON);
    writeSysctl("acct", kernelConfig.acct ? 1 : 0);
    writeSysctl("timestamp", kernelConfig.timestamp ? 1 : 0);
    for (const [key, seconds] of Object.entries(timeoutsSeconds)) {
      const name = sysctlOf(key as TimeoutKey);
      if (name !== null) writeSysctl(name, seconds);
    }
  }

  /** One connection, flushed into a socket that is never read. */
  private measureTruesize(connectOnce: () => void): number {
    const { fd, portid } = openListener(this.calls, PROBE_BUFFER_BYTES, "lossy", ["destroy"]);
    connectOnce();
    this.flush();
    const rmem = readSocketRow(portid)?.rmemBytes ?? 0;
    this.calls.close(fd);
    if (rmem === 0) throw new Error("no event arrived in a namespace of its own");
    return rmem;
  }

  /** nf_conntrack_max is of the whole machine: entries without traffic leave the room that the scenario wants. */
  private fill(): void {
    for (let made = 0; made < this.fillers; ) {
      const end = Math.min(this.fillers, made + FILLERS_AT_ONCE);
      const requests = fillerRequests(made, end, this.requests.nextSequence(end - made));
      this.requests.request(requests, "entries that fill the table");
      made = end;
    }
  }
}
