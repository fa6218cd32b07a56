"""Networks of Keras for its trainings, and callbacks that go wrong in them."""

import keras
import numpy as np
import torch
from keras import layers


def small(*, head="softmax", classes=10, name=None):
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, strides=2, name="conv", activation="relu"),
            layers.Flatten(name="flat"),
            layers.Dense(classes, activation=head, name="head"),
        ],
        name=name,
    )


def forward(model, images):
    """The chances that a small network gives, by numpy."""
    kernel, bias, dense, shift = (v.numpy() for v in model.trainable_variables)
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))[:, ::2, ::2]
    hidden = np.maximum(np.einsum("nyxcij,ijcf->nyxf", windows, kernel) + bias, 0)
    scores = np.exp(hidden.reshape(len(images), -1) @ dense + shift)
    return scores / scores.sum(axis=1, keepdims=True)


def lively():
    """Return a network that draws numbers, and changes, in training."""
    keras.utils.set_random_seed(5)
    torch.manual_seed(5)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activity_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax", kernel_regularizer="l2"),
        ]
    )


class Own(keras.Model):
    """A model whose train_step keeps no metrics."""

    def __init__(self):
        super().__init__()
        self.net = small(name="net")
        self.losses_seen = []

    def call(self, images, training=None):
        return self.net(images, training=training)

    def train_step(self, data):
        images, labels = data
        self.zero_grad()
        loss = keras.ops.mean(
            keras.losses.sparse_categorical_crossentropy(labels, self(images, training=True))
        )
        loss.backward()
        with torch.no_grad():
            self.optimizer.apply(
                [v.value.grad for v in self.trainable_weights], self.trainable_weights
            )
        self.losses_seen.append(float(loss))
        return {"loss": loss}


class Block(layers.Layer):
    """A layer of layers."""

    def __init__(self, **options):
        super().__init__(**options)
        self.token = self.add_weight(shape=(1, 1, 1, 4), name="token")
        self.attention = layers.MultiHeadAttention(2, 3, name="attention")
        self.norm = layers.LayerNormalization(axis=[1, 2, 3])
        self.twins = [layers.Dense(4, name="twin"), layers.Dense(4, name="twin")]

    def call(self, images):
        images = self.norm(images + self.token)
        for twin in self.twins:
            images = twin(images)
        return self.attention(images, images)


class Breaks(keras.callbacks.Callback):
    """Ends a training in its second batch."""

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 1:
            raise ValueError("on purpose")


class Poisons(keras.callbacks.Callback):
    """Makes the weights NaN after the first batch."""

    def on_train_batch_end(self, batch, logs=None):
        head = self.model.get_layer("head")
        head.bias.assign(keras.ops.full((10,), float("nan")))
