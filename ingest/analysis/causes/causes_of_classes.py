"""Causes that lie in the training data of single classes: their labels and their images."""

from ingest.analysis.causes.cause import ALWAYS, HALF, NEVER, NO_LAYER, OFTEN, SELDOM, Cause
from ingest.analysis.causes.marks.classes import of_worst
from ingest.analysis.causes.marks.predicted import of_pair

OF_CLASSES = (
    Cause(
        name="labels-exchanged",
        title="Labels of two classes exchanged",
        says="The training labels of {classes} are exchanged: each is predicted as the other.",
        counter_test=(
            "Look at twenty training images of each of the two with their labels: if they are "
            "right, it is something else."
        ),
        marks={
            "loss-rises": OFTEN,
            "two-classes-hit": HALF,
            "predicted-as-each-other": ALWAYS,
            "nearly-all-classes": NEVER,
            "never-predicted": NEVER,
            "one-partner": ALWAYS,
            "errors-of-a-class": SELDOM,
            "rate-rises": SELDOM,
            **NO_LAYER,
        },
        place=of_pair,
        source="Northcutt et al., Confident Learning, JAIR 2021 (class-conditional label noise)",
    ),
    Cause(
        name="class-missing",
        title="A class is missing from training",
        says=(
            "The training sees hardly any images of {classes}: they are missing, or have the label "
            "of another class."
        ),
        counter_test="Count the labels of the batches since then: if the class occurs, it is not.",
        marks={
            "from-the-start": HALF,
            "class-judged": OFTEN,
            "gap-opens": OFTEN,
            "one-class-hit": ALWAYS,
            "never-predicted": ALWAYS,
            "loss-rises": SELDOM,
            "loss-stays-high": NEVER,
            "errors-of-a-class": NEVER,
            "partly-right": SELDOM,
            "class-recovers": SELDOM,
            "nearly-all-classes": NEVER,
            "predicted-as-each-other": NEVER,
            "rate-rises": NEVER,
            "gradients-grow": SELDOM,
            **NO_LAYER,
        },
        place=of_worst,
        source="McCloskey and Cohen, Catastrophic Interference, 1989 (what is not shown is lost)",
    ),
    Cause(
        name="class-mislabelled",
        title="A class labelled as another",
        says="The training images of {classes} have the label of one other class.",
        counter_test=(
            "Count the labels of the batches since then, and look at twenty images of the class "
            "with theirs: if they are right, it is something else."
        ),
        marks={
            "class-judged": OFTEN,
            "one-class-hit": ALWAYS,
            "one-partner": OFTEN,
            "never-predicted": ALWAYS,
            "loss-rises": OFTEN,
            "loss-stays-high": SELDOM,
            "errors-of-a-class": SELDOM,
            "partly-right": SELDOM,
            "class-recovers": SELDOM,
            "nearly-all-classes": NEVER,
            "predicted-as-each-other": NEVER,
            "rate-rises": NEVER,
            **NO_LAYER,
        },
        place=of_worst,
        shown_by=("one-partner",),
        # Whole classes are left out more often than they are all named otherwise.
        prior=0.7,
        source="Northcutt et al., Confident Learning, JAIR 2021 (class-conditional label noise)",
    ),
    Cause(
        name="class-corrupted",
        title="Images of a class corrupted",
        says="The images of {classes} are corrupted.",
        counter_test=(
            "Look at images of the class as the network gets them, of training and of validation: "
            "if they look like the class, it is not."
        ),
        marks={
            "class-judged": OFTEN,
            "loss-rises": HALF,
            "one-class-hit": ALWAYS,
            "nearly-all-classes": NEVER,
            "predicted-as-each-other": NEVER,
            "loss-at-chance": NEVER,
            "rate-rises": NEVER,
            "loss-high-at-end": SELDOM,
            "errors-of-a-class": SELDOM,
            **NO_LAYER,
        },
        place=of_worst,
        source="Hendrycks and Dietterich, Benchmarking Robustness to Corruptions, ICLR 2019",
    ),
    Cause(
        name="label-noise",
        title="Label noise in a class",
        says="A part of the training images of {classes} has wrong labels.",
        counter_test=(
            "Sort the training images of the class by their loss and look at the highest twenty: "
            "if their labels are right, it is something else."
        ),
        marks={
            "class-judged": OFTEN,
            "one-class-hit": OFTEN,
            "loss-stays-high": HALF,
            "errors-of-a-class": OFTEN,
            "loss-swings": HALF,
            "loss-rises": OFTEN,
            "nearly-all-classes": NEVER,
            "predicted-as-each-other": NEVER,
            "validation-breaks": NEVER,
            "loss-at-chance": NEVER,
            "rate-rises": NEVER,
            "loss-beyond-chance": NEVER,
            **NO_LAYER,
        },
        place=of_worst,
        source="Zhang et al., Understanding Deep Learning Requires Rethinking Generalization, 2017",
    ),
)
