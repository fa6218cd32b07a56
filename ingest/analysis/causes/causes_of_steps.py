"""Causes that lie in the steps: learning rate, schedule, optimizer, weight decay."""

from ingest.analysis.causes.cause import ALWAYS, HALF, NEVER, OFTEN, SELDOM, Cause
from ingest.analysis.causes.marks.gradients import of_gradient
from ingest.analysis.causes.marks.layers import of_findings

OF_STEPS = (
    Cause(
        name="rate-jump",
        title="Learning rate jumped",
        says="The learning rate jumped.",
        counter_test="Read the logged rate around it: if it is as planned, it is something else.",
        marks={
            "rate-rises": ALWAYS,
            "rate-highest": ALWAYS,
            "steps-larger": ALWAYS,
            "loss-rises": OFTEN,
            "rate-begun-anew": NEVER,
            "from-the-start": NEVER,
            "resumed": SELDOM,
        },
        source="Smith, Cyclical Learning Rates, WACV 2017",
    ),
    Cause(
        name="schedule-lost",
        title="Schedule lost at a resume",
        says="The schedule of the learning rate started again.",
        counter_test=(
            "Print the scheduler's last_epoch after loading: if it is the iteration of the "
            "checkpoint, it is something else."
        ),
        marks={
            "rate-begun-anew": ALWAYS,
            "rate-rises": ALWAYS,
            "rate-highest": NEVER,
            "resumed": OFTEN,
            "steps-larger": OFTEN,
            "loss-rises": HALF,
            "from-the-start": NEVER,
        },
        source="PyTorch documentation, Saving and Loading a General Checkpoint",
    ),
    Cause(
        name="optimizer-state-lost",
        title="Optimizer state lost",
        says="The optimizer forgot its moments: it started again, the learning rate did not.",
        counter_test=(
            "Compare optimizer.state_dict()['state'] after loading with the checkpoint's: if they "
            "are equal, it is something else."
        ),
        marks={
            "steps-larger-than-rate": OFTEN,
            "rate-rises": SELDOM,
            "resumed": HALF,
            "loss-stays-high": SELDOM,
            "loss-at-chance": NEVER,
            "loss-beyond-chance": NEVER,
            "gradients-grow": SELDOM,
            "norm-jumps": SELDOM,
            "loss-high-at-end": NEVER,
            "filters-turn": SELDOM,
            "from-the-start": NEVER,
            "one-class-hit": SELDOM,
        },
        source="Kingma and Ba, Adam, ICLR 2015 (bias correction of the first steps)",
    ),
    Cause(
        name="rate-too-high",
        title="Learning rate too high",
        says="The learning rate is too high for this network.",
        counter_test="Train 200 iterations at a tenth of it: if the loss is no lower, it is not.",
        marks={
            "from-the-start": OFTEN,
            "ratio-large": ALWAYS,
            "loss-never-fell": HALF,
            "loss-swings": HALF,
            "loss-not-finite": SELDOM,
            "rate-rises": SELDOM,
            "one-class-hit": SELDOM,
            "gap-opens": SELDOM,
        },
        source="Karpathy, CS231n notes, Ratio of weights:updates: about 1e-3",
    ),
    Cause(
        name="rate-too-low",
        title="Learning rate too low",
        says="The learning rate is too low: the weights hardly move.",
        counter_test="Train 200 iterations at ten times of it: if the loss is no lower, it is not.",
        marks={
            "from-the-start": ALWAYS,
            "ratio-small": ALWAYS,
            "ratio-large": NEVER,
            "loss-never-fell": OFTEN,
            "loss-rises": SELDOM,
            "loss-swings": SELDOM,
            "loss-beyond-chance": NEVER,
            "gap-opens": NEVER,
            "gradient-gone": NEVER,
            "gradients-held": NEVER,
        },
        shown_by=("ratio-small",),
        source="Karpathy, CS231n notes, Ratio of weights:updates: about 1e-3",
    ),
    Cause(
        name="schedule-too-short",
        title="Schedule too short",
        says="The schedule of the learning rate ends long before the training does.",
        counter_test=(
            "Print the rate at the end of the first epochs: if it is as planned, it is something "
            "else. A scheduler that steps at every batch is the usual reason."
        ),
        marks={
            "rate-ended": ALWAYS,
            "rate-rises": SELDOM,
            "loss-rises": SELDOM,
            "one-class-hit": SELDOM,
        },
        shown_by=("rate-ended",),
        source="PyTorch documentation, torch.optim: How to adjust learning rate",
    ),
    Cause(
        name="softmax-twice",
        title="Softmax taken twice",
        says="The loss takes the softmax of what is a softmax already.",
        counter_test=(
            "Print the sums of some outputs that go into the loss: if they are not 1, it is "
            "something else."
        ),
        marks={
            "loss-at-softmax-floor": ALWAYS,
            "loss-never-fell": HALF,
            "loss-rises": SELDOM,
            "rate-rises": SELDOM,
        },
        shown_by=("loss-at-softmax-floor",),
        source="PyTorch documentation, CrossEntropyLoss: the input holds unnormalised logits",
    ),
    Cause(
        name="decay-too-strong",
        title="Weight decay too strong",
        says="Weight decay pulls all weights towards 0 faster than they are learned.",
        counter_test="Train on without weight decay: if the norms shrink all the same, it is not.",
        marks={
            "loss-never-fell": HALF,
            "loss-high-at-end": OFTEN,
            "ratio-large": OFTEN,
            "loss-stays-high": HALF,
            "norms-shrink": ALWAYS,
            "norm-jumps": SELDOM,
            "rate-rises": NEVER,
            "one-class-hit": SELDOM,
            "loss-not-finite": NEVER,
            "loss-beyond-chance": NEVER,
            "gradient-gone": NEVER,
            "gradients-held": NEVER,
            "gradient-vanishes": NEVER,
        },
        shown_by=("norms-shrink",),
        source="Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019",
    ),
    Cause(
        name="gradient-explosion",
        title="Gradient exploded",
        says="The gradient of {layers} exploded.",
        counter_test=(
            "Go back to the snapshot before, clip gradients to ten times their usual norm and go "
            "on: if the loss jumps all the same, it is something else."
        ),
        marks={
            "filters-judged": HALF,
            "norm-jumps": OFTEN,
            "loss-stays-high": OFTEN,
            "validation-breaks": OFTEN,
            "one-gradient-grows": ALWAYS,
            "gradients-grow": OFTEN,
            "gradients-added-up": NEVER,
            "loss-rises": ALWAYS,
            "loss-beyond-chance": OFTEN,
            "steps-larger-than-rate": ALWAYS,
            "rate-rises": SELDOM,
            "one-class-hit": SELDOM,
            "layer-still": NEVER,
        },
        place=of_gradient,
        source="Pascanu et al., On the Difficulty of Training Recurrent Neural Networks, ICML 2013",
    ),
    Cause(
        name="gradients-not-cleared",
        title="Gradients not cleared",
        says="Gradients are added up from step to step: optimizer.zero_grad() is not called.",
        counter_test=(
            "Print the norm of a gradient before backward(): if it is 0 or None at every step, it "
            "is something else."
        ),
        marks={
            "gradients-added-up": ALWAYS,
            "gradients-grow": OFTEN,
            "steps-larger-than-rate": OFTEN,
            "loss-rises": OFTEN,
            "loss-stays-high": OFTEN,
            "loss-high-at-end": OFTEN,
            "validation-worse": OFTEN,
            "validation-stays-worse": OFTEN,
            "rate-rises": SELDOM,
            "one-class-hit": SELDOM,
            "layer-still": NEVER,
        },
        shown_by=("gradients-added-up",),
        source="PyTorch documentation, Optimizer.zero_grad: backward() adds to the gradient",
    ),
    Cause(
        name="clipped-too-low",
        title="Gradients clipped too far",
        says="Gradients are clipped to a norm at which the network hardly learns.",
        counter_test=(
            "Print the norm that clip_grad_norm_ returns: if it is mostly below the limit, it is "
            "something else. Or raise the limit tenfold: if the loss is no lower, it is not."
        ),
        marks={
            "gradients-held": ALWAYS,
            "loss-never-fell": ALWAYS,
            "from-the-start": ALWAYS,
            "ratio-large": NEVER,
            "loss-rises": NEVER,
            "loss-swings": NEVER,
            "gradient-gone": NEVER,
            "gradients-added-up": NEVER,
        },
        shown_by=("gradients-held",),
        source="Pascanu et al., On the Difficulty of Training Recurrent Neural Networks, ICML 2013",
    ),
    Cause(
        name="training-unstable",
        title="Training became unstable",
        says="Steps are too large for where the training is by now: the loss climbs.",
        counter_test=(
            "Go back to the snapshot before and go on at half the learning rate: if the loss "
            "climbs all the same, it is something else."
        ),
        marks={
            "loss-creeps": ALWAYS,
            "loss-rises": HALF,
            "steps-larger-than-rate": HALF,
            "validation-worse": HALF,
            "validation-loss-jumps": HALF,
            "one-class-hit": SELDOM,
            "rate-rises": NEVER,
            "from-the-start": NEVER,
            "resumed": SELDOM,
            "loss-at-chance": SELDOM,
            "norms-shrink": NEVER,
            "gradients-added-up": NEVER,
            "gradient-gone": SELDOM,
            "layer-still": NEVER,
        },
        shown_by=("loss-creeps",),
        source="Wortsman et al., Small-scale Proxies for Transformer Training Instabilities, 2024",
    ),
    Cause(
        name="not-finite",
        title="NaN or Inf in a layer",
        says="NaN or Inf begins in {layers}.",
        counter_test=(
            "Run the iteration named under torch.autograd.set_detect_anomaly(True): it names the "
            "operation; if all is finite there, look one snapshot further."
        ),
        marks={
            "weights-not-finite": ALWAYS,
            "loss-not-finite": ALWAYS,
            "gradients-grow": SELDOM,
        },
        place=of_findings,
        shown_by=("weights-not-finite", "loss-not-finite"),
        source="IEEE 754; Micikevicius et al., Mixed Precision Training, ICLR 2018",
    ),
)
