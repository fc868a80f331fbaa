/**
 * A live run leaves the machine as it was: sysctls, interfaces, routes, rules and namespaces are read before and after,
 * and nothing else is done with them.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { whyNotLive } from "../../src/live/live.js";
import { builtPackage, removePackage } from "../built.js";

const reason = await whyNotLive();
const skip = reason !== null && process.env.REQUIRE_LIVE !== "1" ? reason : false;
const hasConntrack = spawnSync("conntrack", ["--version"]).status === 0;

/** What changes by itself. */
const RESTLESS = /nf_conntrack_count$|\/route\/flush$|\/tcp_fastopen_key$|\/nf_log\/|stable_secret$/;

function settings(folder: string, found: Record<string, string> = {}): Record<string, string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (RESTLESS.test(path)) continue;
    if (statSync(path).isDirectory()) settings(path, found);
    else {
      try {
        found[path] = readFileSync(path, "utf8");
      } catch {
        // Some can only be written.
      }
    }
  }
  return found;
}

const read = (path: string): string => readFileSync(path, "utf8");
const printed = (program: string, ...argv: readonly string[]): string =>
  spawnSync(program, argv, { encoding: "utf8" }).stdout ?? "";

function outside(): object {
  return {
    settings: settings("/proc/sys/net"),
    interfaces: readdirSync("/sys/class/net").sort(),
    routes: read("/proc/net/route").split("\n").sort(),
    rules: printed("nft", "list", "ruleset"),
    tables: printed("iptables-save").replaceAll(/^[#:].*$/gm, ""),
    named: spawnSync("ls", ["-A", "/run/netns"], { encoding: "utf8" }).stdout,
  };
}

describe("a live run", { skip, timeout: 120_000 }, () => {
  let installation: string;
  before(async () => {
    installation = await builtPackage();
  });
  after(() => removePackage(installation));

  const leavesAlone = (...argv: readonly string[]) => {
    const earlier = outside();
    const command = [join(installation, "bin", "ct-reliable.js"), "flush", "--live", "--connections", "50", ...argv];
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.deepEqual(outside(), earlier);
  };

  test("changes no sysctl, interface, route, rule or namespace outside of its own", () => {
    leavesAlone("--quiet");
  });

  test("nor does one with a program as the reader", { skip: !hasConntrack }, () => {
    leavesAlone("--quiet", "--daemon", "conntrack -E");
  });
});
