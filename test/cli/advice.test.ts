/** What the report advises can be typed: the flag exists, its value is read, and it is in canonical form already. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { readFlags } from "../../src/cli/flag.js";
import { RELEASES } from "../../src/kernel/release.js";
import { adviceFor } from "../../src/render/text/advice.js";
import { firstListener, SAMPLES } from "../report/sample.js";

const POLICIES = ["reliable", "broadcast-error", "lossy"] as const;
const SERVICES = [0, 900, 20_000, 3_600_000_000_000] as const;

for (const [name, sample] of Object.entries(SAMPLES)) {
  test(`every advice is a flag that the command line takes, and none is for another kernel: ${name}`, () => {
    for (const release of RELEASES) {
      for (const policy of POLICIES) {
        for (const serviceNanoseconds of SERVICES) {
          const report = sample();
          report.kernel.release = release.version;
          report.kernel.redelivery = release.redelivery;
          report.kernel.admission = release.admission;
          Object.assign(firstListener(report), { policy, serviceNanoseconds, serviceDistribution: "exponential" });
          const { flag } = adviceFor(report);
          if (flag === "without --no-flush") continue;
          const [word = "", text = ""] = flag.split(" ");
          const known = EXPERIMENT_FLAGS.find((candidate) => `--${candidate.name}` === word);
          assert.ok(known, flag);
          assert.deepEqual(readFlags(EXPERIMENT_FLAGS, [{ flag: known, text }]).canonical, [word, text]);
          if (release.redelivery !== "timer") assert.notEqual(word, "--grace-max");
          if (word === "--kernel") assert.ok(release.invertedDeadline);
        }
      }
    }
  });
}
