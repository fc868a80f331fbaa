/** What the process inside the namespace and the one outside say to each other. */
import type { Progress } from "../report/backend.js";
import type { MeasuredCosts, Measurement } from "../report/measurement.js";
import type { Report } from "../report/report.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LiveHost } from "./host/host.js";
import type { ProgramCommand } from "./readers/program.js";
import type { LiveRecording } from "./run/recording.js";

/** conntrackd with a configuration of ours, or a program of the user. */
export type Daemon = "conntrackd" | ProgramCommand;

interface RunOrder {
  what: "run";
  scenario: Scenario;
  /** In the place of a thread of ours as the first listener; null: none. */
  daemon: Daemon | null;
  host: LiveHost;
}

/** `scenario` gives the sysctls and the limits of the measurement. */
interface CalibrationOrder {
  what: "calibrate";
  scenario: Scenario;
}

interface MeasureOrder {
  what: "measure";
  scenario: Scenario;
  command: ProgramCommand;
}

export type Order = RunOrder | CalibrationOrder | MeasureOrder;
export type ToChild = Order | { what: "stop" };

export type FromChild =
  | { what: "progress"; progress: Progress }
  | { what: "report"; report: Report; recording: LiveRecording | null }
  | { what: "stage"; done: number; of: number }
  | { what: "measurement"; measurement: Measurement }
  | { what: "costs"; costs: readonly MeasuredCosts[] }
  | { what: "failure"; kind: "impossible" | "usage" | "bug"; text: string; stack: string };
