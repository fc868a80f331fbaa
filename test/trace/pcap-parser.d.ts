declare module "pcap-parser" {
  interface Packet {
    header: { timestampSeconds: number; timestampMicroseconds: number; capturedLength: number };
    data: Buffer;
  }
  interface Parser {
    on(event: "packet", listener: (packet: Packet) => void): void;
    on(event: "end", listener: () => void): void;
    on(event: "error", listener: (error: Error) => void): void;
  }
  const pcapParser: { parse(stream: NodeJS.ReadableStream): Parser };
  export default pcapParser;
}
