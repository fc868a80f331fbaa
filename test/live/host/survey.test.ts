import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveImpossibleError } from "../../../src/live/host/impossible.js";
import { countersIn, readingOf, sampleOf, surveyOf } from "../../../src/live/host/survey.js";
import { CONNTRACKD, CONTAINER, exampleSource, NODE, OPENWRT, ROUTER, ROUTER_AS_NOBODY } from "../example-hosts.js";

test("as root every listener of conntrack's events has its process, and no other netfilter socket is one", () => {
  const facts = surveyOf(exampleSource(ROUTER));
  assert.deepEqual(
    facts.listeners.map(({ holder, groups, rcvbufBytes, drops }) => ({ holder, groups, rcvbufBytes, drops })),
    [
      {
        holder: { pid: 812, name: "conntrackd" },
        groups: ["new", "update", "destroy"],
        rcvbufBytes: 4_194_304,
        drops: 12,
      },
    ],
  );
  assert.equal(facts.namespace, "net:[4026531840]");
  assert.deepEqual(facts.unread, []);
});

test("the counters of all CPUs are one sum each, from hexadecimal", () => {
  assert.deepEqual(surveyOf(exampleSource(ROUTER)).table?.counters, { drop: 11, earlyDrop: 17, insertFailed: 3 });
});

test("counters whose columns are not known are not told", () => {
  assert.equal(countersIn("entries drop\n00000001 00000001\n"), null);
  assert.equal(countersIn("entries drop early_drop insert_failed\n"), null);
  assert.equal(countersIn(null), null);
});

test("without root a listener keeps its figures, and whose it is, is named as not read, with the pid of its port as a hint", () => {
  const { listeners, unread } = surveyOf(exampleSource(ROUTER_AS_NOBODY));
  const [listener] = listeners;
  assert.equal(listener?.holder, null);
  assert.equal(listener?.hidden, "denied");
  assert.equal(listener?.portidName, "conntrackd");
  assert.equal(listener?.rcvbufBytes, 4_194_304);
  assert.match(unread.join("\n"), /only as root/);
});

test("a socket that no visible process holds is said to be elsewhere, not to need root", () => {
  const source = exampleSource({ ...ROUTER, processes: { 1: { name: "sh", sockets: [] } } });
  const { listeners, unread } = surveyOf(source);
  assert.equal(listeners[0]?.hidden, "unseen");
  assert.match(unread.join("\n"), /another pid namespace/);
});

test("without sock_diag the rows of /proc/net/netlink do, and buffers are named as not read", () => {
  const { listeners, unread, openWrt } = surveyOf(exampleSource(OPENWRT));
  assert.equal(openWrt, true);
  assert.deepEqual(listeners[0]?.groups, ["new", "destroy"]);
  assert.equal(listeners[0]?.drops, 997);
  assert.equal(listeners[0]?.rcvbufBytes, null);
  assert.match(unread.join("\n"), /NETLINK_SOCK_DIAG/);
});

test("where conntrack has no files the namespace that was looked at is named", () => {
  const { table, unread } = surveyOf(exampleSource(CONTAINER));
  assert.equal(table, null);
  assert.match(unread.join("\n"), /no files in net:\[4026531840\]/);
  assert.match(unread.join("\n"), /rmem_max is not there/);
});

test("a name that hides the level of the kernel brings its sentence along", () => {
  assert.match(surveyOf(exampleSource(NODE)).kernel.note ?? "", /Ubuntu's name hides the level/);
});

test("no Linux and no /proc are impossible, and not a mistake", () => {
  const elsewhere = exampleSource({ ...ROUTER, system: "Darwin" });
  assert.throws(() => surveyOf(elsewhere), LiveImpossibleError);
  assert.throws(() => surveyOf({ ...exampleSource(ROUTER), text: () => null }), LiveImpossibleError);
});

test("drops per second are a difference over time; of a socket that closed, or a counter that went back, none are told", () => {
  const source = exampleSource(ROUTER);
  const { listeners } = surveyOf(source);
  const before = readingOf(source);
  const after = readingOf(exampleSource({ ...ROUTER, sockets: [{ ...CONNTRACKD, drops: 62 }] }));
  assert.deepEqual(sampleOf(before, after, listeners, 2).listenerDropsPerSecond, [25]);
  assert.equal(sampleOf(before, after, listeners, 2).dropPerSecond, 0);
  const closed = readingOf(exampleSource({ ...ROUTER, sockets: [] }));
  assert.deepEqual(sampleOf(before, closed, listeners, 2).listenerDropsPerSecond, [null]);
  assert.deepEqual(sampleOf(after, before, listeners, 2).listenerDropsPerSecond, [null]);
});
