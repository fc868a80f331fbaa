/** struct sockaddr_in and sockaddr_in6 as bytes: family, port and address of one end of a connection. */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

export function socketAddress(address: number, port: number): Buffer {
  const buffer = Buffer.alloc(SOCKADDR_IN_BYTES);
  buffer.writeUInt16LE(AF_INET, 0);
  buffer.writeUInt16BE(port, 2);
  buffer.writeUInt32BE(address, 4);
  return buffer;
}

/** `address`: 16 bytes. The port is 0, as raw sockets want it. */
export function socketAddress6(address: Uint8Array): Buffer {
  const buffer = Buffer.alloc(SOCKADDR_IN6_BYTES);
  buffer.writeUInt16LE(AF_INET6, 0);
  buffer.set(address, 8);
  return buffer;
}
