"""Causes that lie in single layers."""

from ingest.analysis.causes.cause import ALWAYS, HALF, NEVER, OFTEN, SELDOM, Cause
from ingest.analysis.causes.marks.gradients import first_zero
from ingest.analysis.causes.marks.layers import of_jump, of_scale, of_still

OF_LAYERS = (
    Cause(
        name="frozen-layer",
        title="Layer frozen",
        says="{layers} no longer learns.",
        counter_test=(
            "Print requires_grad and the optimizer's parameter groups: if the layer is among them, "
            "with a gradient, it is something else."
        ),
        marks={
            "filters-judged": SELDOM,
            "layer-still": ALWAYS,
            "gradient-gone": SELDOM,
            "loss-rises": SELDOM,
            "loss-beyond-chance": NEVER,
            "norm-jumps": NEVER,
            "rate-rises": SELDOM,
            "nearly-all-classes": SELDOM,
        },
        place=of_still,
        shown_by=("layer-still",),
        source="by definition: an update of exactly 0",
    ),
    Cause(
        name="layer-reinitialised",
        title="Layer re-initialised",
        says="Weights of {layers} were re-initialised.",
        counter_test=(
            "Compare the layer's weights with the checkpoint before: if they are as similar as at "
            "other snapshots, they were not."
        ),
        marks={
            "filters-judged": ALWAYS,
            "from-the-start": NEVER,
            "loss-rises": HALF,
            "norm-jumps": ALWAYS,
            "filters-turn": ALWAYS,
            "layer-scaled": NEVER,
            "rate-rises": NEVER,
            "loss-high-at-end": SELDOM,
            "layer-still": NEVER,
            "gradient-gone": SELDOM,
        },
        place=of_jump,
        source="He et al., Delving Deep into Rectifiers, ICCV 2015",
    ),
    Cause(
        name="weights-replaced",
        title="All weights replaced",
        says="All weights are others than a snapshot before: initialised again, or loaded.",
        counter_test=(
            "Compare the weights with those of the checkpoint before: if they are as similar as at "
            "other snapshots, they were not."
        ),
        marks={
            "weights-turn": ALWAYS,
            "loss-rises": OFTEN,
            "validation-worse": OFTEN,
            "resumed": HALF,
            "rate-rises": SELDOM,
            "from-the-start": NEVER,
            "layer-scaled": NEVER,
            "layer-still": NEVER,
            "gradient-gone": SELDOM,
            "one-class-hit": SELDOM,
            "loss-not-finite": NEVER,
        },
        shown_by=("weights-turn",),
        source="PyTorch documentation, Saving and Loading a General Checkpoint",
    ),
    Cause(
        name="layer-rescaled",
        title="Layer rescaled",
        says="The weights of {layers} have another scale than before, or than the other layers.",
        counter_test=(
            "Divide the layer's weights by those of the checkpoint before: if the quotient is not "
            "the same everywhere, they were not."
        ),
        marks={
            "filters-judged": HALF,
            "initial-scale": HALF,
            "first-gradient-grows": HALF,
            "norm-jumps": ALWAYS,
            "layer-scaled": OFTEN,
            "filters-turn": SELDOM,
            "rate-rises": NEVER,
            "layer-still": NEVER,
        },
        place=of_scale,
        source="van Laarhoven, L2 Regularization versus Batch and Weight Normalization, 2017",
    ),
    Cause(
        name="dead-units",
        title="Units are dead",
        says="Units of {layers} pass nothing on.",
        counter_test=(
            "Print the share of zeros in the layer's outputs over a batch: if it is as before, the "
            "units live."
        ),
        marks={
            "gradient-sparser": ALWAYS,
            "gradient-gone": HALF,
            "loss-rises": OFTEN,
            "loss-stays-high": OFTEN,
            "loss-passes": NEVER,
            "rate-rises": NEVER,
            "layer-scaled": NEVER,
            "loss-not-finite": NEVER,
        },
        place=first_zero,
        shown_by=("gradient-sparser", "gradient-gone"),
        source="Maas et al., Rectifier Nonlinearities Improve Acoustic Models, ICML 2013",
    ),
    Cause(
        name="gradient-vanishes",
        title="Gradient vanishes along the depth",
        says="Next to nothing of the gradient reaches the first layers.",
        counter_test=(
            "Print the gradient's norm of each layer: if those of the first layers are like those "
            "of the last, it is something else."
        ),
        marks={
            "gradient-vanishes": ALWAYS,
            "loss-never-fell": ALWAYS,
            "from-the-start": OFTEN,
            "gradient-gone": NEVER,
            "ratio-large": SELDOM,
            "loss-rises": SELDOM,
        },
        shown_by=("gradient-vanishes",),
        source="Glorot and Bengio, Understanding the Difficulty of Training Deep Networks, 2010",
    ),
)
