/** Live runs with a foreign program as the reader. It tests nothing itself. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { after } from "node:test";
import { liveHost, liveOverrides } from "../../../src/live/host/host.js";
import { whyNotLive } from "../../../src/live/live.js";
import type { ProgramReport, ProgramSocket } from "../../../src/report/program.js";
import type { Report } from "../../../src/report/report.js";
import { type Overrides, resolveScenario } from "../../../src/scenario/defaults.js";
import { builtPackage, removePackage } from "../../built.js";

type LiveModule = typeof import("../../../src/live/live.js");

/** Where distributions put daemons, as the product looks there too. */
const SBIN = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;

export const required = process.env.REQUIRE_LIVE === "1";
const reason = (await whyNotLive()) ?? (isThere("python3") ? null : "python3 is not on PATH");
/** Why nothing of this can be had here; false: it can, or has to. */
export const skip = reason !== null && !required ? reason : false;
const installation = skip === false ? await builtPackage() : "";
after(() => {
  if (installation !== "") removePackage(installation);
});

export const loaded = (): Promise<LiveModule> => import(path.join(installation, "dist", "live", "live.js"));

/** Our small programs, each odd in one way that its argument says. */
export const OURS = path.join(import.meta.dirname, "listener.py");

export function isThere(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`], { env: { ...process.env, PATH: SBIN } }).status === 0;
}

export async function run(command: string, overrides: Overrides = {}, logFile: string | null = null): Promise<Report> {
  const { liveBackend } = await loaded();
  const scenario = resolveScenario("flush", {
    ...liveOverrides(liveHost()),
    connections: 500,
    limitSeconds: 30,
    ...overrides,
  });
  return liveBackend({ daemon: { text: command, argv: ["/bin/sh", "-c", command], logFile } }).run(scenario);
}

export const ours = (mode: string, overrides?: Overrides): Promise<Report> => run(`python3 ${OURS} ${mode}`, overrides);

export function program({ program }: Report): ProgramReport {
  assert.ok(program !== null);
  return program;
}

export function onlySocket(report: Report): ProgramSocket {
  const { sockets } = program(report);
  assert.equal(sockets.length, 1);
  return sockets[0]!;
}
