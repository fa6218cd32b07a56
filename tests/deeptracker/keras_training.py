"""Trainings of Keras, run as a program of its own: it has one backend, and keeps it.

`KERAS_BACKEND=... python -m tests.deeptracker.keras_training FOLDER` leaves a run for every case in
the folder, and in `truth.npz` what the trainings themselves saw. It ends by an exception.
"""

import contextlib
import gc
import random
import sys
from pathlib import Path

import keras
import numpy as np
import torch
from keras import layers

import deeptracker.keras
from deeptracker.demo import load_digits
from deeptracker.errors import RecordingError
from deeptracker.format import RunDirectory
from deeptracker.keras_state import LiveState
from deeptracker.keras_validation import KerasValidation
from tests.deeptracker.keras_networks import Block, Breaks, Own, Poisons, forward, lively, small
from tests.deeptracker.recording_page import block

FOLDER = Path(sys.argv[1])
BACKEND = keras.backend.backend()
NAMES = [f"digit {number}" for number in range(10)]
BATCH = 16


def digits(part, count):
    images, labels = (tensor[:count].numpy() for tensor in load_digits()[part].tensors)
    return images.transpose(0, 2, 3, 1), labels


X, Y = digits(0, 40)
HELD_OUT, TRUTH = digits(1, 20)
# Batches of one size, for which JAX compiles once.
EVEN = X[:32], Y[:32]
HELD = {"validation_data": (HELD_OUT, TRUTH), "validation_batch_size": 20}
TRUE = {}


def compiled(model, *, rate=0.1, **options):
    options = {"optimizer": keras.optimizers.SGD(rate, momentum=0.9), "metrics": ["accuracy"]} | (
        options
    )
    model.compile(loss="sparse_categorical_crossentropy", **options)
    return model


def fit(model, *callbacks, epochs=2, data=(X, Y), **options):
    defaults = {"batch_size": BATCH, "verbose": 0, "shuffle": False}
    return model.fit(*data, epochs=epochs, callbacks=list(callbacks), **(defaults | options))


def record(case, **options):
    return deeptracker.keras.Callback(FOLDER / case, **({"every": 1} | options))


class Probe(keras.callbacks.Callback):
    """What every step did, as a callback sees it that asks Keras for everything."""

    def __init__(self, case):
        super().__init__()
        self.case, self.step = case, 0

    def kernel(self):
        return keras.ops.convert_to_numpy(self.model.get_layer("conv").kernel).copy()

    def on_train_batch_begin(self, batch, logs=None):
        self.step += 1
        part = slice(batch * BATCH, (batch + 1) * BATCH)
        chances = forward(self.model, X[part])
        true = chances[np.arange(len(chances)), Y[part]]
        self.keep("loss", float(-np.log(true).mean()))
        self.keep("error", (chances.argmax(axis=1) != Y[part]).mean())
        self.keep("before", self.kernel())

    def on_train_batch_end(self, batch, logs=None):
        self.keep("after", self.kernel())
        if BACKEND == "torch":
            self.keep("gradient", self.model.get_layer("conv").kernel.value.grad.numpy().copy())

    def keep(self, what, value):
        TRUE[f"{self.case}/{what}/{self.step}"] = np.asarray(value)


def steps():
    """Run twice: what the one sees is the truth of the other, which nobody looks into."""
    for recorded in (False, True):
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
        model = compiled(small(), optimizer=keras.optimizers.SGD(schedule))
        looks = record("steps", every=2, validation=(HELD_OUT, TRUTH), classes=NAMES)
        history = fit(model, looks if recorded else Probe("steps"), **(HELD if recorded else {}))
    TRUE["steps/val_loss"] = np.array(history.history["val_loss"])
    TRUE["steps/chances"] = forward(model, HELD_OUT)


def same():
    for way in ("plain", "recorded"):
        model = compiled(lively(), optimizer="adam")
        callbacks = [record("same", validation=(HELD_OUT, TRUTH))] if way == "recorded" else []
        history = fit(model, *callbacks, data=EVEN, shuffle=True, **HELD).history
        TRUE[f"same/{way}/history"] = np.array([history[name] for name in sorted(history)])
        TRUE[f"same/{way}/random"] = np.array(
            [random.random(), np.random.random(), float(torch.rand(())), keras.random.uniform(())]
        )
        for number, variable in enumerate([*model.variables, *model.optimizer.variables]):
            TRUE[f"same/{way}/{number}"] = keras.ops.convert_to_numpy(variable)


def goes_on():
    model = compiled(small())
    fit(model, record("goes_on"), data=EVEN, epochs=1)
    fit(model, record("goes_on"), data=EVEN, initial_epoch=1, epochs=2)
    # Weights alone, without the steps that the optimizer took.
    fit(compiled(model), record("goes_on"), data=EVEN, initial_epoch=2, epochs=3)


def early():
    stop = keras.callbacks.EarlyStopping("loss", min_delta=1e6, patience=0)
    fit(compiled(small()), record("early", every=None), stop, epochs=9)


def caught():
    with contextlib.suppress(ValueError), record("caught") as callback:
        fit(compiled(small()), callback, Breaks())
    # Nothing tells the callback, but that nobody holds it any more.
    with contextlib.suppress(ValueError):
        fit(compiled(small()), record("let_go"), Breaks())
    gc.collect()
    TRUE["let_go"] = np.array(RunDirectory(FOLDER / "let_go").manifest().state)


def poisoned():
    fit(compiled(small()), record("poisoned", validation=(HELD_OUT, TRUTH)), Poisons())


def several_at_once():
    """Five batches, two of them at once: the last one is alone."""
    model = compiled(small(), steps_per_execution=2)
    fit(model, record("several", every=3), batch_size=8, epochs=2)


