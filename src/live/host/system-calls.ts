/**
 * The system calls that Node does not have, through koffi: netlink and raw datagram sockets, sendmmsg, poll, prctl, the
 * CPUs of a thread. One thin function each; a call that fails throws with its errno, but for those of the hot paths,
 * which answer a negative errno. Loading it is what needs the optional package, so nothing but live mode imports this
 * file.
 *
 * Structures are laid out for 64-bit little-endian Linux; live mode refuses every other machine before it comes here.
 */
import { constants } from "node:os";
import { LiveImpossibleError } from "./impossible.js";

export const { EPERM, ENOBUFS, ENOENT } = constants.errno;

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const PR_SET_PDEATHSIG = 1;
const PR_SET_TIMERSLACK = 29;
const SIGKILL = 9;
export const MSG_DONTWAIT = 0x40;
const CLOCK_THREAD_CPUTIME_ID = 3;
const POLLIN = 1;

export class SystemCallError extends Error {
  readonly errno: number;

  constructor(call: string, errno: number) {
    const name = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
    super(`${call}: ${name}`);
    this.errno = errno;
  }
}

export interface SystemCalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer): void;
  connect(fd: number, address: Buffer): void;
  listen(fd: number, backlog: number): void;
  accept(fd: number): number;
  close(fd: number): void;
  getsockname(fd: number, bytes: number): Buffer;
  setsockopt(fd: number, level: number, option: number, value: number): void;
  /** What SO_RCVBUF made of a request. */
  setRcvbuf(fd: number, bytes: number): number;
  send(fd: number, data: Buffer): void;
  /** Bytes sent, or a negative errno. */
  sendTo(fd: number, data: Buffer, address: Buffer): number;
  /** Bytes received, or a negative errno. */
  recv(fd: number, into: Buffer, flags: number): number;
  /** Headers sent, or a negative errno. */
  sendmmsg(fd: number, headers: Buffer, count: number): number;
  /** Waits until the descriptor is readable, an error is pending or the time is up. */
  poll(fd: number, milliseconds: number): void;
  /** The address of a buffer, for pointers inside of structures. The caller keeps the buffer. */
  addressOf(buffer: Buffer): bigint;
  /** What the CPUs have worked for this thread so far. */
  threadCpuNanoseconds(): number;
  /** This process dies when the thread that started it does. */
  dieWithParent(): void;
  /** Sleeps of this thread end when they should. */
  sharpenTimers(): void;
  /** A file system in memory over a folder, for the processes of this mount namespace alone. */
  mountMemory(folder: string): void;
  /** CPUs that this thread may use. */
  allowedCpus(): number[];
  /** This thread, and the processes that it starts from now on, use these CPUs alone. */
  pinTo(cpus: readonly number[]): void;
}

