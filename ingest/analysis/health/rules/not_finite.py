"""NaN or Inf: values of a layer, or the loss, are no longer finite."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health.example import AT, healthy, layer_statistic
from ingest.analysis.health.finding import Chart, Finding, Names, Rule, Severity
from ingest.analysis.health.history import History
from ingest.analysis.health.sentences import Said, declare, join, say

_QUANTITIES = ("weight", "gradient", "update", "activation")
# log10 of how many times more than the others a layer must have grown to be the one.
_GREW = 0.5
_MOST = 1e12  # no layer has more weights, whatever a log says
declare(
    {
        "loss-not-finite": "The training loss is NaN or Inf by iteration {iteration}.",
        "loss-not-finite-after": (
            "The training loss is NaN or Inf by iteration {iteration}; {layer} had grown most."
        ),
        "all-not-finite": (
            "Every layer holds NaN or Inf by iteration {iteration}; {layer} had grown most before."
        ),
        "all-not-finite-at-once": (
            "Every layer holds NaN or Inf by iteration {iteration}, at the same snapshot; which of "
            "them was first cannot be told."
        ),
        "first-loss-not-finite": (
            "The training loss was logged as NaN or Inf first at iteration {iteration}."
        ),
        "layer-not-finite": "NaN or Inf by iteration {iteration}, first in {layer}.",
    }
)


def not_finite(history: History, threshold: float, names: Names) -> list[Finding]:
    """The first snapshot at which a layer or the loss holds NaN or Inf, and where it began."""
    count = _counts(history)  # [L, T]
    bad = count >= threshold
    loss = _first_bad_loss(history)
    layers_bad = np.flatnonzero(bad.any(axis=0))
    at = int(layers_bad[0]) if len(layers_bad) else None
    if loss is not None and (at is None or loss < at):
        at = loss
    if at is None:
        return []
    layers = _first_layers(history, at, bad[:, at])
    lasting = bool(bad[:, -1].any()) or _first_bad_loss(history, since=-1) is not None
    weights = bool(_counts(history, ("weight",))[:, at:].any())
    share = bad[:, at].mean() if len(bad) else 0.0
    what = _what(history, at, names, layers, float(share))
    exact = _first_logged(history)
    if exact is not None and layers_bad.size:
        what = join([what, say("first-loss-not-finite", iteration=f"{exact:,}")])
    between = exact is not None and at > 0
    between = between and history.iteration[at - 1] < (exact or 0) <= history.iteration[at]
    return [
        Finding(
            "not-finite",
            # Mixed precision skips single steps whose gradients overflow: weights stay whole.
            Severity.HIGH if lasting or weights else Severity.MEDIUM,
            start=int(history.iteration[at]),
            end=None if lasting else int(history.iteration[at]),
            strength=100.0 if lasting or weights else 3.0,
            value=float(count[:, at].sum()),
            layers=tuple(int(i) for i in layers),
            text=what,
            once=True,
            exact=exact if between else None,
            chart=Chart(
                "layers with NaN or Inf",
                tuple(int(i) for i in history.iteration),
                tuple(float(v) for v in bad.sum(axis=0)),
            ),
        )
    ]


def _counts(history: History, quantities: tuple[str, ...] = _QUANTITIES) -> NDArray[np.float64]:
    """Return how many values of each layer are NaN or Inf, f8 [L, T].

    A norm that is Inf is one too: its values were finite, but too large for float32.
    """
    total = np.zeros((len(history.parameters), history.snapshots))
    for quantity in quantities:
        for statistic in ("nan_count", "inf_count"):
            total += np.nan_to_num(history.layer(quantity, statistic), posinf=_MOST).clip(0, _MOST)
        if (quantity, "l2") in history.layers:
            total += np.isinf(history.layer(quantity, "l2"))
    return total


def _first_bad_loss(history: History, *, since: int | None = None) -> int | None:
    """Return the snapshot by which a NaN or Inf was logged as training loss; None for none."""
    logged = history.logged.get("train_loss")
    if logged is None:
        return None
    values = logged.values if since is None else logged.values[since:]
    iterations = logged.iterations if since is None else logged.iterations[since:]
    odd = np.flatnonzero(~np.isfinite(values))
    if not len(odd):
        return None
    at = int(np.searchsorted(history.iteration, iterations[odd[0]]))
    return at if at < history.snapshots else None


def _first_logged(history: History) -> int | None:
    """Return the iteration at which the logged training loss was first NaN or Inf, or None."""
    logged = history.logged.get("train_loss")
    odd = np.flatnonzero(~np.isfinite(logged.values)) if logged is not None else np.zeros(0, int)
    return int(logged.iterations[odd[0]]) if logged is not None and len(odd) else None


def _first_layers(history: History, at: int, bad: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the layers in the order in which they are suspected, at most three.

    Weights that are not finite before any gradient is were made so themselves. Outputs spoil those
    that come after them, gradients those before. Where that decides nothing, the layer whose update
    or weight had grown most, if it had grown clearly more than the others: what explodes grows
    before. None where all are alike.
    """
    layers = np.arange(len(bad))
    if not len(bad):
        return layers
    weights, gradients, outputs = (
        _counts(history, (name,))[:, at] > 0 for name in ("weight", "gradient", "activation")
    )
    seen = weights if weights.any() else outputs
    if not gradients.any() and seen.any() and not seen.all():
        return np.flatnonzero(seen)[:3]
    growth = np.zeros(len(bad))
    for values in (history.layer("weight", "l2"), history.layer("update", "l2")):
        growth = np.maximum(growth, _growth(values))
    candidates = layers[bad] if bad.any() else layers
    ends = int(candidates[-1])
    if bad.any() and not bad.all() and bad[: ends + 1].all():
        # All before it: the gradient was spoiled there, or by the weights of the next one.
        candidates = np.append(candidates[::-1], ends + 1)
        first = ends + 1 if growth[ends + 1] > growth[ends] + _GREW / 2 else ends
        return np.append([first], candidates[candidates != first])[:3]
    order = candidates[np.argsort(-growth[candidates], kind="stable")]
    alike = bad.all() or not bad.any()
    if alike and len(order) > 1 and growth[order[0]] < growth[order[1]] + _GREW:
        return layers[:0]
    return order[:3]