def windows():
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    fit(compiled(small(), optimizer=optimizer), Probe("windows"), record("windows"), epochs=2)


def scaled():
    """With a loss scale that makes the first gradients overflow."""
    inner = keras.optimizers.SGD(0.1)
    optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=3e38)
    probe = Probe("scaled")
    fit(compiled(small(), optimizer=optimizer), probe, record("scaled"), epochs=1)
    TRUE["scaled/steps"] = np.array(int(inner.iterations))


def own():
    model = compiled(Own())
    fit(model, record("own"), epochs=1)
    TRUE["own/losses"] = np.array(model.losses_seen)


def kinds():
    """A network with layers of many kinds, one frozen, and two of the same name."""
    keras.utils.set_random_seed(7)
    images = keras.Input((8, 8, 2))
    x = layers.DepthwiseConv2D(3, depth_multiplier=3, name="depth")(images)
    x = layers.SeparableConv2D(4, 3, strides=2, name="separable")(x)
    x = layers.Conv2DTranspose(6, 2, name="up")(x)
    x = layers.Conv2D(4, 1, groups=2, name="grouped")(x)
    x = Block(name="block")(x)
    x = layers.GlobalAveragePooling2D()(x)
    of_torch = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5))
    x = layers.TorchModuleWrapper(of_torch, name="of_torch", output_shape=(None, 5))(x)
    frozen = layers.Dense(4, name="dense", trainable=False)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(10, name="dense")], name="head")
    model = compiled(keras.Model(images, inner(frozen(x))))
    data = np.concatenate([X, X], axis=3)
    fit(model, record("kinds"), data=(data, Y), batch_size=40, epochs=1)
    for variable in model.weights:
        TRUE[f"kinds/weights/{variable.path.replace('/', '.')}"] = variable.numpy()


class Batches(keras.utils.PyDataset):
    """The held-out images in batches."""

    length = 3

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        part = slice(8 * index, 8 * index + 8)
        return HELD_OUT[part], TRUTH[part]


def judged(model, source, **options):
    given = {"batch": 8, "classes": None, "unpack": None, "scores": None} | options
    found = KerasValidation(model, source, **given).run(LiveState(model))
    return np.stack([found.prediction, found.probability]), found.loss


def validation():
    model = compiled(small())
    logits = small(head=None)
    logits.set_weights(model.get_weights())
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(HELD_OUT), torch.from_numpy(TRUTH))
    loader = torch.utils.data.DataLoader(pairs, batch_size=5, shuffle=True)
    twice = keras.Model(model.inputs, {"a": model.outputs[0], "b": model.outputs[0]})
    twice.compile(loss="sparse_categorical_crossentropy")
    from_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    logits.compile(loss=from_logits)
    names = [NAMES[label] for label in TRUTH]
    ways = {
        "arrays": (model, (HELD_OUT, TRUTH), {}),
        "column": (model, (HELD_OUT, TRUTH.reshape(-1, 1)), {}),
        "shares": (model, (HELD_OUT, np.eye(10)[TRUTH]), {}),
        "names": (model, (HELD_OUT, names), {"classes": NAMES}),
        "batches": (model, Batches(), {}),
        "loader": (model, loader, {}),
        "pairs": (model, pairs, {}),
        "logits": (logits, (HELD_OUT, TRUTH), {}),
        "outputs": (twice, (HELD_OUT, TRUTH), {"scores": lambda outputs: outputs["b"]}),
    }
    for way, (which, source, options) in ways.items():
        found, loss = judged(which, source, **options)
        TRUE.update({f"validation/found/{way}": found, f"validation/loss/{way}": np.array(loss)})
    TRUE["validation/chances"] = forward(model, HELD_OUT)
    for way, head in (("logit", None), ("sigmoid", "sigmoid")):
        single = small(head=head, classes=1)
        single.compile(loss=keras.losses.BinaryCrossentropy(from_logits=head is None))
        TRUE[f"validation/found/{way}"], _ = judged(single, (HELD_OUT, TRUTH % 2))
    refused("two outputs", lambda: judged(twice, (HELD_OUT, TRUTH)))
    refused("labels", lambda: judged(model, (HELD_OUT, TRUTH + 50)))
    refused("empty", lambda: judged(model, (HELD_OUT[:0], TRUTH[:0])))
    refused("argument", lambda: record("x", evry=3))
    refused("own", lambda: record("x", parameters={}))
    refused("lengths", lambda: judged(model, (HELD_OUT, TRUTH[:9])))
    changed = Batches()
    watching = KerasValidation(model, changed, batch=8, classes=None, unpack=None, scores=None)
    changed.length = 2
    refused("changed", lambda: watching.run(LiveState(model)))
    refused("source", lambda: judged(model, 3))
    refused("start", lambda: fit(compiled(small()), record("x", every=None, per_epoch=9)))


def refused(what, call):
    try:
        call()
    except RecordingError as error:
        TRUE[f"refused/{what}"] = np.array(str(error))
    else:
        raise AssertionError(what)


def page():
    """Run what docs/recording.md shows."""
    names = {
        "model": compiled(small()),
        "train_images": EVEN[0],
        "train_labels": EVEN[1],
        "images": HELD_OUT,
        "labels": TRUTH,
        "class_names": NAMES,
    }
    with contextlib.chdir(FOLDER):
        exec(block("keras"), names)


CASES = {
    "torch": (
        *(steps, same, goes_on, early, caught, poisoned, windows, scaled, own, kinds),
        *(validation, page),
    ),
    "jax": (steps, same, goes_on, several_at_once),
}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for case in CASES[BACKEND]:
        case()
    np.savez(FOLDER / "truth.npz", **TRUE)
    fit(compiled(small()), record("uncaught"), Breaks())
