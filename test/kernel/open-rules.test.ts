/** What each vendor's name leaves open, as settings. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openRules } from "../../src/kernel/open-rules.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";

function openOf(kernel: string, overrides: Overrides = {}): string[] {
  return openRules(resolveScenario("flush", { ...overrides, kernel })).map(({ flags }) => flags);
}

describe("open is", () => {
  for (const [kernel, flags] of [
    // Its timers stay, and what came after its last features can only be a security fix.
    ["3.10.0-1160.el7.x86_64", ["--retry workqueue", "--admission new"]],
    [
      "4.18.0-553.el8_10.x86_64",
      [
        ...["--gc pass-120s", "--gc pass-halving", "--retry evict-list-inverted"],
        ...["--gc pass-mean", "--admission new", "--retry evict-list"],
      ],
    ],
    ["5.14.0-362.8.1.el9_3.x86_64", ["--gc pass-mean", "--admission new", "--retry evict-list"]],
    ["4.14.355-275.603.amzn2.x86_64", ["--admission new"]],
    ["5.10.220-209.869.amzn2.x86_64", ["--admission new"]],
    ["6.1.94-99.176.amzn2023.x86_64", ["--admission new", "--retry evict-list"]],
    ["6.1.150-174.273.amzn2023.x86_64", ["--retry evict-list"]],
    ["5.15.0-113-generic", []],
    ["5.15.0-150-generic", ["--admission new"]],
    ["5.15.0-1019-aws", ["--gc pass-mean"]],
    ["5.15.0-1049-gke", ["--gc pass-halving", "--gc pass-mean", "--admission new"]],
    ["2.6.32-754.el6.x86_64", ["--retry workqueue", "--admission new"]],
    ["5.4.17-2136.300.7.el8uek.x86_64", ["--gc pass-120s", "--admission new"]],
    [
      "5.14.21-150500.55.49-default",
      [
        ...[
          "--gc pass-halving",
          "--retry evict-list-inverted",
          "--gc pass-mean",
          "--admission new",
          "--retry evict-list",
        ],
      ],
    ],
    // Both took what other branches took.
    ["6.8.0-45-generic", ["--admission new", "--retry evict-list"]],
    ["6.8.12-4-pve", ["--admission new", "--retry evict-list"]],
    ["6.1.0-48-amd64", ["--retry evict-list"]],
    ["6.12.0-0.bpo.1-amd64", ["--admission new", "--retry evict-list"]],
  ] as const) {
    test(`what ${kernel} may have beyond what it is taken for`, () => {
      assert.deepEqual(openOf(kernel).sort(), [...flags].sort());
    });
  }

  test("nothing of a build whose level is known, and of a version that says it", () => {
    for (const kernel of ["6.1.0-47-amd64", "5.10.0-23-amd64", "6.1.170", "3.10.108", "2.6.31"]) {
      assert.deepEqual(openOf(kernel), [], kernel);
    }
  });

  test("not what was set by hand", () => {
    assert.deepEqual(openOf("6.1.94-99.176.amzn2023.x86_64", { kernelRules: { admission: "old" } }), [
      "--retry evict-list",
    ]);
  });

  test("a chain of notifiers where the version may be a router's and a listener wants to be reliable", () => {
    assert.deepEqual(openOf("4.19.108"), ["--kernel-config chain-events=on"]);
    assert.deepEqual(openOf("4.19.108", { kernelConfig: { chainEvents: true } }), []);
    assert.deepEqual(openOf("4.19.108", { listeners: [{ policy: "lossy" }] }), []);
    for (const kernel of ["4.19", "4.8.15", "6.1.170", "4.19.108-1-lts"]) assert.deepEqual(openOf(kernel), [], kernel);
  });
});
