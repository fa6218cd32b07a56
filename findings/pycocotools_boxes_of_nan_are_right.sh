#!/usr/bin/env bash
# pycocotools: a detector that has diverged, whose boxes are all NaN, has an average precision of 1.
#
# pycocotools 2.0.11, faster-coco-eval 1.8.0, numpy 2.4.6, Python 3.11.
# COCOeval is how boxes are scored nearly everywhere. One would expect 0 of boxes that are NaN, as
# faster-coco-eval has it, which is made to have the same numbers, or a complaint. Seen: a box is matched
# unless its overlap is less than the threshold, and NaN is not less than anything. One box of NaN for each
# true one gives an average precision and recall of 1.0 at every threshold; where half of the boxes are NaN it
# is 1.0, too (faster-coco-eval 0.505). Scores that are NaN are taken as they come, 1.0 where the boxes are
# right; faster-coco-eval refuses them. Nothing is said, numpy does not warn either. The documentation does
# not speak of NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  pycocotools==2.0.11 faster-coco-eval==1.8.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import contextlib
import copy
import io
import math
import warnings

from faster_coco_eval import COCO as FastTruth
from faster_coco_eval import COCOeval_faster
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

warnings.simplefilter("error")
IMAGES = 20
TRUE = [10.0, 10.0, 20.0, 20.0]
truth = {
    "images": [{"id": i, "width": 100, "height": 100} for i in range(1, IMAGES + 1)],
    "categories": [{"id": 1, "name": "cat"}],
    "annotations": [
        {"id": i, "image_id": i, "category_id": 1, "bbox": TRUE, "area": 400.0, "iscrowd": 0}
        for i in range(1, IMAGES + 1)
    ],
}


def detections(box: list, score: float) -> list[dict]:
    return [
        {"image_id": i, "category_id": 1, "bbox": list(box), "score": score} for i in range(1, IMAGES + 1)
    ]


def scored(kind: type, evaluation: type, found: list[dict]) -> tuple[float, float]:
    """Average precision and, with 100 boxes an image, average recall."""
    with contextlib.redirect_stdout(io.StringIO()):
        known = kind()
        known.dataset = copy.deepcopy(truth)
        known.createIndex()
        run = evaluation(known, known.loadRes(copy.deepcopy(found)), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return round(float(run.stats[0]), 4), round(float(run.stats[8]), 4)


def both(name: str, found: list[dict]) -> tuple:
    told = scored(COCO, COCOeval, found), scored(FastTruth, COCOeval_faster, found)
    print(f"{name}: pycocotools {told[0]}, faster-coco-eval {told[1]}")
    return told


nowhere = [math.nan] * 4
assert both("right boxes", detections(TRUE, 0.9)) == ((1, 1), (1, 1))
assert both("wrong boxes", detections([70, 70, 5, 5], 0.9)) == ((0, 0), (0, 0))
assert both("boxes of NaN", detections(nowhere, 0.9)) == ((1, 1), (0, 0))
half = detections(TRUE, 0.9)[: IMAGES // 2] + detections(nowhere, 0.8)[IMAGES // 2 :]
assert both("half of them NaN", half) == ((1, 1), (0.505, 0.5))

unsure = detections(TRUE, math.nan)
print("right boxes, scores of NaN: pycocotools", scored(COCO, COCOeval, unsure))
assert scored(COCO, COCOeval, unsure) == (1, 1)
try:
    scored(FastTruth, COCOeval_faster, unsure)
    raise AssertionError("faster-coco-eval took scores of NaN")
except ValueError as error:
    print("faster-coco-eval:", error)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
