import assert from "node:assert/strict";
import { test } from "node:test";
import { adviceFor } from "../../../src/render/text/advice.js";
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

/** A flush that the reader had caught up with before: nothing but the flush is refused. */
function flushOnly(change: (report: Report) => void = () => {}): Report {
  return sampleReport((report) => {
    firstListener(report).slowFrom = "flush";
    for (const type of ["new", "update"] as const) {
      report.events[type] = { ...report.events[type], delivered: 20_000, merged: 0, refused: 0 };
    }
    report.dying.peakDuringFlood = 0;
    change(report);
  });
}

const SENTENCES: readonly { rule: string; report: Report; says: RegExp; advises: RegExp }[] = [
  {
    rule: "a reliable run that lost nothing says how many were resent and when the list was empty",
    report: sampleReport(),
    says: /^Every DESTROY arrived: 19,971 of them needed a resend, and the dying list was empty 52\.2 s after the flush/,
    advises: /^--reader 10us the reader, not the buffer, is the limit here/,
  },
  {
    rule: "few dying entries under load are the commit's very few",
    report: sampleReport(),
    says: /under load at most 12 of 20,000 waited — the commit's "very few"/,
    advises: /./,
  },
  {
    rule: "many dying entries under load are said",
    report: sampleReport((report) => {
      report.dying.peakDuringFlood = 9000;
    }),
    says: /even under load up to 9,000 of 20,000 waited/,
    advises: /./,
  },
  {
    rule: "merged NEW and UPDATE are told in a second sentence",
    report: sampleReport(),
    says: / 34,998 NEW and UPDATE went with a later message\.$/,
    advises: /./,
  },
  {
    rule: "a lossy run says what never arrived and what the daemon believes",
    report: lossyReport(),
    says: /^75 % of DESTROY never arrived and the daemon still believes in 3,141 dead entries\. 87\.4 % of NEW/,
    advises: /^--policy reliable /,
  },
  {
    rule: "a resync that repaired a lossy run is named",
    report: changed(lossyReport(), (report) => {
      Object.assign(report.daemon, { stale: 0, resyncs: 3, inSync: true });
    }),
    says: /never arrived; the daemon is right again only because it asked for the whole table/,
    advises: /^--policy reliable /,
  },
  {
    rule: "a loss under reliable delivery is called one",
    report: sampleReport((report) => {
      Object.assign(report.events.destroy, { delivered: 19_990, lost: 10 });
    }),
    says: /^<0\.1 % of DESTROY never arrived although the listener asked for reliable delivery/,
    advises: /./,
  },
  {
    rule: "a socket that was closed is the reason why nobody saw the rest",
    report: sampleReport((report) => {
      firstListener(report).closesAfterFlushNanoseconds = 5e9;
      Object.assign(report.events.destroy, { delivered: 15_000, lost: 5000 });
    }),
    says: /^When the reader closed its socket, the kernel let go of 5,000 entries/,
    advises: /^--reader .* less would be left when the socket closes/,
  },
  {
    rule: "a full table outweighs any event",
    report: tableFullReport(),
    says: /^The table was full: 3,616 packets were dropped — dying entries count too, and up to 4,087 of its 4,096 places/,
    advises: /^--nf-conntrack-max 32768 /,
  },
  {
    rule: "a table full of live entries does not blame the dying ones",
    report: changed(tableFullReport(), (report) => {
      report.dying.peak = 3;
    }),
    says: /its 4,096 places taken by live entries/,
    advises: /^--nf-conntrack-max 32768 /,
  },
  {
    rule: "a reader that stopped holds its entries for ever",
    report: heldReaderReport(),
    says: /^The reader stopped at the flush, and 19,971 entries wait on the dying list for as long as its socket stays open/,
    advises: /^--policy lossy /,
  },
  {
    rule: "a run that its limit ended says how many were left, and how long it would have taken",
    report: limitReport(),
    says: /^Still 1,234 entries on the dying list when the limit of 30 s ended the run/,
    advises: /^--limit 50s /,
  },
  {
    rule: "a list that hardly moved needs another reader, not more time",
    report: changed(limitReport(), (report) => {
      report.dying.final = report.dying.afterFlush! - 1;
    }),
    says: /^Still 19,970 entries/,
    advises: /^--reader .* hardly moved/,
  },
  {
    rule: "an interrupted run speaks of so far, and never of its limit",
    report: interruptedReport(),
    says: /^So far 93\.8 % of DESTROY arrived, and 40 entries are still on the dying list/,
    advises: /^--connections 2000 /,
  },
  {
    rule: "no connections, no event",
    report: emptyReport(),
    says: /^No connection was asked for, so there was no event to deliver\.$/,
    advises: /^--connections 20k /,
  },
  {
    rule: "without a flush and without a death no DESTROY was put to the test",
    report: sampleReport((report) => {
      report.flush = null;
      report.scenario.flush = false;
      Object.assign(report.events.destroy, { raised: 0, delivered: 0 });
      Object.assign(report.dying, { peak: 0, final: 0, emptyAfterFlushSeconds: null });
      report.table.active = 20_000;
    }),
    says: /^No entry died: 20,000 are still alive at the end/,
    advises: /^without --no-flush /,
  },
  {
    rule: "without a flush, deaths by timeout are told without it",
    report: sampleReport((report) => {
      report.flush = null;
      report.scenario.flush = false;
      report.dying.emptyAfterFlushSeconds = null;
    }),
    says: /and nothing is left on the dying list/,
    advises: /./,
  },
  {
    rule: "entries that the daemon does not know are told in a second sentence",
    report: sampleReport((report) => {
      report.daemon.missing = 7;
    }),
    says: / The daemon does not know 7 entries that are alive\.$/,
    advises: /./,
  },
  {
    rule: "where nothing was refused a slower reader is the next thing to try",
    report: quietWatersReport(),
    says: /^Every DESTROY arrived at the first attempt, and no entry ever waited on the dying list\.$/,
    advises: /^--reader 200us nothing was refused/,
  },
  {
    rule: "a lossy run in which nothing was lost owes it to the reader",
    report: changed(quietWatersReport(), (report) => {
      firstListener(report).policy = "lossy";
    }),
    says: /^Every DESTROY arrived, but none would have been sent again: this reader kept up\.$/,
    advises: /^--reader /,
  },
  {
    rule: "a flush that the grace window spreads needs a shorter window",
    report: flushOnly((report) => {
      firstListener(report).serviceNanoseconds = 10_000;
      report.dying.emptyAfterFlushSeconds = 17.4;
    }),
    says: /^Every DESTROY arrived/,
    advises: /^--grace-max 1s resends are spread over 15 s/,
  },
  {
    rule: "a flush that the reader cannot take in time needs a faster reader",
    report: flushOnly((report) => {
      report.dying.emptyAfterFlushSeconds = 5;
    }),
    says: /^Every DESTROY arrived/,
    advises: /^--reader 50us the reader, not the buffer, is the limit here/,
  },
  {
    rule: "a flush that a permitted buffer can hold needs that buffer",
    report: flushOnly((report) => {
      Object.assign(report.flush ?? {}, { entries: 200 });
      Object.assign(report.dying, { afterFlush: 190, peak: 192, emptyAfterFlushSeconds: 15.1 });
    }),
    says: /^Every DESTROY arrived/,
    advises: /^--buffer 64k all 200 events of the flush would fit/,
  },
  {
    rule: "a worker that stops at the first refusal needs a bigger buffer",
    report: workerReport(),
    says: /^Every DESTROY arrived: 19,971 of them needed a resend, and the dying list was empty 12 min 5 s after the flush\.$/,
    advises: /^--buffer 208k the worker stops at the first refusal/,
  },
  {
    rule: "a worker that ends after one entry needs the release that mended it",
    report: changed(workerReport(), (report) => {
      report.kernel.release = "6.1";
      report.scenario.kernel = "6.1";
    }),
    says: /^Every DESTROY arrived/,
    advises: /^--kernel 6\.18\.40 the worker of this release ends each of its runs after one entry/,
  },
  {
    rule: "an exponential reader stays exponential",
    report: sampleReport((report) => {
      firstListener(report).serviceDistribution = "exponential";
    }),
    says: /./,
    advises: /^--reader 10us,exponential the reader, not the buffer/,
  },
  {
    rule: "a run of the longest virtual time is not told to be longer",
    report: changed(limitReport(), (report) => {
      report.scenario.limitSeconds = 104 * 86_400;
    }),
    says: /^Still 1,234 entries/,
    advises: /^--(?!limit )/,
  },
  {
    rule: "the largest table is not told to be larger",
    report: changed(tableFullReport(), (report) => {
      report.table.max = 2 ** 24;
    }),
    says: /^The table was full/,
    advises: /^--(?!nf-conntrack-max )/,
  },
  {
    rule: "a socket that one refusal shuts needs NO_ENOBUFS, where neither reader nor retries take long",
    report: sampleReport((report) => {
      report.flush = null;
      report.dying.emptyAfterFlushSeconds = null;
      firstListener(report).serviceNanoseconds = 1000;
      firstListener(report).policy = "broadcast-error";
      report.socket.congestions = 88;
    }),
    says: /^Every DESTROY arrived/,
    advises: /^--policy reliable without NETLINK_NO_ENOBUFS/,
  },
  {
    rule: "a reader that cannot be faster needs a smaller load",
    report: sampleReport((report) => {
      firstListener(report).serviceNanoseconds = 0;
      report.scenario.costs.recvNanoseconds = 50_000;
    }),
    says: /^Every DESTROY arrived/,
    advises: /^--rate 5000\/s the reader cannot be faster/,
  },
];

for (const { rule, report, says, advises } of SENTENCES) {
  test(rule, () => {
    assert.match(meaningOf(report), says);
    const { flag, reason } = adviceFor(report);
    assert.match(`${flag} ${reason}`, advises);
  });
}
