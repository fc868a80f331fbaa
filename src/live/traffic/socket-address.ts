/** struct sockaddr_in as bytes: family, port and address of one end of a connection of IPv4. */
export const AF_INET = 2;
export const SOCKADDR_IN_BYTES = 16;

export function socketAddress(address: number, port: number): Buffer {
  const buffer = Buffer.alloc(SOCKADDR_IN_BYTES);
  buffer.writeUInt16LE(AF_INET, 0);
  buffer.writeUInt16BE(port, 2);
  buffer.writeUInt32BE(address, 4);
  return buffer;
}
