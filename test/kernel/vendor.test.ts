/**
 * Kernel names that hide their level: what each is taken for, what would change a result most, and what says nothing.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { releaseFor } from "../../src/kernel/release.js";
import { branchAlone, hiddenLevel, levelInUnameVersion, runningLevel } from "../../src/kernel/vendor.js";
import { levelBehind } from "../../src/kernel/vendor-levels.js";

describe("a name that hides its level", () => {
  for (const [version, says] of [
    ["6.1.0-47-amd64", [/taken for 6\.1\.170/, /Debian/]],
    ["5.10.0-46-cloud-amd64", [/taken for 5\.10\.244/, /same in every update after that/]],
    ["5.10.0-23-amd64", [/taken for 5\.10\.179, the level of that build of Debian/]],
    ["6.12.0-0.bpo.1-amd64", [/Debian/]],
    ["5.15.0-113-generic", [/taken for 5\.15\.143/, /Ubuntu/, /the same up to 5\.15\.178/]],
    ["5.15.0-150-generic", [/taken for 5\.15\.178/, /Ubuntu/, /version_signature/, /--admission/]],
    ["4.19.0-17-amd64", [/taken for 4\.19\.194, the level of that build of Debian/]],
    ["4.9.0-6-amd64", [/taken for 4\.9\.82/]],
    ["5.15.0-1019-aws", [/Ubuntu/]],
    ["5.15.0-1049-gke", [/Ubuntu/]],
    ["4.18.0-553.el8_10.x86_64", [/Red Hat/, /--admission, --gc and --retry/]],
    ["3.10.0-1160.el7.x86_64", [/Red Hat/]],
    ["5.14.0-70.13.1.el9_0.x86_64", [/Red Hat/]],
    ["5.14.0-362.8.1.el9_3.x86_64", [/taken for 5\.19, to which Red Hat rebased its conntrack/, /--admission new/]],
    ["6.1.94-99.176.amzn2023.x86_64", [/Amazon/]],
    ["2.6.32-754.el6.x86_64", [/Red Hat/]],
    ["5.15.0-302.167.6.el9uek.x86_64", [/taken for 5\.15\.0/, /Oracle/, /the gc worker \(5\.15\.34 and 5\.15\.75\)/]],
    ["5.14.21-150500.55.49-default", [/taken for 5\.14\.21/, /SUSE/, /--admission, --gc and --retry/]],
    ["6.8.12-4-pve", [/taken for 6\.8\.12/, /Proxmox/]],
    ["6.1.0-0.deb11.13-amd64", [/taken for 6\.1\.27/, /Debian/]],
    ["6.11.0-1011-oem", [/Ubuntu/]],
    ["4.19.91-27.al7.x86_64", [/taken for 4\.19\.91/, /Alibaba/]],
    ["4.19.90-2003.4.0.0036.oe1.x86_64", [/openEuler/]],
    ["5.15.158-2-pve", [/Proxmox/, /admission \(5\.15\.189\)/]],
  ] as const) {
    test(`${version} is commented on`, () => {
      for (const pattern of says) assert.match(hiddenLevel(version)!, pattern);
    });
  }

  test("is told what updates between the levels that it may have changed, and when", () => {
    assert.match(hiddenLevel("6.1.0-47-amd64")!, /taken for 6\.1\.170, the level of that build/);
    assert.match(
      hiddenLevel("6.1.0-48-amd64")!,
      /later updates of its branch changed the time test of the worker \(6\.1\.178\):/,
    );
    assert.match(hiddenLevel("5.15.0-150-generic")!, /later updates of its branch changed admission \(5\.15\.189\):/);
    assert.match(
      hiddenLevel("5.15.0-1049-gke")!,
      /the gc worker \(5\.15\.34 and 5\.15\.75\), admission \(5\.15\.189\)/,
    );
    assert.match(hiddenLevel("5.10.0-10-amd64")!, /taken for 5\.10\.70: .* the same up to 5\.10\.179/);
  });

  test("is told to look for the level where a level tells the rules, and not where the vendor went on with an ended branch", () => {
    assert.match(hiddenLevel("5.15.0-1049-gke")!, /version_signature/);
    assert.doesNotMatch(hiddenLevel("6.8.0-40-generic")!, /version_signature/);
    assert.match(hiddenLevel("6.8.0-40-generic")!, /--admission, --gc and --retry/);
  });

  test("is the branch alone, where updates changed a rule", () => {
    assert.match(
      branchAlone("5.10")!,
      /^5\.10 is taken for 5\.10\.0; .* the gc worker \(5\.10\.62\), .*: give the third number/,
    );
    for (const version of ["3.10", "5.10.70", "2.6.32", "9.9"]) assert.equal(branchAlone(version), null);
    assert.match(branchAlone("5.15")!, /the gc worker \(5\.15\.34 and 5\.15\.75\)/);
    assert.match(branchAlone("5.15.x")!, /^5\.15\.x is taken for 5\.15\.0; .*: give the third number/);
  });

  test("is modelled as the level that its build is known to have at least", () => {
    for (const [version, level] of [
      ["5.10.0-8-amd64", "5.10.46"],
      ["5.10.0-0.bpo.9-amd64", "5.10.70"],
      ["4.19.0-0.bpo.20-cloud-amd64", "4.19.235"],
      ["5.10.0-23-amd64", "5.10.179"],
      ["6.1.0-18-cloud-amd64", "6.1.76"],
      ["5.4.0-216-generic", "5.4.284"],
      ["5.15.0-113-generic", "5.15.143"],
      ["5.14.0-362.8.1.el9_3.x86_64", "5.19"],
    ] as const) {
      assert.equal(releaseFor(version), releaseFor(level), version);
    }
    assert.equal(releaseFor("5.10.0-23-amd64")!.gc, "pass-120s");
    for (const version of ["5.4.0-42-generic", "5.15.0-1049-gke", "5.14.0-70.13.1.el9_0.x86_64"]) {
      assert.equal(releaseFor(version), releaseFor(/^\d+\.\d+\.0/.exec(version)![0]), version);
    }
  });

  test("lies between what the next known builds before and after it have, and is known of a known build", () => {
    for (const [version, least, most] of [
      ["5.4.0-90-generic", "5.4.148", "5.4.148"],
      ["5.4.0-92-generic", "5.4.151", "5.4.157"],
      ["5.4.0-96-generic", "5.4.157", "5.4.157"],
      ["5.4.0-97-generic", "5.4.157", "5.4.218"],
      ["5.4.0-216-generic", "5.4.284", null],
      ["5.15.0-1019-aws", "5.15.39", "5.15.152"],
      ["6.1.0-9-amd64", "6.1.27", "6.1.27"],
      ["5.14.0-149.el9.x86_64", "5.19", null],
    ] as const) {
      assert.deepEqual(levelBehind(version), { least, most }, version);
    }
    for (const version of ["5.4.0-89-generic", "6.1.0-8-amd64", "5.14.0-148.el9.x86_64"]) {
      assert.equal(levelBehind(version), null, version);
    }
  });

  for (const version of [
    "6.1.170",
    "6.11.3-1-default",
    "3.10",
    "2.6.32",
    "6.18.44-fc-v669",
    "5.4.0",
    "3.10.108",
    "5.10.240-rt12",
    "9.9.0-1-amd64",
  ]) {
    test(`${version} says its level, or is none of ours`, () => {
      assert.equal(hiddenLevel(version), null);
    });
  }
});

describe("the level in uname -v", () => {
  test("is Debian's upstream version", () => {
    assert.equal(levelInUnameVersion("#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-1 (2026-05-01)"), "6.1.170");
    assert.equal(levelInUnameVersion("#1 SMP Debian 5.10.218-1 (2024-06-01)"), "5.10.218");
  });

  test("is not there elsewhere", () => {
    for (const text of ["#1 SMP PREEMPT_DYNAMIC @0", "#123-Ubuntu SMP Mon Jun 10 18:00:00 UTC 2024", ""]) {
      assert.equal(levelInUnameVersion(text), null);
    }
  });
});

describe("the level of a running kernel", () => {
  const ubuntu = { release: "5.15.0-113-generic", version: "#123-Ubuntu SMP Mon Jun 10 18:00:00 UTC 2024" };

  test("is the last word of Ubuntu's /proc/version_signature", () => {
    const signature = "Ubuntu 5.15.0-113.123-generic 5.15.153\n";
    assert.equal(runningLevel({ ...ubuntu, signature }), "5.15.153");
  });

  test("is what uname -r says where Ubuntu went on with a branch that ended", () => {
    const signature = "Ubuntu 6.8.0-45.45-generic 6.8.12\n";
    assert.equal(runningLevel({ ...ubuntu, release: "6.8.0-45-generic", signature }), "6.8.0-45-generic");
  });

  test("is what uname -r says where nothing says more", () => {
    for (const signature of [null, "", "something else 5.15.153"]) {
      assert.equal(runningLevel({ ...ubuntu, signature }), "5.15.0-113-generic");
    }
  });

  test("is Debian's upstream version", () => {
    const debian = { release: "6.1.0-47-amd64", version: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-1 (2026-05-01)" };
    assert.equal(runningLevel({ ...debian, signature: null }), "6.1.170");
  });
});
