/**
 * Addresses and ports of a conversation, which the model knows as a number alone. They are those of live mode on
 * loopback: one client talks to as many addresses as there are conversations. More than 2^24 of them take the next port
 * of the client.
 */

import { addressOf, LOCALHOST, MOST_TUPLES, tupleOf } from "../live/host/loopback-address.js";
import type { Family, Protocol } from "../scenario/scenario.js";
import type { EventTuple } from "../wire/conntrack-event.js";

const CLIENT_PORT = 40_000;
const SERVER_PORT = 40_001;
/** ICMP's type of a request and of its reply, by family. */
const ECHO: Record<Family, readonly [number, number]> = { ipv4: [8, 0], ipv6: [128, 129] };

/** Both directions of a conversation. */
export function tuplesOf(
  conversation: number,
  protocol: Protocol,
  family: Family,
): { original: EventTuple; reply: EventTuple } {
  const host = conversation % MOST_TUPLES;
  const turn = Math.floor(conversation / MOST_TUPLES);
  const client = family === "ipv4" ? ipv4(LOCALHOST) : ipv6(1, 0);
  const server = family === "ipv4" ? ipv4(addressOf(host)) : ipv6(2, host);
  const [request, answer] = ECHO[family];
  const ports = protocol === "icmp" ? [0, 0] : [CLIENT_PORT + 2 * turn, SERVER_PORT];
  const icmpId = protocol === "icmp" ? 1 + turn : 0;
  const tuple = (source: Uint8Array, destination: Uint8Array, [from, to]: number[], icmpType: number) => ({
    source,
    destination,
    sourcePort: from!,
    destinationPort: to!,
    icmpType: protocol === "icmp" ? icmpType : 0,
    icmpCode: 0,
    icmpId,
  });
  return {
    original: tuple(client, server, ports, request),
    reply: tuple(server, client, ports.toReversed(), answer),
  };
}

/** The conversation that goes to an IPv4 address, or null. */
export function conversationOf(address: string): number | null {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || !/^\d+(\.\d+){3}$/.test(address) || parts.some((part) => part > 255)) return null;
  const conversation = tupleOf(parts.reduce((sum, part) => sum * 256 + part, 0));
  return conversation >= 0 && conversation < MOST_TUPLES ? conversation : null;
}

function ipv4(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255);
}

/** fd00::side:host, of the range that no router forwards. */
function ipv6(side: number, host: number): Uint8Array {
  const address = new Uint8Array(16);
  address[0] = 0xfd;
  address[11] = side;
  address.set(ipv4(host), 12);
  return address;
}
