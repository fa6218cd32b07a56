"""All rules with their thresholds, units and sources, and their evaluation."""

from collections.abc import Mapping, Sequence

from ingest.analysis.health import (
    activations,
    classes,
    filters,
    gradients,
    layers,
    numbers,
    training,
)
from ingest.analysis.health.finding import Finding, Names, Rule, Severity
from ingest.analysis.health.history import History

_ROBUST = "Hampel, The Influence Curve and its Role in Robust Estimation, JASA 1974 (MAD)"
_KARPATHY = "Karpathy, CS231n notes, Ratio of weights:updates: about 1e-3"
_PAPER = "Liu et al., DeepTracker, ACM TIST 2018"
_GLOROT = "Glorot and Bengio, Understanding the Difficulty of Training Deep Networks, AISTATS 2010"
_PASCANU = "Pascanu et al., On the Difficulty of Training Recurrent Neural Networks, ICML 2013"
_TONEVA = "Toneva et al., An Empirical Study of Example Forgetting, ICLR 2019"

RULES: tuple[Rule, ...] = (
    Rule(
        "not-finite",
        "NaN or Inf",
        "Values of a layer, or the loss, are no longer finite.",
        1,
        "non-finite value",
        1,
        1e9,
        "Go back to the last snapshot before it; lower the learning rate, clip gradients, or check "
        "the layer that is named for a division by zero or a logarithm of zero.",
        "IEEE 754; Micikevicius et al., Mixed Precision Training, ICLR 2018 (skipped steps)",
        numbers.not_finite,
        "layers",
    ),
    Rule(
        "loss-jump",
        "Training loss jumped",
        "The training loss is suddenly far above what it was.",
        3,
        "usual steps of its logarithm",
        2,
        100,
        "Look at what changed there: data, labels, learning rate, code. The classes and layers "
        "beside it tell which.",
        _ROBUST,
        training.loss_jump,
        "overview",
    ),
    Rule(
        "loss-swings",
        "Training loss swings",
        "The training loss goes up and down by a factor, again and again.",
        2,
        "times",
        1.2,
        100,
        "Lower the learning rate or use larger batches.",
        "Goodfellow et al., Deep Learning, 2016, 11.4 and 8.3; " + _PAPER,
        training.loss_swings,
        "overview",
    ),
    Rule(
        "rising-together",
        "Loss and error rise",
        "Training loss and training error should fall together; both stay above their best.",
        0.05,
        "share of images",
        0.005,
        1,
        "The training is getting worse: go back to an earlier snapshot, lower the learning rate, "
        "and check whether the data changed.",
        _PAPER,
        training.rising_together,
        "overview",
    ),
    Rule(
        "overfitting",
        "Overfitting",
        "Validation images go wrong much more often than training images.",
        0.1,
        "share of images",
        0.01,
        1,
        "Stop near the iteration named, or use more data, augmentation, weight decay or dropout.",
        "Prechelt, Early Stopping - But When?, 1998; Goodfellow et al., Deep Learning, 2016, 5.2",
        training.overfitting,
        "overview",
    ),
    Rule(
        "plateau",
        "Nothing is learned",
        "The training loss stays where it began.",
        0.2,
        "share of the first loss",
        0.01,
        0.9,
        "Check that gradients reach every layer, the scale of the inputs and weights, and try a "
        "higher learning rate.",
        "Glorot and Bengio, AISTATS 2010 (plateaus of saturated networks)",
        training.plateau,
        "overview",
    ),
    Rule(
        "rate-jump",
        "Learning rate jumped",
        "The learning rate is suddenly far above every earlier one.",
        3,
        "times",
        1.1,
        1000,
        "Check the schedule and what a resumed training loaded.",
        "Smith, Cyclical Learning Rates, WACV 2017 (rates of one cycle differ 3 to 4 times)",
        training.rate_jump,
        "overview",
    ),
    Rule(
        "rate-too-high",
        "Steps too large",
        "A layer's update is large against its weights, and stays so.",
        30,
        "times 1e-3",
        1,
        10_000,
        "Lower the learning rate, at least for the layers named, or warm it up.",
        _KARPATHY,
        layers.rate_too_high,
        "layers",
    ),
    Rule(
        "rate-too-low",
        "Steps too small",
        "A layer's update is small against its weights while the learning rate is at its highest.",
        30,
        "times below 1e-3",
        1,
        10_000,
        "Raise the learning rate, or find out why so little gradient reaches the layers named.",
        _KARPATHY,
        layers.rate_too_low,
        "layers",
    ),
    Rule(
        "initial-weights",
        "Initial weights",
        "First weights are badly scaled, all equal, or far from Gaussian.",
        4,
        "times the other layers' std x sqrt(inputs)",
        1.5,
        1000,
        "Initialise the layer like the others: He et al. for ReLU, Glorot for tanh and sigmoid.",
        f"He et al., Delving Deep into Rectifiers, ICCV 2015; {_GLOROT}; {_PAPER}",
        layers.initial_weights,
        "layers",
    ),
    Rule(
        "frozen-layer",
        "Layer frozen",
        "Steps leave a layer exactly as it was while others learn.",
        3,
        "snapshots",
        1,
        10_000,
        "Check requires_grad, the optimizer's parameter groups and any detach() before the layer.",
        "by definition: an update of exactly 0",
        layers.frozen_layer,
        "layers",
    ),
    Rule(
        "exploding-gradient",
        "Gradient explodes",
        "The gradient of a layer is many times what it ever was before.",
        10,
        "times its largest so far",
        2,
        1e6,
        "Clip gradients, lower the learning rate, and look at the data of that iteration.",
        _PASCANU,
        gradients.exploding_gradient,
        "layers",
    ),
    Rule(
        "exploding-gradient-depth",
        "Gradient explodes along depth",
        "The gradient grows from the last layers to the first.",
        1000,
        "times",
        10,
        1e9,
        "Check initial weights and normalisation; clip gradients.",
        f"{_GLOROT}; {_PASCANU}",
        gradients.exploding_along_depth,
        "layers",
    ),
    Rule(
        "vanishing-gradient",
        "Gradient vanishes",
        "Almost no gradient reaches the first layers.",
        1000,
        "times",
        10,
        1e9,
        "Use rectifiers, normalisation or skip connections; check initial weights.",
        f"{_GLOROT}; {_PASCANU}",
        gradients.vanishing_gradient,
        "layers",
    ),
    Rule(
        "dead-filters",
        "Dead filters",
        "Filters of a layer no longer receive any gradient.",
        0.1,
        "share of the layer's filters",
        0.01,
        1,
        "Lower the learning rate, start from He initialisation, or use a leaky rectifier.",
        "Maas et al., Rectifier Nonlinearities Improve Acoustic Models, ICML 2013; CS231n notes",
        filters.dead_filters,
        "layers",
    ),
    Rule(
        "filter-jump",
        "Filters changed suddenly",
        "Single filters change suddenly, far more than any filter of their layer did before.",
        8,
        "times the usual largest change of their layer",
        2,
        1e6,
        "Check whether weights were loaded, initialised or pruned there.",
        f"{_PAPER}; {_ROBUST}",
        filters.filter_jump,
        "layers",
    ),
    Rule(
        "saturated-activation",
        "Output saturated",
        "A layer's output is (almost) all zeros, or the same for every image.",
        0.99,
        "share of zeros",
        0.5,
        1,
        "The layer passes nothing on: check its bias, its initial weights, the learning rate.",
        _GLOROT,
        activations.saturated_activation,
        "layers",
    ),
    Rule(
        "not-sparser",
        "Outputs not sparser with depth",
        "Higher layers are expected to respond to fewer images than the first.",
        0.2,
        "share of outputs",
        0.01,
        1,
        "Often harmless; look at the deep layers if the error is high too.",
        _PAPER,
        activations.not_sparser,
        "layers",
    ),
    Rule(
        "class-collapse",
        "Class collapsed",
        "The error of a class that had been learned rises suddenly and stays high.",
        0.3,
        "share of the class's images",
        0.02,
        1,
        "Open the class in the validation view: what are its images predicted as? Check its "
        "training and validation data at that iteration.",
        f"{_PAPER}; {_ROBUST}",
        classes.class_collapse,
        "validation",
    ),
    Rule(
        "mass-forgetting",
        "Images forgotten suddenly",
        "A large share of all validation images goes wrong within one snapshot.",
        0.1,
        "share of all images",
        0.005,
        1,
        "Compare the layers and the learning rate at that iteration.",
        f"{_TONEVA}; {_ROBUST}",
        classes.mass_forgetting,
        "validation",
    ),
)

# Evidence for the answer alone: what changed, without a verdict.
CHANGES: tuple[Rule, ...] = (
    Rule(
        "layer-change",
        "Layer steps differently",
        "A layer's step, against those of the others, suddenly differs from what it was.",
        6,
        "usual steps of its logarithm",
        2,
        100,
        "",
        _ROBUST,
        layers.layer_change,
        "layers",
    ),
    Rule(
        "anomaly",
        "Stable images flipped",
        "Images of a class flip after having been stable for a long time.",
        1,
        "times the images that make a class anomalous",
        0.5,
        10,
        "",
        _PAPER,
        classes.anomaly,
        "validation",
    ),
)
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in (*RULES, *CHANGES)}


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


def worst(findings: Sequence[Finding]) -> Severity | None:
    """Return the highest severity among findings, None where there are none."""
    listed = [f.severity for f in findings if f.severity is not Severity.INFO]
    return max(listed, key=lambda severity: severity.weight, default=None)
