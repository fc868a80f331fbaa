/**
 * Drives the command line in process: captured streams, a stub resolver that puts the overrides over fixed defaults, a
 * stub backend that remembers what it ran, stub renderers that print their arguments. It tests nothing itself.
 */
import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { type Dependencies, installed, type Resolve } from "../../src/cli/dependencies.js";
import type { Io, OutputStream } from "../../src/cli/io.js";
import { main } from "../../src/cli/main.js";
import { renderers } from "../../src/render/renderers.js";
import type { Observer } from "../../src/report/backend.js";
import type { Report } from "../../src/report/report.js";
import type { Overrides } from "../../src/scenario/defaults.js";
import type { ListenerScenario, Scenario } from "../../src/scenario/scenario.js";

class Captured extends Writable {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number | undefined;

  constructor(isTTY: boolean, columns?: number) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export function captured(isTTY = false, columns?: number): OutputStream & { text: string } {
  return new Captured(isTTY, columns);
}

const LISTENER: ListenerScenario = {
  bufferBytes: 2048,
  bufferMaxBytes: null,
  force: false,
  overrunAs: "conntrackd",
  policy: "broadcast-error",
  serviceNanoseconds: 0,
  serviceDistribution: "fixed",
  portidServiceNanoseconds: null,
  stall: null,
  stallOnce: null,
  decoders: 1,
  resyncAfterNanoseconds: null,
  stopsAtEnobufs: false,
  preset: null,
  filter: null,
  queue: null,
  poll: null,
  dumpsOnEventSocket: false,
  groups: ["new", "update", "destroy"],
  slowFrom: "start",
  smallFrom: "start",
  joins: "start",
  heldAfterFlushNanoseconds: 0,
  closesAfterFlushNanoseconds: null,
};

const DEFAULTS: Scenario = {
  experiment: "flood",
  seed: "standard",
  kernel: "2.6.31",
  hz: 250,
  cpus: 2,
  connections: 20_000,
  ratePerSecond: 500,
  arrivals: "constant",
  burstConnections: 1,
  protocol: "udp",
  family: "ipv4",
  path: "loopback",
  packets: 1,
  packetGapNanoseconds: 0,
  udpPortOpen: true,
  tuples: null,
  secondFlood: null,
  packetCpus: 1,
  machine: "recorded",
  traffic: [],
  rateProfile: [],
  delete: null,
  replay: null,
  flush: true,
  flushDelayNanoseconds: 0,
  graceMaxSeconds: 15,
  nfConntrackMax: 65_536,
  buckets: 16_384,
  nfConntrackEvents: 1,
  timeoutsSeconds: {
    tcp_syn_sent: 120,
    tcp_syn_recv: 60,
    tcp_established: 432_000,
    tcp_fin_wait: 120,
    tcp_close_wait: 60,
    tcp_last_ack: 30,
    tcp_time_wait: 120,
    tcp_close: 10,
    tcp_syn_sent2: 120,
    udp: 30,
    udp_stream: 180,
    icmp: 30,
    icmpv6: 30,
  },
  rmemMaxBytes: 131_071,
  listeners: [LISTENER],
  kernelConfig: {
    acct: false,
    nat: true,
    mark: true,
    secmark: false,
    timestamp: false,
    skBuffBytes: 232,
    nlaPolicyLenCounts: false,
    smallHeadBytes: 0,
    chainEvents: false,
  },
  kernelRules: { admission: "own", gc: "own", retry: "own", gcIntervalSeconds: null },
  costs: {
    packetNanoseconds: 2000,
    connectNanoseconds: 0,
    flushEntryNanoseconds: 500,
    attemptNanoseconds: 1500,
    recvNanoseconds: 1000,
    dumpEntryNanoseconds: 1000,
    deleteNanoseconds: 4000,
    overshootNanoseconds: 0,
    bucketNanoseconds: 50,
    gcBucketNanoseconds: 50,
    switchNanoseconds: 0,
    tickNanoseconds: 0,
    waitNanoseconds: 0,
    wakingNanoseconds: 0,
    freshMessageNanoseconds: 0,
    flushBucketNanoseconds: 0,
    dispatchNanoseconds: 0,
    refusedSavingNanoseconds: 0,
    deliveredNanoseconds: 0,
    wakeupNanoseconds: 5000,
  },
  limitSeconds: 3600,
};

export const stubResolve: Resolve = (experiment, overrides) => {
  const {
    durationSeconds: _,
    traffic: __,
    delete: deletes = null,
    listeners = [{}],
    timeoutsSeconds,
    costs,
    kernelConfig,
    kernelRules,
    ...rest
  } = overrides;
  return {
    ...DEFAULTS,
    ...rest,
    experiment,
    listeners: listeners.map((listener) => ({ ...LISTENER, ...listener })),
    timeoutsSeconds: { ...DEFAULTS.timeoutsSeconds, ...timeoutsSeconds },
    costs: { ...DEFAULTS.costs, ...costs },
    kernelConfig: { ...DEFAULTS.kernelConfig, ...kernelConfig },
    kernelRules: { ...DEFAULTS.kernelRules, ...kernelRules },
  };
};

/** Only what the command line looks at; the renderers here are stubs, too. */
export function stubReport(scenario: Scenario, fields: Partial<Report> = {}): Report {
  const report: Partial<Report> = {
    schemaVersion: 2,
    seed: scenario.seed,
    scenario,
    invariants: { checked: 1, violated: [] },
    expectations: [],
    ...fields,
  };
  return report as Report;
}

export interface Setup {
  env?: Record<string, string>;
  stdoutTty?: boolean;
  stderrTty?: boolean;
  columns?: number;
  signals?: EventEmitter;
  resolve?: Resolve;
  /** The run; by default it reports at once. */
  backend?: (scenario: Scenario, observer: Observer, io: Io) => Promise<Report> | Report;
  dependencies?: Partial<Dependencies>;
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
  /** What was given to the resolver for the run. */
  overrides: Overrides | undefined;
  /** What the backend ran, if it ran. */
  ran: Scenario | undefined;
  signals: EventEmitter;
}

export async function run(argv: readonly string[], setup: Setup = {}): Promise<Outcome> {
  const stdout = captured(setup.stdoutTty, setup.columns);
  const stderr = captured(setup.stderrTty, setup.columns);
  const signals = setup.signals ?? new EventEmitter();
  const io: Io = { stdout, stderr, env: setup.env ?? {}, signals };
  let overrides: Overrides | undefined;
  let ran: Scenario | undefined;
  const resolve = setup.resolve ?? stubResolve;
  const backend = setup.backend ?? ((scenario: Scenario) => stubReport(scenario));
  const code = await main(argv, io, {
    resolve: async () => (experiment, given) => {
      overrides = given;
      return resolve(experiment, given);
    },
    backend: async () => ({
      run: async (scenario, observer) => {
        ran = scenario;
        return backend(scenario, observer ?? { progress() {}, stopRequested: () => false }, io);
      },
    }),
    renderers: async () => ({
      ...renderers,
      text: { ...renderers.text, report: (_report, options) => `text ${JSON.stringify(options)}` },
      json: { ...renderers.json, report: ({ seed, interrupted }) => JSON.stringify({ seed, interrupted }) },
    }),
    explainer: installed.explainer,
    suites: installed.suites,
    live: installed.live,
    parities: installed.parities,
    studies: installed.studies,
    tracing: installed.tracing,
    advisor: async () => ({ adviceOn: async () => [], hiddenRulesOn: async () => null, adviceOnLive: async () => [] }),
    measurements: installed.measurements,
    surveying: installed.surveying,
    cores: () => 1,
    memoryBytes: () => 4 * 2 ** 30,
    host: () => ({
      system: "Linux",
      release: "6.18.44-fc-v669",
      version: "#1 SMP PREEMPT_DYNAMIC @0",
      signature: null,
    }),
    ...setup.dependencies,
  });
  return { code, stdout: stdout.text, stderr: stderr.text, overrides, ran, signals };
}
