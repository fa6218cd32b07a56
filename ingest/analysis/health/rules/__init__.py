"""All rules, a file each, and their evaluation.

A rule's file has all that is known of it: what it looks at, its threshold with limits and unit, its
advice, sources and sentences, the function, and an example at which it fires. docs/rules.md is made
of them: python -m ingest.analysis.health.rules.page.
"""

from collections.abc import Mapping, Sequence

from ingest.analysis.health.finding import Finding, Names, Rule, Severity
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import Need, lacking
from ingest.analysis.health.rules import (
    anomaly,
    class_collapse,
    class_stays_wrong,
    class_worse,
    dead_filters,
    evaluation_broke,
    exploding_gradient,
    exploding_gradient_depth,
    filter_jump,
    frozen_layer,
    gpu_idle,
    initial_weights,
    layer_change,
    loss_jump,
    loss_swings,
    mass_forgetting,
    memory_grows,
    no_prediction,
    norms_together,
    not_finite,
    not_sparser,
    outside_band,
    overfitting,
    periodic_loss,
    plateau,
    rate_ends,
    rate_jump,
    rate_too_high,
    rate_too_low,
    rising_together,
    saturated_activation,
    schedule_restarted,
    slow_rank,
    softmax_twice,
    steps_together,
    too_good,
    training_broke,
    validation_jump,
    validation_worse,
    vanishing_gradient,
    waiting_for_data,
    zero_gradient,
)

# In the order in which people read them.
RULES: tuple[Rule, ...] = (
    not_finite.RULE,
    no_prediction.RULE,
    loss_jump.RULE,
    training_broke.RULE,
    loss_swings.RULE,
    periodic_loss.RULE,
    rising_together.RULE,
    overfitting.RULE,
    too_good.RULE,
    plateau.RULE,
    softmax_twice.RULE,
    rate_jump.RULE,
    schedule_restarted.RULE,
    rate_ends.RULE,
    rate_too_high.RULE,
    rate_too_low.RULE,
    initial_weights.RULE,
    norms_together.RULE,
    steps_together.RULE,
    frozen_layer.RULE,
    zero_gradient.RULE,
    exploding_gradient.RULE,
    exploding_gradient_depth.RULE,
    vanishing_gradient.RULE,
    dead_filters.RULE,
    filter_jump.RULE,
    saturated_activation.RULE,
    not_sparser.RULE,
    validation_jump.RULE,
    evaluation_broke.RULE,
    validation_worse.RULE,
    class_collapse.RULE,
    class_worse.RULE,
    class_stays_wrong.RULE,
    mass_forgetting.RULE,
    outside_band.RULE,
    waiting_for_data.RULE,
    gpu_idle.RULE,
    memory_grows.RULE,
    slow_rank.RULE,
)
# Evidence for the answer alone: what changed, without a verdict.
CHANGES: tuple[Rule, ...] = (layer_change.RULE, anomaly.RULE)
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in (*RULES, *CHANGES)}
# Of the rules that need something, the share that must have it before "healthy" is said.
LEAST_JUDGED = 1 / 3
NEEDS: Mapping[str, Need] = {need.name: need for rule in RULES for need in rule.needs}


def evaluate(
    history: History,
    names: Names,
    *,
    thresholds: Mapping[str, float] | None = None,
    rules: Sequence[Rule] = RULES,
) -> list[Finding]:
    """Return what the rules find, the most severe and strongest first.

    `thresholds` replaces those of the rules by name. A run without snapshots has no findings.
    """
    if not history.snapshots:
        return []
    limits = thresholds or {}
    found = [
        finding
        for rule in rules
        for finding in rule.check(history, limits.get(rule.name, rule.threshold), names)
    ]
    return sorted(found, key=lambda f: (-f.severity.weight, -f.strength, f.start, f.key))


def not_judged(history: History) -> dict[str, tuple[Need, ...]]:
    """Return the rules that cannot judge a run, by name, each with what the run lacks for it.

    A run without snapshots has not been evaluated; it lacks nothing yet.
    """
    if not history.snapshots:
        return {}
    found = {rule.name: lacking(history, rule.needs) for rule in RULES}
    return {name: needs for name, needs in found.items() if needs}


def too_few(history: History) -> bool:
    """Return whether too few rules could judge a run to call it healthy where they find nothing.

    Of the rules that need something of a run, LEAST_JUDGED must have it. A training loss alone, or
    one beside checkpoints, are too few: nothing is said of classes, gradients or updates. Of no
    snapshot, and of one, nothing is known that changes, whatever it holds.
    """
    if history.snapshots <= 1:
        return True
    asking = sum(bool(rule.needs) for rule in RULES)
    return asking - len(not_judged(history)) < LEAST_JUDGED * asking


def worst(findings: Sequence[Finding]) -> Severity | None:
    """Return the highest severity among findings, None where there are none."""
    listed = [f.severity for f in findings if f.severity is not Severity.INFO]
    return max(listed, key=lambda severity: severity.weight, default=None)
