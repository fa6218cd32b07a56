"""The callback in real trainings of transformers, and a loop of accelerate."""

import copy
import warnings

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, Dataset
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    ViTConfig,
    ViTForImageClassification,
)
from transformers.modeling_outputs import SequenceClassifierOutput

import deeptracker.huggingface
from deeptracker import Recorder
from deeptracker.conversion.joining import convert
from deeptracker.demo import load_digits
from deeptracker.errors import RecordingError
from deeptracker.format import STATISTICS, RunDirectory
from tests.deeptracker.logs import read, series
from tests.deeptracker.trainings import SmallNet, make_training, seed_all, validation_set

L2 = STATISTICS.index("l2")
NAMES = [f"digit {number}" for number in range(10)]


class Pictures(Dataset):
    """Digits as dictionaries, with a column that no model takes."""

    def __init__(self, tensors):
        self.images, self.labels = tensors

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = self.images[index]
        return {"pixel_values": image, "label": int(self.labels[index]), "file": f"{index}.png"}


class Sentences(Dataset):
    """Digits read out as numbers of words, each of its own length."""

    def __init__(self, tensors):
        self.rows = (tensors[0].flatten(1) > 0).sum(dim=1).tolist()
        self.labels = tensors[1].tolist()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        words = [1 + (self.labels[index] + step) % 10 for step in range(2 + self.rows[index] % 4)]
        return {"input_ids": words, "label": self.labels[index], "text": "not for the model"}


def padded(items):
    assert "text" not in items[0]
    longest = max(len(item["input_ids"]) for item in items)
    rows = [item["input_ids"] + [0] * (longest - len(item["input_ids"])) for item in items]
    words = torch.tensor(rows)
    labels = torch.tensor([item["label"] for item in items])
    return {"input_ids": words, "attention_mask": (words > 0).long(), "labels": labels}


def vit(**more):
    return ViTForImageClassification(
        ViTConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=8,
            patch_size=4,
            num_channels=1,
            id2label=dict(enumerate(NAMES)),
            label2id={name: number for number, name in enumerate(NAMES)},
            **more,
        )
    )


class MeanLoss(nn.Module):
    """A model that takes whatever the Trainer gives, and whose loss is its own batch's mean."""

    def __init__(self, *, nan_from=None, loss=True):
        super().__init__()
        self.net, self.calls, self.nan_from, self.with_loss = SmallNet(), 0, nan_from, loss

    def forward(self, pixel_values, labels=None, **kwargs):
        logits = self.net(pixel_values)
        if labels is None:
            return SequenceClassifierOutput(logits=logits)
        loss = nn.functional.cross_entropy(logits, labels)
        if self.training:
            self.calls += 1
            if self.nan_from is not None and self.calls >= self.nan_from:
                loss = loss * torch.nan
        return SequenceClassifierOutput(loss=loss if self.with_loss else None, logits=logits)


class Steps(TrainerCallback):
    """What the Trainer itself says of each step."""

    def __init__(self):
        self.norms, self.losses = [], []

    def on_log(self, args, state, control, logs=None, **given):
        if "grad_norm" in logs:
            self.norms.append(logs["grad_norm"])
            self.losses.append(logs["loss"])


class Plain(Trainer):
    """A Trainer whose own loss is taken from the scores."""

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        outputs = model(inputs["pixel_values"])
        loss = nn.functional.cross_entropy(outputs.logits, inputs["labels"])
        return (loss, outputs) if return_outputs else loss


def train(
    folder,
    make=vit,
    *,
    data=Pictures,
    images=80,
    record=None,
    resume=None,
    kind=Trainer,
    collator=None,
    evaluate=False,
    more=(),
    **options,
):
    training, held_out = (part.tensors for part in load_digits())
    seed_all(0)
    model = make()
    arguments = {
        "max_steps": 6,
        "per_device_train_batch_size": 8,
        "learning_rate": 0.01,
        "lr_scheduler_type": "constant",
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
    }
    if evaluate:
        arguments |= {"eval_strategy": "steps", "eval_steps": 3}
    callbacks = list(more)
    if record is not None:
        found = deeptracker.huggingface.Callback(folder / "run", **({"every": 1} | record))
        callbacks.append(found)
    trainer = kind(
        model=model,
        args=TrainingArguments(output_dir=str(folder / "out"), **(arguments | options)),
        train_dataset=data([part[:images] for part in training]),
        eval_dataset=data([part[:40] for part in held_out]) if evaluate else None,
        data_collator=collator,
        callbacks=callbacks,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module="torch")
        trainer.train(resume_from_checkpoint=resume)
    return trainer


