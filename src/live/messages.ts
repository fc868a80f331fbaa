/** What the process inside the namespace and the one outside say to each other. */
import type { Progress } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LiveHost } from "./host/host.js";
import type { MeasuredCosts } from "./run/calibration.js";
import type { LiveRecording } from "./run/recording.js";

interface RunOrder {
  what: "run";
  scenario: Scenario;
  /** conntrackd in the place of a thread of ours. */
  conntrackd: boolean;
  host: LiveHost;
}

/** `scenario` gives the sysctls and the limits of the measurement. */
interface CalibrationOrder {
  what: "calibrate";
  scenario: Scenario;
}

export type Order = RunOrder | CalibrationOrder;
export type ToChild = Order | { what: "stop" };

export type FromChild =
  | { what: "progress"; progress: Progress }
  | { what: "report"; report: Report; recording: LiveRecording | null }
  | { what: "costs"; costs: readonly MeasuredCosts[] }
  | { what: "failure"; impossible: boolean; text: string; stack: string };
