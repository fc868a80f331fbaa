import assert from "node:assert/strict";
import { test } from "node:test";
import { meaningOf } from "../../../src/render/text/meaning.js";
import type { Report } from "../../../src/report/report.js";
import {
  emptyReport,
  firstListener,
  heldReaderReport,
  interruptedReport,
  limitReport,
  lossyReport,
  quietWatersReport,
  sampleReport,
  tableFullReport,
  workerReport,
} from "../../report/sample.js";

function changed(report: Report, change: (report: Report) => void): Report {
  change(report);
  return report;
}

const SENTENCES: readonly { rule: string; report: Report; says: RegExp }[] = [
  {
    rule: "a reliable run that lost nothing says how many were resent and when the list was empty",
    report: sampleReport(),
    says: /^Every DESTROY arrived: 19,971 of them needed a resend, and the dying list was empty 52\.2 s after the flush/,
  },
  {
    rule: "where a rule that the kernel's name may hide makes it worse, the headline says so at once",
    report: sampleReport((report) => {
      const worse = { figure: "destroyNotArrived" as const, before: 0, after: 36_019 };
      report.hiddenRules = {
        tried: [{ flags: "--gc pass-120s", helps: false, better: [], worse: [worse] }],
        unfinished: [],
      };
    }),
    says: /^Every DESTROY arrived: [^.]+52\.2 s after the flush[^.]+\. That is said of what [\d.]+ is taken for; .+worse/,
  },
  {
    rule: "many dying entries under load are said",
    report: sampleReport((report) => {
      report.dying.peakDuringFlood = 9000;
    }),
    says: /even under load up to 9,000 of 20,000 waited/,
  },
  {
    rule: "merged NEW and UPDATE are told in a second sentence",
    report: sampleReport(),
    says: / 34,998 NEW and UPDATE went inside a later message: of NEW [\d.]+ % in the DESTROY\.$/,
  },
  {
    rule: "a lossy run says what never arrived and what the daemon believes",
    report: lossyReport(),
    says: /^75 % of DESTROY never arrived and the daemon still believes in 3,141 dead entries\. 87\.4 % of NEW/,
  },
  {
    rule: "a resync that repaired a lossy run is named",
    report: changed(lossyReport(), (report) => {
      Object.assign(report.daemon, { stale: 0, resyncs: 3, inSync: true });
    }),
    says: /never arrived; the daemon asked for the whole table 3 times and believes in no dead entry/,
  },
  {
    rule: "a loss under reliable delivery is called one",
    report: sampleReport((report) => {
      Object.assign(report.events.destroy, { delivered: 19_990, lost: 10 });
    }),
    says: /^<0\.1 % of DESTROY never arrived although the listener asked for reliable delivery/,
  },
  {
    rule: "a socket that was closed is the reason why nobody saw the rest",
    report: sampleReport((report) => {
      firstListener(report).closesAfterFlushNanoseconds = 5e9;
      Object.assign(report.events.destroy, { delivered: 15_000, lost: 5000 });
    }),
    says: /^5,000 DESTROY are lost\. The reader closed its socket, and what it did not have then is not sent again/,
  },
  {
    rule: "a full table outweighs any event",
    report: tableFullReport(),
    says: /^The table was full: 3,616 packets were dropped\. When that began, it held 65 entries alive and 4,031 on the dying list\./,
  },
  {
    rule: "a table full of expired entries says that the gc had not met them, and does not call them alive",
    report: changed(tableFullReport(), (report) => {
      report.table.full = { atSeconds: 1, alive: 1996, expired: 2100, dying: 0 };
    }),
    says: /it held 1,996 entries alive, 2,100 expired that the gc had not met yet and 0 on the dying list\./,
  },
  {
    rule: "SYNs that reopen are not called a full table",
    report: sampleReport((report) => {
      report.table.drop = 270;
      report.table.dropped.reopening = 270;
    }),
    says: /^Every DESTROY arrived.* 270 SYNs were dropped that reopened a connection whose DESTROY had been refused\./,
  },
  {
    rule: "where the kernel does not tell why it dropped packets, no reason is given",
    report: sampleReport((report) => {
      report.table.drop = 12;
      report.table.dropped = { full: null, reopening: null, insertion: 0 };
    }),
    says: /^The kernel dropped 12 packets \(its counter drop\)\./,
  },
  {
    rule: "what lies unread in the socket has not arrived",
    report: sampleReport((report) => {
      Object.assign(report.events.destroy, { raised: 300, delivered: 1, unread: 299 });
    }),
    says: /^1 of 300 DESTROY arrived; 299 were in the socket and never read\./,
  },
  {
    rule: "a listener that did not ask for DESTROY is told so",
    report: sampleReport((report) => {
      Object.assign(report.events.destroy, { raised: 0, delivered: 0, notSubscribed: 20_000 });
    }),
    says: /^The listener did not ask for DESTROY, so none was sent to it\./,
  },
  {
    rule: "a reader that stopped holds its entries for ever",
    report: heldReaderReport(),
    says: /^The reader stopped at the flush, and 19,971 entries wait on the dying list for as long as its socket stays open/,
  },
  {
    rule: "a run that its limit ended says how many were left",
    report: limitReport(),
    says: /^When the run ended, 93\.8 % of DESTROY had arrived and 1,234 entries were still on the dying list\./,
  },
  {
    rule: "an interrupted run speaks of so far, and never of its limit",
    report: interruptedReport(),
    says: /^When the run ended, 93\.8 % of DESTROY had arrived and 40 entries were still on the dying list/,
  },
  {
    rule: "no connections, no event",
    report: emptyReport(),
    says: /^No connection was asked for, so there was no event to deliver\.$/,
  },
  {
    rule: "without a flush and without a death no DESTROY was put to the test",
    report: sampleReport((report) => {
      report.flush = null;
      report.scenario.flush = false;
      Object.assign(report.events.destroy, { raised: 0, delivered: 0 });
      Object.assign(report.dying, { peak: 0, final: 0, emptyAfterFlushSeconds: null });
      report.table.active = 20_000;
      report.table.destroyed = 0;
    }),
    says: /^No entry died: 20,000 are still alive at the end/,
  },
  {
    rule: "without a flush, deaths by timeout are told without it",
    report: sampleReport((report) => {
      report.flush = null;
      report.scenario.flush = false;
      report.dying.emptyAfterFlushSeconds = null;
    }),
    says: /and nothing is left on the dying list/,
  },
  {
    rule: "entries that the daemon does not know are told in a second sentence",
    report: sampleReport((report) => {
      report.daemon.missing = 7;
    }),
    says: / The daemon does not know 7 entries that are alive\. /,
  },
  {
    rule: "where nothing waited it is said",
    report: quietWatersReport(),
    says: /^Every DESTROY arrived at the first attempt, and no entry ever waited on the dying list\.$/,
  },
  {
    rule: "a lossy run in which nothing was refused says what its policy would have done",
    report: changed(quietWatersReport(), (report) => {
      firstListener(report).policy = "lossy";
    }),
    says: /^Every DESTROY arrived: nothing was refused\. With this policy, what is refused is lost\.$/,
  },
  {
    rule: "a worker that took long is told with its time",
    report: workerReport(),
    says: /^Every DESTROY arrived: 19,971 of them needed a resend, and the dying list was empty 12 min 5 s after the flush\./,
  },
  ...(
    [
      [null, null, null, /^How many of the entries that ended were in no dump is not known\./],
      [7, 3, null, /^3 of 10 entries that ended were in no dump \(30 %\); when the others ended is not known\./],
      [10, 0, null, /^Every one of 10 entries that ended was in a dump; when they ended is not known\./],
      [10, 0, 2, /^Every one of 10 entries that ended was in a dump; of each the last 2 s on average were not told/],
      [0, 10, null, /^10 of 10 entries that ended were in no dump \(100 %\)\./],
    ] as const
  ).map(([goneListed, goneUnlisted, meanUntoldSeconds, says]) => ({
    rule: `a poll says what it was told of: ${goneListed} listed, ${goneUnlisted} not, ${meanUntoldSeconds} s untold`,
    report: sampleReport((report) => {
      firstListener(report).poll = { everyNanoseconds: 5e9, withEvents: false };
      const made = { begun: 3, completed: 3, refused: 0, parts: 6, entries: 20, longestSeconds: 1, cpuSeconds: 1 };
      report.daemon.dumps = { ...made, goneListed, goneUnlisted, meanUntoldSeconds };
    }),
    says,
  })),
];

for (const { rule, report, says } of SENTENCES) {
  test(rule, () => {
    assert.match(meaningOf(report), says);
  });
}
