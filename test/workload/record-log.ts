/**
 * A program for a network namespace of its own: makes connections over its loopback while the real `conntrack -E`
 * writes its log to standard output. Arguments: the output options of conntrack. It refuses to run where it was not
 * given a namespace.
 */
import { spawn } from "node:child_process";
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { writeSysctl } from "../../src/live/host/kernel-files.js";
import { requireOwnNamespace } from "../../src/live/host/namespace.js";
import { NETLINK_NETFILTER, NETLINK_ROUTE, RequestSocket } from "../../src/live/host/netlink-socket.js";
import { loadSystemCalls } from "../../src/live/host/system-calls.js";
import { flushRequest } from "../../src/wire/conntrack-requests.js";
import { linkUpRequest } from "../../src/wire/link-message.js";
import { TRACKING_RULE_REQUESTS, trackingRuleBatch } from "../../src/wire/tracking-rule.js";

const UDP = 40;
const TCP = 15;
const HOST = "127.0.0.1";

const calls = await loadSystemCalls();
calls.dieWithParent();
requireOwnNamespace();
const route = new RequestSocket(calls, NETLINK_ROUTE);
route.request(linkUpRequest(route.nextSequence()), "loopback up");
const requests = new RequestSocket(calls, NETLINK_NETFILTER);
requests.request(trackingRuleBatch(requests.nextSequence(TRACKING_RULE_REQUESTS)), "a rule", TRACKING_RULE_REQUESTS);
writeSysctl("udp_timeout", 1);

/** An entry from before the log. */
await datagram(9);
const conntrack = spawn("conntrack", ["-E", "-o", process.argv[2]!], { stdio: ["ignore", "inherit", "ignore"] });
await once(conntrack, "spawn");
await sleep(500);
for (let made = 0; made < UDP; made++) await datagram(20_000 + made);
const server = net.createServer((socket) => socket.on("data", () => socket.end("an answer"))).listen(0, HOST);
await once(server, "listening");
for (let made = 0; made < TCP; made++) {
  const client = net.connect((server.address() as net.AddressInfo).port, HOST, () => client.write("a question"));
  client.resume();
  await once(client, "close");
}
server.close();
// The gc of the kernel may take its time with the datagrams.
await sleep(2_500);
requests.request(flushRequest(requests.nextSequence(), false), "flush");
await sleep(300);
conntrack.kill("SIGINT");
await once(conntrack, "exit");

async function datagram(port: number): Promise<void> {
  const socket = dgram.createSocket("udp4");
  await new Promise((done) => socket.send("a question", port, HOST, done));
  socket.close();
}
