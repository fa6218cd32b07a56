// What the validation rows show, counted by hand from small answers.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sizeOf } from "./rowanomalies.ts";
import { known, meansOf, openedOf, withoutPrediction } from "./rowmodel.ts";
import type { ErrorAnswer, ImageArrays, Model } from "./types.ts";

type Given = Pick<ErrorAnswer, "arrays" | "meta">;
const matrix = <Kind extends object>(data: Kind, ...shape: number[]) =>
  Object.assign(data, { shape });
const whole = (...values: number[]) => Int32Array.from(values);

/** Three classes of 4, 0 and 6 images at three snapshots; at the last, class 2 was not validated. */
function errors(given: Partial<Given["arrays"]> = {}): Given {
  return {
    arrays: {
      iteration: whole(100, 200, 300),
      wrong: matrix(whole(4, 1, 0, 0, 0, 0, 6, 3, -1), 3, 3),
      images: whole(4, 0, 6),
      ...given,
    } as Given["arrays"],
    meta: { names: ["a", "b", "c"] },
  };
}

const rounded = (values: ArrayLike<number>) =>
  Array.from(values, (one) => Math.round(one * 1e6) / 1e6);

describe("the whole set", () => {
  test("is right where its classes are", () => {
    const { images, overall, columns } = known(errors());
    assert.deepEqual([images, columns], [10, 3]);
    assert.deepEqual(rounded(overall.data), [0, 0.6, NaN]);
  });

  test("is what the answer says where snapshots share columns of the classes", () => {
    const { overall, accuracy } = known(
      errors({
        iteration: whole(100, 200, 300, 400),
        right: whole(0, 5, -1, 10),
        column: whole(0, 0, 1, 2),
      }),
    );
    assert.deepEqual(rounded(overall.data), [0, 0.5, NaN, 1]);
    assert.deepEqual([overall.width, accuracy.width], [4, 3]);
  });

  test("of no images has no share", () => {
    const { overall } = known(errors({ images: whole(0, 0, 0) }));
    assert.deepEqual(Array.from(overall.data), [NaN, NaN, NaN]);
  });
});

test("a class is right where its images are; one without images is nowhere", () => {
  const { accuracy } = known(errors());
  assert.deepEqual(rounded(accuracy.data), [0, 0.75, 1, NaN, NaN, NaN, 0, 0.5, NaN]);
});

test("a cluster is right where it does not err", () => {
  const { data, rows, width } = meansOf({ mean: matrix(Float32Array.of(0, 0.25, 1, 0.5), 2, 2) });
  assert.deepEqual([rows, width, ...rounded(data)], [2, 2, 1, 0.75, 0, 0.5]);
});

test("of a class that is open four at most stand for what it is taken for", () => {
  const arrays = {
    prediction: matrix(whole(3, 1, 3, 3), 2, 2),
    partner: whole(1, 2, 4, 5, 6),
    partner_count: matrix(whole(1, 0, -1, 0, 0, 0, 0, 0, 0, 0), 5, 2),
  } as Partial<ImageArrays> as ImageArrays;
  const { correct, partners, partnerOrder } = openedOf(arrays, 3);
  assert.deepEqual([...(correct.data as Float32Array)], [1, 0, 1, 1]);
  assert.deepEqual([...(partners.data as Float32Array)].slice(0, 3), [1, 0, NaN]);
  assert.deepEqual([...partnerOrder], [0, 1, 2, 3]);
});

describe("images without a prediction", () => {
  const groups = { arrays: { label: whole(0, 1, 1) } } as Model["groups"];
  const counts = matrix(whole(1, 0, 2, 0, 0, 0, 3, 4, 0), 3, 3);
  const own = { ...known(errors({ no_prediction: counts })), groups, opened: new Map() };

  test("are those of a class, of a cluster's classes, of all", () => {
    assert.equal(withoutPrediction(own, { kind: "class" }, 0, 2), 2);
    assert.equal(withoutPrediction(own, { kind: "cluster" }, 1, 1), 4);
    assert.equal(withoutPrediction(own, { kind: "overall" }, 0, 0), 4);
    assert.equal(withoutPrediction(own, { kind: "class" }, 0, 3), 0); // no such snapshot
  });

  test("cannot be added up where snapshots share a column", () => {
    const column = whole(0, 0, 1);
    const shared = {
      ...known(errors({ no_prediction: counts, column, none_at_all: whole(7, 8, 9) })),
      groups,
      opened: new Map(),
    };
    assert.equal(withoutPrediction(shared, { kind: "class" }, 2, 1), 3);
    assert.equal(withoutPrediction(shared, { kind: "cluster" }, 1, 1), 0);
    assert.equal(withoutPrediction(shared, { kind: "overall" }, 0, 1), 8);
  });

  test("are none where the answer counts none", () => {
    const plain = { ...known(errors()), opened: new Map() };
    assert.equal(withoutPrediction(plain, { kind: "class" }, 0, 0), 0);
  });
});

test("triangles are held against the images of their row", () => {
  const model = { ...known(errors()), means: { data: [], width: 3, rows: 2 }, opened: new Map() };
  assert.equal(sizeOf(model, { kind: "overall" }, 0), 10);
  assert.equal(sizeOf(model, { kind: "class" }, 2), 6);
  assert.equal(sizeOf(model, { kind: "cluster" }, 0), 10 / 2 / 4);
});
