import assert from "node:assert/strict";
import { test } from "node:test";
import { asConntrackd, conntrackdConfiguration, conntrackdStatistics } from "../../../src/live/readers/conntrackd.js";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import type { Policy } from "../../../src/scenario/scenario.js";

const reader = (policy: Policy) =>
  asConntrackd(
    resolveScenario("flush", { listeners: [{ bufferBytes: 2048, policy, serviceNanoseconds: 5000 }] }).listeners[0]!,
  );

test("conntrackd is as fast as it is, from the start, and reliable where the scenario asks for NETLINK_BROADCAST_ERROR", () => {
  for (const [policy, becomes] of [
    ["broadcast-error", "reliable"],
    ["reliable", "reliable"],
    ["no-enobufs", "lossy"],
    ["lossy", "lossy"],
  ] as const) {
    const { serviceNanoseconds, slowFrom, smallFrom, ...rest } = reader(policy);
    assert.deepEqual([rest.policy, serviceNanoseconds, slowFrom, smallFrom], [becomes, 0, "start", "start"]);
  }
});

test("its configuration has the buffer, the limit of its growth and the policy, and its files in one folder", () => {
  const text = conntrackdConfiguration(
    { ...reader("reliable"), bufferMaxBytes: 8192, resyncAfterNanoseconds: 3e10 },
    "/memory",
  );
  assert.match(text, /NetlinkBufferSize 4096\n/);
  assert.match(text, /NetlinkBufferSizeMaxGrowth 16384\n/);
  assert.match(text, /NetlinkEventsReliable On\n {2}NetlinkOverrunResync 30\n/);
  assert.match(text, /LockFile \/memory\/lock\n[^}]*Path \/memory\/control\n/);
  assert.match(conntrackdConfiguration(reader("lossy"), "/memory"), /MaxGrowth 4096\n.*Reliable Off\n/s);
});

test("its statistics are read as it prints them", () => {
  const text = `cache stats:
current active connections:\t           7
connections created:\t\t         172\tfailed:\t           3
connections updated:\t\t          11\tfailed:\t           0
connections destroyed:\t\t         165\tfailed:\t           0

netlink stats:
\tevents received:\t                 675
\tevents filtered:\t                   0
\tnetlink overrun:\t\t           2
\tresync with kernel table:\t           1
\tcurrent buffer size (in bytes):\t        2304
`;
  assert.deepEqual(conntrackdStatistics(text), {
    active: 7,
    created: 172,
    updated: 11,
    destroyed: 165,
    eventsReceived: 675,
    overruns: 2,
    resyncs: 1,
    bufferBytes: 2304,
  });
});
