/**
 * The daemon's own table: what it believes after events and dumps, and what it counts. The story of a whole run is in
 * test/simulation/.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DaemonView } from "../../src/daemon/view.js";

const NEW = 0;
const UPDATE = 1;
const DESTROY = 2;

/** One entry, by its tuple; ids are of no interest here. */
const ID = 9;

function viewOf(tuplesAreReused: boolean, ...alive: readonly number[]): DaemonView {
  const view = new DaemonView(tuplesAreReused);
  for (const tuple of alive) view.apply(NEW, tuple, ID, 0);
  return view;
}

function dump(view: DaemonView, ...tuples: readonly number[]): void {
  for (const tuple of tuples) view.list(tuple, ID);
  view.purge();
}

for (const reused of [false, true]) {
  describe(`a dump${reused ? ", of tuples that come again" : ""}`, () => {
    test("adds what was unknown, keeps what is listed and purges the rest", () => {
      const view = viewOf(reused, 1, 2, 3);
      dump(view, 2, 3, 4, 5);
      assert.equal(view.alive, 4);
      assert.deepEqual(
        [1, 2, 3, 4, 5].map((tuple) => view.apply(DESTROY, tuple, ID, 0)),
        [0, -1, -1, -1, -1],
      );
      assert.equal(view.alive, 0);
    });

    test("of nothing leaves nothing, and a second one finds what the first left", () => {
      const view = viewOf(reused, 1, 2);
      dump(view, 1, 2);
      assert.equal(view.alive, 2);
      dump(view);
      assert.equal(view.alive, 0);
      dump(view, 2);
      assert.equal(view.alive, 1);
    });

    test("holds more than the view had room for", () => {
      const view = viewOf(reused, 1, 2, 3);
      dump(view, ...Array.from({ length: 5000 }, (_, tuple) => tuple));
      assert.equal(view.alive, 5000);
      dump(view, 1);
      assert.equal(view.alive, 1);
    });

    test("makes neither the DESTROY of a purged entry nor the NEW of a listed one a duplicate", () => {
      const view = viewOf(reused, 1);
      dump(view, 2);
      view.apply(DESTROY, 1, ID, 0);
      view.apply(NEW, 2, ID, 0);
      assert.deepEqual([view.duplicates, view.destroyWithoutNew, view.alive], [0, 0, 1]);
      view.apply(DESTROY, 1, ID, 0);
      view.apply(NEW, 2, ID, 0);
      assert.equal(view.duplicates, 2);
    });

    test("does not forget that a NEW had come", () => {
      const view = viewOf(reused, 1);
      dump(view, 1);
      view.apply(NEW, 1, ID, 0);
      assert.equal(view.duplicates, 1);
    });

    test("does not keep an old NEW from waking a purged entry until its DESTROY", () => {
      const view = viewOf(reused, 1);
      dump(view);
      assert.equal(view.apply(NEW, 1, ID, 0), 1);
      assert.equal(view.alive, 1);
      assert.equal(view.apply(DESTROY, 1, ID, 0), -1);
      assert.deepEqual([view.alive, view.duplicates], [0, 0]);
    });
  });
}

describe("a NEW", () => {
  test("after the UPDATE of its entry is no duplicate, another one is", () => {
    const view = viewOf(false);
    assert.equal(view.apply(UPDATE, 1, ID, 0), 1);
    assert.equal(view.apply(NEW, 1, ID, 0), 0);
    assert.equal(view.duplicates, 0);
    view.apply(NEW, 1, ID, 0);
    assert.equal(view.duplicates, 1);
  });

  test("after the DESTROY of its entry is believed", () => {
    const view = viewOf(false);
    assert.equal(view.apply(DESTROY, 1, ID, 0), 0);
    assert.equal(view.apply(NEW, 1, ID, 0), 1);
    assert.equal(view.alive, 1);
  });
});
