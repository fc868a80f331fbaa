/** What the process inside the namespace and the one outside say to each other. */
import type { Progress } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LiveHost } from "./host.js";

export type ToChild = { what: "run"; scenario: Scenario; host: LiveHost } | { what: "stop" };

export type FromChild =
  | { what: "progress"; progress: Progress }
  | { what: "report"; report: Report }
  | { what: "failure"; impossible: boolean; text: string; stack: string };
