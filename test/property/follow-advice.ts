/** `npm run advice [SCENARIOS [SEED]]`: advice followed over many random scenarios, the long form of advice.test.ts. */
import { followAdvice } from "./followed.js";

const [runs = "1500", seed = "1"] = process.argv.slice(2);
const { scenarios, advised, worse, withoutEffect, flags } = await followAdvice(Number(runs), Number(seed));
const byFlag = [...flags].sort(([, a], [, b]) => b - a).map(([flag, times]) => `${flag} ${times}`);
console.log(`${scenarios} scenarios, ${advised} with advice (${byFlag.join(", ")})`);
console.log(`worse: ${worse.length}, without effect: ${withoutEffect.length}`);
for (const what of [...worse, ...withoutEffect]) console.log(what);
process.exitCode = worse.length > 0 || withoutEffect.length > 0.02 * advised ? 1 : 0;
