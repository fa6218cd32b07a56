"""A training in JAX, run as a program of its own: its threads do not go with tests that fork."""

import sys

import jax
import numpy as np
from jax import numpy as jnp

import deeptracker
from deeptracker.demo import load_digits

STEPS = 8


def forward(parameters, images):
    hidden = jax.lax.conv_general_dilated(
        images,
        parameters["conv"]["kernel"],
        (1, 1),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    hidden = jax.nn.relu(hidden + parameters["conv"]["bias"]).mean(axis=(1, 2))
    (last,) = parameters["dense"]
    return hidden @ last["kernel"].astype(jnp.float32) + last["bias"]


def loss(parameters, images, labels):
    scores = jax.nn.log_softmax(forward(parameters, images))
    return -jnp.take_along_axis(scores, labels[:, None], axis=1).mean(), scores


def digits(part, count):
    every = len(load_digits()[part]) // count
    images, labels = (tensor[::every].numpy() for tensor in load_digits()[part].tensors)
    return jnp.asarray(images.transpose(0, 2, 3, 1)), jnp.asarray(labels)


def main(folder, *, recorded):
    images, labels = digits(0, 64)
    held_out, truth = digits(1, 40)
    one, two, three = jax.random.split(jax.random.key(0), 3)
    parameters = {
        "conv": {"kernel": jax.random.normal(one, (3, 3, 1, 4)) * 0.3, "bias": jnp.zeros(4)},
        "dense": [
            {
                "kernel": (jax.random.normal(two, (4, 10)) * 0.3).astype(jnp.bfloat16),
                "bias": jnp.zeros(10),
            }
        ],
        "state": three,
    }
    trained = {name: parameters[name] for name in ("conv", "dense")}

    # What is donated is gone after the step: a recorder that only kept it would fail.
    @jax.jit
    def gradients_of(weights):
        return jax.value_and_grad(loss, has_aux=True)(weights, images, labels)

    update = jax.jit(
        lambda weights, slopes: jax.tree.map(
            lambda w, g: (w - 0.5 * g).astype(w.dtype), weights, slopes
        ),
        donate_argnums=0,
    )
    kept = {}
    options = {"every": 2, "labels": truth, "classes": range(10), "name": "jax"}
    recorder = deeptracker.record(folder, parameters, **options) if recorded else None
    for step in range(1, STEPS + 1):
        (value, scores), slopes = gradients_of(trained)
        kept[f"before-{step}"] = np.asarray(trained["conv"]["kernel"]).copy()
        kept[f"gradient-{step}"] = np.asarray(slopes["conv"]["kernel"]).copy()
        trained = update(trained, slopes)
        kept[f"after-{step}"] = np.asarray(trained["conv"]["kernel"]).copy()
        if recorder is not None:
            if recorder.due:
                chances = jax.nn.softmax(forward(trained, held_out))
                recorder.validated(
                    chances.argmax(axis=1), chances[jnp.arange(len(truth)), truth], loss=1.5
                )
            recorder.step(trained, gradients=slopes, train_loss=value, scores=scores, labels=labels)
    if recorder is not None:
        recorder.close()
    np.savez(f"{folder}.npz", **kept)


if __name__ == "__main__":
    for way in ("plain", "recorded"):
        main(f"{sys.argv[1]}/{way}", recorded=way == "recorded")