def held_out(data=Pictures, images=60):
    return data([part[:images] for part in load_digits()[1].tensors])


def test_every_step_of_a_training_of_images(tmp_path):
    steps = Steps()
    train(
        tmp_path,
        record={"validation": held_out(), "thumbnails": True},
        evaluate=True,
        max_grad_norm=0.5,
        more=[steps],
    )
    manifest, found = read(tmp_path / "run")
    assert [snapshot.iteration for snapshot in found] == [1, 2, 3, 4, 5, 6]
    assert (manifest.state, manifest.classes) == ("complete", tuple(NAMES))
    assert (manifest.model, manifest.sampling.planned_iterations) == (
        "ViTForImageClassification",
        6,
    )
    assert manifest.sampling.iterations_per_epoch == 10
    assert manifest.thumbnail is not None
    # What optimizers are wrapped in is looked through: the gradient that is clipped, and the step.
    assert all(snapshot.statistics["update"][0, L2] > 0 for snapshot in found)
    clipped = [
        np.linalg.norm(np.nan_to_num(snapshot.statistics["gradient"][:, L2])) for snapshot in found
    ]
    assert max(clipped) <= 0.501
    assert min(steps.norms) > 0.5
    assert list(series(found, "grad_norm").values()) == pytest.approx(steps.norms, rel=1e-3)
    # Four digits is what the Trainer logs.
    assert list(series(found, "train_loss").values()) == pytest.approx(
        [float(loss) for loss in steps.losses], abs=1e-3
    )
    assert len(series(found, "train_error")) == 6
    assert set(series(found, "learning_rate").values()) == {0.01}
    # The Trainer's evaluation follows the step.
    assert sorted(series(found, "eval_loss")) == [3, 6]
    assert not [name for name in found[-1].scalars if name.endswith(("runtime", "per_second"))]
    assert np.isfinite(found[-1].probability).all()
    assert len(found[-1].prediction) == 60


def test_the_training_is_the_same_without_it(tmp_path):
    plain = train(tmp_path / "a").model
    recorded = train(tmp_path / "b", record={"validation": held_out()}).model
    for (name, one), other in zip(
        plain.state_dict().items(), recorded.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other), name
    assert len(recorded._forward_hooks) == len(plain._forward_hooks)


def test_texts_of_several_lengths_with_their_collator(tmp_path):
    def bert():
        sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
        return BertForSequenceClassification(
            BertConfig(vocab_size=16, intermediate_size=32, num_labels=10, **sizes)
        )

    train(
        tmp_path,
        bert,
        data=Sentences,
        collator=padded,
        record={"validation": held_out(Sentences), "every": 3},
    )
    manifest, found = read(tmp_path / "run")
    assert len(manifest.images.class_id) == 60
    assert manifest.classes[3] == "LABEL_3"
    assert [len(snapshot.prediction) for snapshot in found] == [60, 60]


class Watched(TrainerCallback):
    """Copies the model in the middle of the training, as an average of weights does."""

    def on_step_end(self, args, state, control, model=None, **given):
        if state.global_step == 2:
            copied = copy.deepcopy(model).train()
            copied(torch.zeros(2, 1, 8, 8), labels=torch.tensor([1, 2])).loss.backward()


@pytest.mark.parametrize("make", [vit, MeanLoss])
def test_the_loss_of_a_window_is_the_mean_of_its_images(make, tmp_path):
    # 5 batches an epoch in windows of 2: the last window is short.
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        train(
            tmp_path,
            make,
            images=40,
            record={},
            gradient_accumulation_steps=2,
            learning_rate=1e-9,
            more=[Watched()],
        )
    manifest, found = read(tmp_path / "run")
    assert manifest.sampling.iterations_per_epoch == 3
    losses = series(found, "train_loss")
    assert sorted(losses) == [1, 2, 3, 4, 5, 6]
    # Two or one batches alike: about the loss of guessing among ten.
    assert list(losses.values()) == pytest.approx([2.3] * 6, abs=0.4)
    sums = [str(one.message) for one in said if "sums the losses" in str(one.message)]
    remarked = [remark.subject for remark in manifest.remarks]
    if make is MeanLoss:
        assert len(sums) == 1
        assert remarked == ["summed losses"]
    else:
        assert (sums, remarked) == ([], [])


