/** A machine for the tests that ask one: the values of `LiveHost`, none of them measured. It tests nothing itself. */
import type { LiveHost } from "../../src/live/host/host.js";

export const EXAMPLE_HOST: LiveHost = {
  system: "Linux",
  release: "6.18.44",
  architecture: "x64",
  cpus: 2,
  hz: 250,
  rmemMaxBytes: 4_194_304,
  nfConntrackMax: 262_144,
  buckets: 262_144,
  ipv6: true,
};
