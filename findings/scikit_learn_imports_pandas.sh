#!/usr/bin/env bash
# scikit-learn: any import of it imports all of pandas too, wherever pandas happens to be installed.
#
# scikit-learn 1.9.1, pandas 3.1.1, scipy 1.17.1, Python 3.11.
# pandas is no dependency of scikit-learn: it is installed without it and works without it. One would
# expect that it is imported when somebody hands over a DataFrame.
# Seen: `from sklearn.cluster import KMeans` leaves pandas in sys.modules where it is installed, though
# nobody named it, and scipy.stats in any case. The same import takes about 0.2 s of processor time and
# 30 MB of memory more than in the same environment without pandas. So installing a package that
# a process never uses makes each start of it slower, and a server that imports scikit-learn at its top
# for one rare analysis pays for both from the first request on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    scikit-learn==1.9.1 scipy==1.17.1

cat >"$folder/try.py" <<'PYTHON'
import resource
import sys

from sklearn.cluster import KMeans  # noqa: F401

used = resource.getrusage(resource.RUSAGE_SELF)
print("pandas" in sys.modules, "scipy.stats" in sys.modules, used.ru_maxrss // 1024)
print(f"{used.ru_utime + used.ru_stime:.2f} s of processor time", file=sys.stderr)
PYTHON

# The first run of each writes the bytecode that the second reads.
"$folder/venv/bin/python" "$folder/try.py" >/dev/null 2>&1
read -r pandas stats without < <("$folder/venv/bin/python" "$folder/try.py")
echo "without pandas: pandas imported: $pandas, scipy.stats imported: $stats, $without MB"
[ "$pandas" = False ] && [ "$stats" = True ]

"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1
"$folder/venv/bin/python" "$folder/try.py" >/dev/null 2>&1
read -r pandas stats with < <("$folder/venv/bin/python" "$folder/try.py")
echo "with pandas installed: pandas imported: $pandas, scipy.stats imported: $stats, $with MB"
[ "$pandas" = True ] && [ "$stats" = True ] && [ "$with" -gt $((without + 10)) ]
