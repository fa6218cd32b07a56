#!/usr/bin/env bash
# scipy: for three rank statistics NaN is a number: the largest for Somers' D and the Anderson-Darling test,
# the smallest for the weighted tau, whatever nan_policy says.
#
# scipy 1.17.1, numpy 2.4.6.
# Since nan_policy is everywhere in scipy.stats, one would expect NaN for a sample with NaN in it, as from
# kendalltau, spearmanr and ks_2samp. Seen: somersd, which has no such parameter and does not speak of NaN,
# and anderson_ksamp give the numbers that they give of a value larger than all others. weightedtau does
# have the parameter; its "propagate", documented as giving NaN, gives the tau of a value smaller than all
# others, which another sentence of the same page says. So for runs whose final loss should go with the
# number of wrong labels, of which the worst diverged, D is 1 and tau 0.36. A series that is nothing but
# NaN has a tau of -0.55 with ascending ones, and differs from ordinary numbers with a p-value of 0.001.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numpy as np
from scipy import stats

warnings.simplefilter("ignore")
labels = np.arange(8.0)
nan = np.nan
asked = {
    "Kendall": lambda loss: stats.kendalltau(labels, loss).statistic,
    "Spearman": lambda loss: stats.spearmanr(labels, loss).statistic,
    "Kolmogorov": lambda loss: stats.ks_2samp(labels, loss).statistic,
    "Somers": lambda loss: stats.somersd(labels, loss).statistic,
    "Anderson": lambda loss: stats.anderson_ksamp([labels, loss]).statistic,
    "weighted": lambda loss: stats.weightedtau(labels, loss, nan_policy="propagate").statistic,
}
for place in (7, 3, 0):
    loss = labels + 4
    told = {}
    for odd in (nan, 1e9, -1e9):
        loss[place] = odd
        told[odd] = {name: float(ask(loss)) for name, ask in asked.items()}
    print(f"NaN at {place}:", {name: round(value, 4) for name, value in told[nan].items()})
    for name in ("Kendall", "Spearman", "Kolmogorov"):
        assert np.isnan(told[nan][name]), name
    for name, alike in (("Somers", 1e9), ("Anderson", 1e9), ("weighted", -1e9)):
        assert told[nan][name] == told[alike][name] != told[-alike][name], (name, told)
    if place == 7:
        assert told[nan]["Somers"] == 1 and abs(told[nan]["weighted"] - 0.3595) < 1e-4, told
nothing = np.full(8, nan)
weighted = stats.weightedtau(nothing, labels, nan_policy="propagate").statistic
differs = stats.anderson_ksamp([nothing, labels]).pvalue
print("nothing but NaN: tau", weighted, "p-value", differs)
assert abs(weighted + 0.5519) < 1e-4 and differs == 0.001
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
