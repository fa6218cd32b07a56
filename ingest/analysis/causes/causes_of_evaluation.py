"""Causes that show between training and validation."""

from ingest.analysis.causes.cause import ALWAYS, HALF, NEVER, OFTEN, SELDOM, Cause
from ingest.analysis.causes.marks.classes import of_worst

OF_EVALUATION = (
    Cause(
        name="validation-differs",
        title="Validation differs from training",
        says=(
            "Validation images are not treated as training images are, or are of another kind: "
            "they were wrong much more often from the first epoch on."
        ),
        counter_test=(
            "Evaluate training images with the code of the validation: if they are as good as in "
            "training, the network learns by heart, or the validation images are of another kind."
        ),
        marks={
            "gap-from-first-epoch": ALWAYS,
            "gap-judged": ALWAYS,
            "loss-rises": SELDOM,
            "validation-below-training": NEVER,
            "rate-rises": SELDOM,
            "one-class-hit": SELDOM,
            "loss-never-fell": SELDOM,
        },
        shown_by=("gap-from-first-epoch",),
        source="Breck et al., The ML Test Score, IEEE Big Data 2017 (training/serving skew)",
    ),
    Cause(
        name="labels-shuffled",
        title="Labels do not go with their images",
        says=(
            "The training labels do not go with their images: the network learns them by heart, "
            "and nothing of it holds for validation images."
        ),
        counter_test=(
            "Look at twenty training images with their labels, as the network gets them: if they "
            "are right, look at twenty validation images."
        ),
        marks={
            "validation-never-right": ALWAYS,
            "gap-from-first-epoch": NEVER,
            "gap-judged": ALWAYS,
            "loss-rises": SELDOM,
            "rate-rises": SELDOM,
            "one-class-hit": SELDOM,
        },
        shown_by=("validation-never-right",),
        source="Zhang et al., Understanding Deep Learning Requires Rethinking Generalization, 2017",
    ),
    Cause(
        name="validation-mislabelled",
        title="Validation labels wrong",
        says=(
            "Validation images of {classes} are of another class: the training knows the class, "
            "and most of its wrong images are predicted as one other."
        ),
        counter_test=(
            "Look at the wrong images of the class: if they are what their label says, look for "
            "what differs from the training images of the class."
        ),
        marks={
            "class-judged": OFTEN,
            "from-the-start": ALWAYS,
            "training-knows": ALWAYS,
            "one-partner": ALWAYS,
            "never-predicted": NEVER,
            "partly-right": OFTEN,
            "loss-rises": NEVER,
            "nearly-all-classes": NEVER,
            "predicted-as-each-other": NEVER,
            "rate-rises": SELDOM,
            "layer-still": NEVER,
            "norm-jumps": SELDOM,
        },
        place=of_worst,
        shown_by=("training-knows",),
        source="Northcutt et al., Pervasive Label Errors in Test Sets, NeurIPS 2021",
    ),
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
        shown_by=("evaluation-alone", "validation-worse", "validation-stays-worse"),
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
            "gap-from-first-epoch": NEVER,
            "validation-never-right": NEVER,
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
