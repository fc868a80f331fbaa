import assert from "node:assert/strict";
import { test } from "node:test";
import { followAdvice } from "./followed.js";

test("advice that is followed makes nothing worse, and is hardly ever without effect", async () => {
  const { advised, worse, withoutEffect } = await followAdvice(80, 11);
  assert.ok(advised > 20, `${advised} advised`);
  assert.deepEqual(worse, []);
  assert.ok(withoutEffect.length <= 0.02 * advised, withoutEffect.join("\n"));
});
