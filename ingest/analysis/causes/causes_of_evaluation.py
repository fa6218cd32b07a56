"""Causes that show between training and validation."""

from ingest.analysis.causes.cause import ALWAYS, HALF, NEVER, OFTEN, SELDOM, Cause

OF_EVALUATION = (
    Cause(
        name="evaluation-broken",
        title="Only the evaluation is broken",
        says=(
            "The training goes on as before; only the evaluation is broken: statistics of "
            "normalisation layers, or the evaluation mode."
        ),
        counter_test=(
            "Evaluate on training images in the same way: if they are as good as in training, the "
            "evaluation is sound and the network is worse on new images."
        ),
        marks={
            "evaluation-alone": OFTEN,
            "validation-stays-worse": ALWAYS,
            "gap-opens": ALWAYS,
            "validation-worse": ALWAYS,
            "validation-breaks": OFTEN,
            "nearly-all-classes": ALWAYS,
            "validation-loss-jumps": ALWAYS,
            "loss-rises": NEVER,
            "loss-stays-high": NEVER,
            "steps-larger-than-rate": SELDOM,
            "gradients-grow": SELDOM,
            "rate-rises": NEVER,
            "one-class-hit": SELDOM,
            "norm-jumps": NEVER,
            "filters-turn": SELDOM,
            "layer-still": NEVER,
            "one-class-predicted": HALF,
        },
        source="Ioffe and Szegedy, Batch Normalization, ICML 2015 (statistics at inference)",
    ),
    Cause(
        name="overfitting",
        title="Overfitting",
        says="The network learns its training images by heart.",
        counter_test=(
            "Train on with twice the images, or with weight decay or augmentation: if the gap "
            "stays, it is something else."
        ),
        marks={
            "gap-judged": OFTEN,
            "evaluation-alone": SELDOM,
            "gap-opens": ALWAYS,
            "loss-rises": SELDOM,
            "loss-falls": SELDOM,
            "validation-breaks": NEVER,
            "validation-below-training": NEVER,
            "rate-rises": SELDOM,
            "one-class-hit": SELDOM,
            "loss-never-fell": NEVER,
            "norm-jumps": NEVER,
            "gradients-grow": SELDOM,
        },
        source="Goodfellow et al., Deep Learning, 2016, 5.2; Prechelt, Early Stopping, 1998",
    ),
)
