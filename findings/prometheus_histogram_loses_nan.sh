#!/usr/bin/env bash
# prometheus_client: a histogram does not count NaN, and from then on its mean is NaN; a summary counts it.
#
# prometheus_client 0.26.0.
# `observe` of a Histogram and of a Summary are two ways to say the same; one would expect the same count
# and the same sum of both. Seen: after 1, 2, NaN and infinity, the summary's count is 4, the histogram's
# is 3: NaN stands in no bucket, not even in that of "+Inf", of which the format says that it equals the
# count. The sum of both is NaN and stays NaN. Infinity is counted by both. What is asked of such a series,
# the sum by the count, is NaN for good, while the buckets, and the quantiles out of them, look healthy:
# the share of losses up to 2 is two thirds, with no trace of the one that was NaN. What a histogram should
# do with NaN has been discussed for the Go library (client_golang 1275), where the count has it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check prometheus-client==0.26.0

cat >"$folder/try.py" <<'PYTHON'
import math

from prometheus_client import CollectorRegistry, Histogram, Summary

registry = CollectorRegistry()
histogram = Histogram("histogram", "losses", buckets=[1, 2], registry=registry)
summary = Summary("summary", "losses", registry=registry)


def told() -> dict[str, float]:
    return {
        sample.name + sample.labels.get("le", ""): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith("created")
    }


for value in (1, 2, math.nan, math.inf):
    histogram.observe(value)
    summary.observe(value)
seen = told()
print(seen)
assert [seen[f"histogram_bucket{le}"] for le in ("1.0", "2.0", "+Inf")] == [1, 2, 3]
assert seen["histogram_count"] == 3 and seen["summary_count"] == 4
assert math.isnan(seen["histogram_sum"]) and math.isnan(seen["summary_sum"])
histogram.observe(1)
assert told()["histogram_count"] == 4 and math.isnan(told()["histogram_sum"])
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
