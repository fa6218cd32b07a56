"""Causes of what the machine does: a training that is slower than it need be, memory that fills.

They explain findings of the machine alone; the causes of trainings explain all others.
"""

from ingest.analysis.causes.cause import ALWAYS, HALF, NEVER, OFTEN, SELDOM, Cause

# A finding of the machine has one of these few causes more often than not.
_PRIOR = 4.0

OF_MACHINE = (
    Cause(
        name="storage-too-slow",
        title="Data arrive too slowly",
        says="The loader itself waits: for a disk or a network, or it has too few workers.",
        counter_test=(
            "Train a minute with twice the num_workers, and one from a copy in memory: if neither "
            "is faster, it is something else."
        ),
        marks={
            "waits-for-data": ALWAYS,
            "processors-full": SELDOM,
            "gpu-has-time": OFTEN,
            "process-grows": SELDOM,
            "one-rank-late": SELDOM,
        },
        prior=_PRIOR,
        source="PyTorch, Performance Tuning Guide: enable asynchronous data loading",
    ),
    Cause(
        name="processors-too-few",
        title="Images are prepared too slowly",
        says="The processors are full: the loader prepares images more slowly than they are used.",
        counter_test=(
            "Train a minute on one batch that is kept: if that is no faster, it is not the loader."
        ),
        marks={
            "waits-for-data": ALWAYS,
            "processors-full": ALWAYS,
            "gpu-has-time": OFTEN,
            "process-grows": SELDOM,
            "one-rank-late": SELDOM,
        },
        prior=_PRIOR,
        source="PyTorch, Performance Tuning Guide: enable asynchronous data loading",
    ),
    Cause(
        name="steps-too-small",
        title="Too little work for the GPU",
        says=(
            "The GPU gets too little work at a time: the batches are small, or the script waits "
            "for it in each step (item(), print, a copy to the CPU)."
        ),
        counter_test="Double the batch size: if the GPU is no busier, it is something else.",
        marks={
            "gpu-has-time": ALWAYS,
            "waits-for-data": NEVER,
            "process-grows": SELDOM,
            "gpu-memory-grows": SELDOM,
            "one-rank-late": SELDOM,
        },
        prior=_PRIOR,
        source="PyTorch, Performance Tuning Guide: avoid unnecessary CPU-GPU synchronization",
    ),
    Cause(
        name="graph-kept",
        title="Graphs are kept",
        says="The script keeps losses or outputs together with the graph that they came from.",
        counter_test=(
            "Keep loss.item() or .detach() of what is collected: if memory grows as before, it is "
            "something else."
        ),
        marks={
            "gpu-memory-grows": ALWAYS,
            "process-grows": OFTEN,
            "waits-for-data": SELDOM,
            "one-rank-late": SELDOM,
        },
        prior=_PRIOR,
        source="PyTorch, Frequently Asked Questions: my model reports out of memory",
    ),
    Cause(
        name="loader-copies",
        title="Lists grow, or workers copy them",
        says=(
            "What the script or its data set collects grows in the memory of the process, not on "
            "a GPU."
        ),
        counter_test=(
            "Train an epoch with num_workers=0 and the data set's lists as arrays: if memory "
            "grows as before, it is something else."
        ),
        marks={
            "process-grows": ALWAYS,
            "gpu-memory-grows": NEVER,
            "waits-for-data": HALF,
            "one-rank-late": SELDOM,
        },
        prior=_PRIOR,
        source="PyTorch, torch.utils.data: note on multi-process loading and memory",
    ),
    Cause(
        name="rank-held-up",
        title="One rank is held up",
        says="One rank has more work, slower data, or a GPU or host that others use, too.",
        counter_test=(
            "Exchange the hosts of two ranks: if the same rank is late again, it is its share of "
            "the data, and not its host."
        ),
        marks={"one-rank-late": ALWAYS, "process-grows": SELDOM, "gpu-memory-grows": SELDOM},
        prior=_PRIOR,
        source="PyTorch, DistributedDataParallel: uneven processing times",
    ),
)