/** @throws LiveImpossibleError when koffi is not installed, or has no binary for this machine */
export async function loadSystemCalls(): Promise<SystemCalls> {
  const { default: koffi } = await import("koffi").catch((error: Error) => {
    throw new LiveImpossibleError(
      `live mode needs the optional package koffi, which cannot be loaded (${error.message.split("\n")[0]}): npm install koffi`,
    );
  });
  const library = koffi.load(null);
  const bound = (signature: string) => {
    const call = library.func(signature);
    const name = /(\w+)\(/.exec(signature)![1]!;
    return (...values: unknown[]): number => {
      const result = Number(call(...values));
      if (result < 0) throw new SystemCallError(name, koffi.errno());
      return result;
    };
  };
  const socket = bound("int socket(int domain, int type, int protocol)");
  const bind = bound("int bind(int fd, const void *address, uint32_t bytes)");
  const connect = bound("int connect(int fd, const void *address, uint32_t bytes)");
  const listen = bound("int listen(int fd, int backlog)");
  const accept = bound("int accept4(int fd, void *address, void *bytes, int flags)");
  const close = bound("int close(int fd)");
  const getsockname = bound("int getsockname(int fd, void *address, void *bytes)");
  const setsockopt = bound("int setsockopt(int fd, int level, int option, const void *value, uint32_t bytes)");
  const getsockopt = bound("int getsockopt(int fd, int level, int option, void *value, void *bytes)");
  const send = bound("intptr_t send(int fd, const void *data, size_t bytes, int flags)");
  const prctl = bound("int prctl(int option, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)");
  const getAffinity = bound("int sched_getaffinity(int pid, size_t bytes, void *mask)");
  const setAffinity = bound("int sched_setaffinity(int pid, size_t bytes, const void *mask)");
  const mount = bound(
    "int mount(const char *source, const char *folder, const char *type, uintptr_t flags, const void *data)",
  );
  const clockGettime = bound("int clock_gettime(int clock, void *time)");
  const recv = library.func("intptr_t recv(int fd, void *into, size_t bytes, int flags)");
  const sendmmsg = library.func("int sendmmsg(int fd, void *headers, uint32_t count, int flags)");
  const sendto = library.func(
    "intptr_t sendto(int fd, const void *data, size_t bytes, int flags, const void *address, uint32_t addressBytes)",
  );
  const poll = library.func("int poll(void *descriptors, uintptr_t count, int milliseconds)");

  const descriptor = Buffer.alloc(8);
  const setNumber = (fd: number, level: number, option: number, value: number): void => {
    setsockopt(fd, level, option, int32(value), 4);
  };
  return {
    socket,
    bind: (fd, address) => void bind(fd, address, address.length),
    connect: (fd, address) => void connect(fd, address, address.length),
    listen,
    accept: (fd) => accept(fd, null, null, 0),
    close,
    getsockname(fd, bytes) {
      const address = Buffer.alloc(bytes);
      getsockname(fd, address, int32(bytes));
      return address;
    },
    setsockopt: setNumber,
    setRcvbuf(fd, bytes) {
      setNumber(fd, SOL_SOCKET, SO_RCVBUF, bytes);
      const value = Buffer.alloc(4);
      getsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, int32(4));
      return value.readInt32LE(0);
    },
    send: (fd, data) => void send(fd, data, data.length, 0),
    sendTo(fd, data, address) {
      const bytes = sendto(fd, data, data.length, 0, address, address.length) as number;
      return bytes < 0 ? -koffi.errno() : bytes;
    },
    recv(fd, into, flags) {
      const bytes = recv(fd, into, into.length, flags) as number;
      return bytes < 0 ? -koffi.errno() : bytes;
    },
    sendmmsg(fd, headers, count) {
      const sent = sendmmsg(fd, headers, count, 0) as number;
      return sent < 0 ? -koffi.errno() : sent;
    },
    poll(fd, milliseconds) {
      descriptor.writeInt32LE(fd, 0);
      descriptor.writeInt16LE(POLLIN, 4);
      poll(descriptor, 1, milliseconds);
    },
    threadCpuNanoseconds() {
      const time = Buffer.alloc(16);
      clockGettime(CLOCK_THREAD_CPUTIME_ID, time);
      return Number(time.readBigInt64LE(0)) * 1e9 + Number(time.readBigInt64LE(8));
    },
    addressOf: (buffer) => koffi.address(buffer),
    dieWithParent: () => void prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0),
    sharpenTimers: () => void prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0),
    mountMemory: (folder) => void mount("tmpfs", folder, "tmpfs", 0, null),
    allowedCpus() {
      const mask = Buffer.alloc(128);
      getAffinity(0, mask.length, mask);
      return Array.from({ length: 8 * mask.length }, (_, cpu) => cpu).filter(
        (cpu) => (mask[cpu >> 3]! >> (cpu & 7)) & 1,
      );
    },
    pinTo(cpus) {
      const mask = Buffer.alloc(128);
      for (const cpu of cpus) mask[cpu >> 3]! |= 1 << (cpu & 7);
      setAffinity(0, mask.length, mask);
    },
  };
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value, 0);
  return buffer;
}