def _growth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log10 of the largest finite value over the median of the finite ones, f8 [L]."""
    found = np.zeros(len(values))
    for row, series in enumerate(values):
        finite = series[np.isfinite(series) & (series > 0)]
        if len(finite):
            found[row] = np.log10(finite.max() / np.median(finite))
    return found


def _what(history: History, at: int, names: Names, layers: NDArray[np.int64], share: float) -> Said:
    iteration = f"{history.iteration[at]:,}"
    if not len(layers):
        at_once = "all-not-finite-at-once" if share > 0 else "loss-not-finite"
        return say(at_once, iteration=iteration)
    first = names.layer(int(layers[0]))
    if share >= 1.0:
        return say("all-not-finite", iteration=iteration, layer=first)
    if share == 0.0:
        return say("loss-not-finite-after", iteration=iteration, layer=first)
    return say("layer-not-finite", iteration=iteration, layer=first)


def _example() -> History:
    """A layer whose gradient holds NaN, and all layers after it."""
    nan = layer_statistic("gradient", "nan_count")
    nan[1, AT:] = 3
    nan[:, AT + 1 :] = 3
    return healthy(layers={("gradient", "nan_count"): nan})


RULE = Rule(
    name="not-finite",
    title="NaN or Inf",
    meaning="Values of a layer, or the loss, are no longer finite.",
    looks_at=(
        "Counts of NaN and Inf of every layer's weights, gradients, updates and outputs, norms "
        "that overflow float32, and the logged training loss. The layers named are those that "
        "hold them first: weights before any gradient, else outputs in the order of the layers, "
        "else gradients from the output back; where all do at once, those whose weights or updates "
        "had grown clearly more than the others before, and none where no layer had. The first "
        "iteration is that of the logged loss."
    ),
    threshold=1,
    unit="non-finite value",
    low=1,
    high=1e9,
    severities=(
        "high where weights or the loss stay so; medium for steps that mixed precision skipped"
    ),
    advice=(
        "Go back to the last snapshot before it; lower the learning rate, clip gradients, or "
        "check the layer that is named for a division by zero or a logarithm of zero."
    ),
    source="IEEE 754; Micikevicius et al., Mixed Precision Training, ICLR 2018 (skipped steps)",
    view="layers",
    may_cause=True,
    check=not_finite,
    example=_example,
)