def test_a_loss_that_is_nan_is_nan(tmp_path):
    steps = Steps()
    train(tmp_path, lambda: MeanLoss(nan_from=3), record={}, more=[steps])
    _, found = read(tmp_path / "run")
    losses = list(series(found, "train_loss").values())
    assert np.isfinite(losses).tolist() == [True, True, False, False, False, False]
    # What the Trainer says instead.
    assert all(np.isfinite(float(loss)) for loss in steps.losses)


def test_a_model_that_gives_no_loss(tmp_path):
    with pytest.warns(
        RuntimeWarning, match=r"pass TrainingArguments\(logging_nan_inf_filter=False"
    ):
        train(tmp_path, lambda: MeanLoss(loss=False), kind=Plain, record={})
    _, found = read(tmp_path / "run")
    assert series(found, "train_loss") == {}
    options = {"kind": Plain, "record": {}, "logging_nan_inf_filter": False}
    train(tmp_path / "two", lambda: MeanLoss(loss=False), **options)
    _, found = read(tmp_path / "two" / "run")
    assert len(series(found, "train_loss")) == 6


def test_a_training_that_goes_on_from_a_checkpoint(tmp_path):
    saving = {"save_strategy": "steps", "save_steps": 3}
    train(tmp_path, record={}, max_steps=4, **saving)
    train(tmp_path, record={}, max_steps=6, resume=str(tmp_path / "out" / "checkpoint-3"), **saving)
    manifest, found = read(tmp_path / "run")
    assert [snapshot.iteration for snapshot in found] == [1, 2, 3, 4, 5, 6]
    assert [generation.start_iteration for generation in manifest.generations] == [0, 3]
    assert manifest.state == "complete"


def test_what_a_training_left_becomes_a_run(tmp_path):
    # The first of three checkpoints is taken away again; the last is the network at the end, too.
    trainer = train(
        tmp_path, save_strategy="steps", save_steps=2, save_total_limit=2, evaluate=True
    )
    trainer.save_model()
    done = convert(tmp_path / "out", tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    manifest = run.manifest()
    assert (manifest.model, run.iterations()) == ("ViTForImageClassification", [4, 6])
    assert manifest.sampling.iterations_per_epoch == 10
    # All but the head, which comes last in the network and first in the alphabet of the file.
    assert manifest.layers[-1].name == "classifier"
    last = run.snapshot(manifest, 6)
    known = trainer.model.classifier.weight.double().norm().item()
    assert last.statistics["weight"][-1, L2] == pytest.approx(known, rel=1e-5)
    logged = {row["step"]: row["loss"] for row in trainer.state.log_history if "loss" in row}
    assert dict(zip(*_pairs(last.scalars["train_loss"]), strict=True)) == {
        step: logged[step] for step in (5, 6)
    }
    assert done.remarks == ("model.safetensors has no iteration in its name",)


def _pairs(series):
    return series.iterations.tolist(), series.values.tolist()


@pytest.mark.parametrize(
    ("validation", "text"),
    [
        ([{"pixel_values": torch.zeros(1, 8, 8)}] * 4, r"no 'label' .*label_names"),
        ([(torch.zeros(1, 8, 8), 3)] * 4, r"pass collator="),
        (iter([]), r"pass a data set"),
        ([{"pixel_values": torch.zeros(1, 8, 8), "label": 12}] * 4, r"label is 12"),
    ],
)
def test_a_set_that_does_not_fit_is_refused_in_words(validation, text, tmp_path):
    def collate(items):
        return torch.utils.data.default_collate(items)

    with pytest.raises(RecordingError, match=text):
        train(tmp_path, record={"validation": validation, "collator": collate})


def test_a_loop_of_accelerate_with_accumulation(tmp_path):
    accelerator = Accelerator(gradient_accumulation_steps=2, cpu=True)
    training = make_training()
    validation = DataLoader(validation_set(), batch_size=20)
    model, optimizer, loader, validation = accelerator.prepare(
        training.model, training.optimizer, training.loader, validation
    )
    run = tmp_path / "run"
    steps = 0
    with Recorder(model, optimizer, run, every=1, validation=validation) as recorder:
        for number, (images, labels) in enumerate(loader):
            if number == 6:
                break
            with accelerator.accumulate(model):
                loss = nn.functional.cross_entropy(model(images), labels)
                accelerator.backward(loss)
                optimizer.step()
                optimizer.zero_grad()
            if accelerator.sync_gradients:
                steps += 1
                recorder.step(train_loss=loss)
    manifest, found = read(run)
    assert steps == len(found) == 3
    assert manifest.remarks == ()
    assert all(snapshot.statistics["update"][0, L2] > 0 for snapshot in found)
    assert len(found[-1].prediction) == 60
