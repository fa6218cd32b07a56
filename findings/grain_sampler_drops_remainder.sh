#!/usr/bin/env bash
# grain: of a data set that the shards do not divide, drop_remainder=False drops as many examples as True,
# and says nothing; in a second epoch one shard is short.
#
# grain 0.2.18, numpy 2.4.6, Python 3.11.
# ShardOptions says that with drop_remainder=False the remainder N is distributed over the first N shards. One
# would expect every example of a validation set to be seen once, over all shards together. Seen, with
# IndexSampler and DataLoader, and one epoch: of 1,003 examples for 8 shards each gives 125, and 125, 251 and
# 377, the last of each of the first three shards, are never there; with True it is 1000 to 1002, and there a
# warning is logged. Of 7 examples for 8 shards there is none at all. The records are cut as documented, and
# then each shard ends after a count that is the total divided by the shards. Of two epochs of 10 examples for
# 3 shards the first has 0 1 2 3 0 1: it begins its second epoch and does not end it. Without an end
# (num_epochs=None) all are there. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile grain==0.2.18 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
from itertools import islice

import grain.python as grain


class Numbers:
    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        return index


def shards(length: int, count: int, drop: bool = False, epochs: int | None = 1) -> list[list[int]]:
    found = []
    for shard in range(count):
        options = grain.ShardOptions(shard, count, drop_remainder=drop)
        sampler = grain.IndexSampler(num_records=length, shard_options=options, num_epochs=epochs, seed=0)
        loader = grain.DataLoader(data_source=Numbers(length), sampler=sampler, worker_count=0)
        found.append([int(value) for value in islice(loader, 3 * length)])
    return found


def missing(length: int, found: list[list[int]]) -> list[int]:
    assert all(len(shard) == len(set(shard)) for shard in found)
    return sorted(set(range(length)).difference(*found))


for drop, never in ((False, [125, 251, 377]), (True, [1000, 1001, 1002])):
    found = shards(1003, 8, drop)
    print(f"drop_remainder={drop}: {[len(shard) for shard in found]}, never {missing(1003, found)}")
    assert missing(1003, found) == never
    assert {len(shard) for shard in found} == {125}
assert shards(7, 8) == [[]] * 8
assert set().union(*shards(23, 8, epochs=None)) == set(range(23))
assert missing(23, shards(23, 8)) == [2, 5, 8, 11, 14, 17, 20]
assert shards(8, 4) == [[0, 1], [2, 3], [4, 5], [6, 7]]
twice = shards(10, 3, epochs=2)
print("two epochs of 10 for 3 shards:", twice)
assert twice == [[0, 1, 2, 3, 0, 1], [4, 5, 6, 4, 5, 6], [7, 8, 9, 7, 8, 9]]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" 2>"$folder/said" || { cat "$folder/said"; exit 1; }
warned=$(grep -c "Dropping" "$folder/said" || true)
echo "warned of dropping: $warned times (once a shard with drop_remainder=True)"
test "$warned" = 8
