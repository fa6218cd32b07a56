"""Causes that lie in all training data: images, their order and what is done to them."""

from ingest.analysis.causes.cause import ALWAYS, HALF, NEVER, NO_LAYER, OFTEN, SELDOM, Cause

# What data alone do not do to gradients.
_SOUND_GRADIENT = {
    "gradient-gone": NEVER,
    "gradients-added-up": NEVER,
    "gradients-held": NEVER,
}

OF_DATA = (
    Cause(
        name="inputs-corrupted",
        title="All training inputs corrupted",
        says=(
            "The training inputs no longer go with their labels: the loss is near what guessing "
            "costs."
        ),
        counter_test=(
            "Look at a batch as the network gets it, with its labels; or train on a single batch: "
            "if the loss falls to 0 there, the inputs are sound."
        ),
        marks={
            "loss-never-fell": OFTEN,
            "loss-high-at-end": OFTEN,
            "loss-at-chance": OFTEN,
            "loss-rises": ALWAYS,
            "loss-stays-high": ALWAYS,
            "validation-below-training": OFTEN,
            "rate-rises": NEVER,
            "one-class-hit": SELDOM,
            "steps-larger-than-rate": OFTEN,
            "loss-not-finite": NEVER,
            "loss-creeps": NEVER,
            **_SOUND_GRADIENT,
            **NO_LAYER,
        },
        source="Zhang et al., Understanding Deep Learning Requires Rethinking Generalization, 2017",
    ),
    Cause(
        name="inputs-unnormalised",
        title="Inputs not normalised",
        says="The training inputs have another scale or mean than before.",
        counter_test=(
            "Print mean and standard deviation of a training and of a validation batch: if they "
            "are those from before, it is something else."
        ),
        marks={
            "validation-loss-jumps": OFTEN,
            "validation-breaks": HALF,
            "validation-stays-worse": HALF,
            "validation-worse-at-end": OFTEN,
            "validation-worse": OFTEN,
            "loss-rises": OFTEN,
            "nearly-all-classes": ALWAYS,
            "first-gradient-grows": HALF,
            "loss-at-chance": SELDOM,
            "rate-rises": NEVER,
            "one-class-hit": SELDOM,
            "resumed": SELDOM,
            "loss-passes": NEVER,
            "loss-creeps": NEVER,
            **_SOUND_GRADIENT,
            **NO_LAYER,
        },
        source="LeCun et al., Efficient BackProp, 1998, 4.3 (normalising the inputs)",
    ),
    Cause(
        name="wrong-augmentation",
        title="Wrong augmentation",
        says="The training images are changed otherwise than before, and too much.",
        counter_test=(
            "Look at a batch as the network gets it: if a person names its classes easily, the "
            "augmentation is not it."
        ),
        marks={
            "loss-high-at-end": HALF,
            "gradients-grow": HALF,
            "loss-rises": ALWAYS,
            "loss-stays-high": ALWAYS,
            "validation-below-training": OFTEN,
            "validation-breaks": SELDOM,
            "loss-beyond-chance": SELDOM,
            "loss-passes": NEVER,
            "loss-creeps": NEVER,
            **_SOUND_GRADIENT,
            "rate-rises": NEVER,
            "one-class-hit": SELDOM,
            "predicted-as-each-other": SELDOM,
            **NO_LAYER,
        },
        source="Shorten and Khoshgoftaar, A Survey on Image Data Augmentation, 2019 (label safety)",
    ),
    Cause(
        name="bad-batches",
        title="A few bad batches",
        says=(
            "A few steps threw the training back, and it recovered by itself: their batches were "
            "bad, or the steps too large for them."
        ),
        counter_test=(
            "Go back to the snapshot before and leave out the batches of these iterations: if the "
            "loss rises all the same, it is no batch."
        ),
        marks={
            "loss-passes": ALWAYS,
            "loss-judged": ALWAYS,
            "loss-rises": OFTEN,
            "loss-creeps": NEVER,
            "loss-high-at-end": SELDOM,
            "validation-worse-at-end": SELDOM,
            "from-the-start": NEVER,
            "resumed": SELDOM,
            "rate-rises": NEVER,
            "one-class-hit": SELDOM,
            "predicted-as-each-other": NEVER,
            "loss-not-finite": NEVER,
            "filters-turn": SELDOM,
            "weights-turn": NEVER,
            "one-gradient-grows": SELDOM,
            "gradient-gone": SELDOM,
            "norm-jumps": SELDOM,
            "layer-scaled": NEVER,
            "layer-still": NEVER,
        },
        shown_by=("loss-passes",),
        source="Chowdhery et al., PaLM, JMLR 2023, 5.1 (loss spikes, and batches left out)",
    ),
    Cause(
        name="leak",
        title="Validation images in the training",
        says="The network is trained on validation images, or on duplicates of them.",
        counter_test=(
            "Hash the images of both sets and look for equal ones; or take the index lists of the "
            "split: if they have nothing in common, it is something else."
        ),
        marks={
            "gap-closes": ALWAYS,
            "validation-worse": NEVER,
            "loss-high-at-end": SELDOM,
            "rate-rises": NEVER,
            "one-class-hit": NEVER,
            "gap-opens": NEVER,
            "rate-falls": SELDOM,
            **NO_LAYER,
        },
        source="Kaufman et al., Leakage in Data Mining, TKDD 2012",
    ),
    Cause(
        name="data-order",
        title="Data in a fixed order",
        says="The training images come in order, of class or of source, not at random.",
        counter_test=(
            "Print the labels of ten batches on end, or set shuffle=True: if the loss swings as "
            "before, it is something else."
        ),
        marks={
            "loss-swings": HALF,
            "gradients-grow": OFTEN,
            "loss-periodic": ALWAYS,
            "rate-rises": SELDOM,
            "loss-not-finite": NEVER,
        },
        shown_by=("loss-periodic", "loss-swings"),
        source="Bengio, Practical Recommendations for Gradient-Based Training, 2012, 3.1",
    ),
    Cause(
        name="duplicated-batches",
        title="The same batches again and again",
        says="The training sees the same few batches again and again.",
        counter_test=(
            "Count the different images of the last epoch: if there are as many as in the set, it "
            "is something else."
        ),
        marks={
            "gradients-shrink": HALF,
            "loss-falls": OFTEN,
            "gap-opens": OFTEN,
            "gradients-grow": NEVER,
            "validation-better": NEVER,
            "loss-rises": SELDOM,
            "loss-stays-high": NEVER,
            "rate-rises": NEVER,
            "rate-falls": SELDOM,
            "loss-beyond-chance": NEVER,
            **NO_LAYER,
        },
        shown_by=("gap-opens",),
        source="Lee et al., Deduplicating Training Data Makes Language Models Better, ACL 2022",
    ),
)
