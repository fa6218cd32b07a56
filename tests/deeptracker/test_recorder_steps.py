"""Gradient and update are those of the real step; change is against the previous snapshot."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

from deeptracker import Recorder
from deeptracker.format import STATISTICS
from deeptracker.learning_rates import LearningRates
from tests.deeptracker import references
from tests.deeptracker.logs import read, series
from tests.deeptracker.trainings import make_training


def record(training, run_dir, *, every=1, **options):
    return Recorder(training.model, training.optimizer, run_dir, every=every, **options)


def rows(tensor):
    return tensor.detach().reshape(tensor.shape[0], -1).numpy().copy()


def layers_of(model):
    return [m.weight for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]


def assert_quantity(snapshot, quantity, tensors):
    for layer, tensor in enumerate(tensors):
        expected = references.statistics(tensor)
        for column, name in enumerate(STATISTICS):
            found = float(snapshot.statistics[quantity][layer, column])
            assert found == pytest.approx(expected[name], rel=1e-5, abs=1e-9), (layer, name)
        assert snapshot.histogram[quantity][layer].tolist() == references.histogram(tensor)


def norms(tensors):
    return np.concatenate([np.linalg.norm(t.astype(float), axis=1) for t in tensors])


def test_a_snapshot_holds_what_the_step_did(tmp_path):
    training = make_training()
    seen = []
    with record(training, tmp_path / "run", every=3) as recorder:
        for _ in range(6):
            before = [rows(w) for w in layers_of(training.model)]
            training.iterate()
            after = [rows(w) for w in layers_of(training.model)]
            seen.append((before, after, [rows(w.grad) for w in layers_of(training.model)]))
            recorder.step()
    manifest, found = read(tmp_path / "run")
    assert [s.iteration for s in found] == [3, 6]
    assert manifest.filters == 6 + 8 + 10
    for snapshot in found:
        before, after, gradient = seen[snapshot.iteration - 1]
        update = [a - b for a, b in zip(after, before, strict=True)]
        assert all(np.abs(u).max() > 0 for u in update)
        assert_quantity(snapshot, "weight", after)
        assert_quantity(snapshot, "gradient", gradient)
        assert_quantity(snapshot, "update", update)
        for layer in range(3):
            expected = references.bands(update[layer], before[layer])
            assert snapshot.bands[layer].tolist() == pytest.approx(expected, abs=1e-6)
        filters = snapshot.filters
        assert filters["weight_mean"] == pytest.approx(
            np.concatenate([w.mean(axis=1) for w in after]), rel=1e-4, abs=1e-7
        )
        assert filters["weight_std"] == pytest.approx(
            np.concatenate([w.std(axis=1) for w in after]), rel=1e-5
        )
        assert filters["weight_l2"] == pytest.approx(norms(after), rel=1e-5)
        assert filters["gradient_l2"] == pytest.approx(norms(gradient), rel=1e-5)
        assert filters["update_ratio"] == pytest.approx(norms(update) / norms(before), rel=1e-5)
    assert np.isnan(found[0].filters["relative_change"]).all()
    assert np.isnan(found[0].filters["cosine_change"]).all()
    pairs = [
        (new, old)
        for now, then in zip(seen[5][1], seen[2][1], strict=True)
        for new, old in zip(now.astype(float), then.astype(float), strict=True)
    ]
    relative = [references.ratio(new - old, old) for new, old in pairs]
    cosine = [references.cosine_change(new, old) for new, old in pairs]
    assert found[1].filters["relative_change"] == pytest.approx(relative, rel=1e-5)
    assert found[1].filters["cosine_change"] == pytest.approx(cosine, rel=1e-4)


def test_accumulated_unscaled_and_clipped_gradients_are_those_that_count(tmp_path):
    training = make_training()
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    with record(training, tmp_path / "run") as recorder:
        training.optimizer.zero_grad()
        for _ in range(2):
            scaler.scale(training.loss() / 2).backward()
        scaler.unscale_(training.optimizer)
        nn.utils.clip_grad_norm_(training.model.parameters(), 0.1)
        expected = [rows(w.grad) for w in layers_of(training.model)]
        scaler.step(training.optimizer)
        scaler.update()
        training.optimizer.zero_grad()  # it is known before the script drops it
        recorder.step()
    assert_quantity(read(tmp_path / "run")[1][0], "gradient", expected)


def test_an_optimizer_that_unscales_by_itself_gives_the_unscaled_gradient(tmp_path):
    training = make_training(make=lambda p: torch.optim.SGD(p, lr=0.1, fused=True))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    with record(training, tmp_path / "run") as recorder:
        scaler.scale(training.loss()).backward()
        expected = [rows(w.grad) / 2**12 for w in layers_of(training.model)]
        scaler.step(training.optimizer)
        scaler.update()
        recorder.step()
    assert_quantity(read(tmp_path / "run")[1][0], "gradient", expected)


@pytest.mark.filterwarnings("ignore:iteration 1 is a snapshot")
@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_the_scaler_skips_is_no_step_and_says_why(fused, tmp_path):
    training = make_training(make=lambda p: torch.optim.SGD(p, lr=0.1, fused=fused))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    with record(training, tmp_path / "run") as recorder:
        scaler.scale(training.loss()).backward()
        training.model.conv1.weight.grad[0, 0, 0, 0] = torch.inf
        scaler.step(training.optimizer)
        scaler.update()
        recorder.step()
    snapshot = read(tmp_path / "run")[1][0]
    inf = STATISTICS.index("inf_count")
    assert snapshot.statistics["gradient"][0, inf] == 1
    assert np.isnan(snapshot.filters["gradient_l2"][0])
    assert np.isfinite(snapshot.filters["gradient_l2"][1:]).all()
    assert np.isnan(snapshot.statistics["update"][:, STATISTICS.index("l1")]).all()
    assert np.isnan(snapshot.filters["update_ratio"]).all()
    assert np.isnan(snapshot.bands).all()


@pytest.mark.filterwarnings("ignore:iteration 4 is a snapshot", "ignore:the weights of")
def test_a_skipped_step_at_a_snapshot_does_not_deny_the_steps_before(tmp_path):
    training = make_training(make=lambda p: torch.optim.SGD(p, lr=0.1))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    with record(training, tmp_path / "run", every=2) as recorder:
        for iteration in range(1, 5):
            training.optimizer.zero_grad()
            scaler.scale(training.loss()).backward()
            if iteration == 4:
                training.model.conv1.weight.grad[0, 0, 0, 0] = torch.inf
            scaler.step(training.optimizer)
            scaler.update()
            recorder.step()
    said = [remark.text for remark in read(tmp_path / "run")[0].remarks]
    assert len(said) == 2
    assert said[0].endswith(
        "a step that a GradScaler left out, because a gradient was not finite, is none"
    )
    # Iteration 3 moved them.
    assert said[1].endswith("but no step in iteration 4 moved them")


def moved_by(tmp_path, rates, *, script=0.0):
    """Return the remarks on a training with one rate an iteration, and a snapshot of every second.

    Its script adds so much of each weight by itself.
    """
    training = make_training(make=lambda p: torch.optim.SGD(p, lr=1.0))
    with record(training, tmp_path / "run", every=2) as recorder:
        for rate in rates:
            training.optimizer.param_groups[0]["lr"] = rate
            training.iterate()
            with torch.no_grad():
                for weight in training.model.parameters():
                    weight.mul_(1 + script)
            recorder.step()
    return [remark.text for remark in read(tmp_path / "run")[0].remarks]


def test_a_schedule_that_ends_at_0_leaves_no_doubt_of_the_steps_before(tmp_path):
    assert moved_by(tmp_path, [0.1, 0.1, 0.01, 0.0]) == []


@pytest.mark.filterwarnings("ignore:the weights of")
def test_what_the_script_moves_is_told_by_how_much(tmp_path):
    [said] = moved_by(tmp_path, [0.0] * 4, script=1e-5)
    assert "by up to 0.00201 %" in said
    assert said.endswith("but no step in iteration 4 moved them")


def test_the_closure_s_gradient_counts(tmp_path):
    training = make_training(make=lambda p: torch.optim.SGD(p, lr=0.1))
    with record(training, tmp_path / "run") as recorder:
        training.loss().backward()  # of no interest: the closure starts anew

        def closure():
            training.optimizer.zero_grad()
            loss = training.loss()
            loss.backward()
            return loss

        training.optimizer.step(closure)
        expected = [rows(w.grad) for w in layers_of(training.model)]
        recorder.step()
    assert_quantity(read(tmp_path / "run")[1][0], "gradient", expected)


def test_frozen_layers_have_no_gradient_and_no_update(tmp_path):
    training = make_training()
    training.model.conv2.weight.requires_grad_(False)
    with record(training, tmp_path / "run") as recorder:
        training.iterate()
        recorder.step()
    snapshot = read(tmp_path / "run")[1][0]
    defined = [i for i, name in enumerate(STATISTICS) if name not in ("nan_count", "inf_count")]
    assert np.isnan(snapshot.statistics["gradient"][1, defined]).all()
    assert np.isnan(snapshot.filters["gradient_l2"][6:14]).all()
    assert (snapshot.histogram["gradient"][1] == 0).all()
    assert snapshot.statistics["update"][1, STATISTICS.index("l2")] == 0
    assert (snapshot.bands[1] == 1).all()
    assert np.isfinite(snapshot.filters["gradient_l2"][:6]).all()


def test_nan_and_inf_weights_are_counted_and_left_out(tmp_path):
    training = make_training()
    with record(training, tmp_path / "run") as recorder:
        training.iterate()
        with torch.no_grad():
            training.model.conv1.weight[0, 0, 0, 0] = torch.nan
            training.model.conv1.weight[1, 0, 0, 0] = -torch.inf
            training.model.fc.weight.fill_(torch.nan)
        recorder.step()
    snapshot = read(tmp_path / "run")[1][0]
    values = dict(zip(STATISTICS, snapshot.statistics["weight"][0], strict=True))
    assert values["nan_count"] == 1
    assert values["inf_count"] == 1
    assert np.isfinite(list(values.values())).all()
    assert snapshot.histogram["weight"][0].sum() == 6 * 9 - 2
    assert (
        np.isnan(snapshot.filters["weight_l2"]).tolist() == [True] * 2 + [False] * 12 + [True] * 10
    )
    everything_nan = dict(zip(STATISTICS, snapshot.statistics["weight"][2], strict=True))
    assert everything_nan.pop("nan_count") == 80
    assert everything_nan.pop("inf_count") == 0
    assert np.isnan(list(everything_nan.values())).all()


def test_several_optimizers_each_give_their_layers(tmp_path):
    training = make_training()
    model = training.model
    early = torch.optim.SGD([*model.conv1.parameters(), *model.conv2.parameters()], lr=0.1)
    late = torch.optim.Adam(model.fc.parameters(), lr=0.01)
    with Recorder(model, [early, late], tmp_path / "run", every=1) as recorder:
        training.loss().backward()
        before = [rows(w) for w in layers_of(model)]
        expected = [rows(w.grad) for w in layers_of(model)]
        early.step()
        late.step()
        update = [rows(w) - b for w, b in zip(layers_of(model), before, strict=True)]
        recorder.step()
    snapshot = read(tmp_path / "run")[1][0]
    assert_quantity(snapshot, "gradient", expected)
    assert_quantity(snapshot, "update", update)
    assert snapshot.scalars["learning_rate"].values.tolist() == [0.1]
    assert snapshot.scalars["learning_rate/1"].values.tolist() == [0.01]


def test_a_parameter_group_with_a_name_has_a_rate_of_that_name():
    parts = [nn.Parameter(torch.ones(2, 2)) for _ in range(4)]
    groups = [
        {"params": [part], "lr": rate, **named}
        for part, rate, named in zip(
            parts, (0.1, 0.2, 0.3, 0.4), ({}, {"name": "head"}, {"name": "head"}, {}), strict=True
        )
    ]
    optimizer = torch.optim.SGD(groups)
    rates = LearningRates([optimizer])
    wanted = {"learning_rate": 0.1, "learning_rate/head": 0.2}
    assert rates.values() == {**wanted, "learning_rate/2": 0.3, "learning_rate/3": 0.4}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions_are_subtracted_before_they_are_rounded(dtype, tmp_path):
    model = nn.Sequential(nn.Linear(20, 6)).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    with Recorder(model, optimizer, tmp_path / "run", every=1) as recorder:
        before = model[0].weight.detach().clone()
        model(torch.randn(4, 20, dtype=dtype)).square().sum().backward()
        optimizer.step()
        recorder.step()
    wide = torch.promote_types(dtype, torch.float32)
    update = (model[0].weight.detach().to(wide) - before.to(wide)).float()
    assert_quantity(read(tmp_path / "run")[1][0], "update", [rows(update)])


def test_scalars_of_all_iterations_are_in_the_snapshots(tmp_path):
    training = make_training()
    schedule = torch.optim.lr_scheduler.StepLR(training.optimizer, 1, gamma=0.5)
    losses = []
    with record(training, tmp_path / "run", every=3, iterations_per_epoch=6) as recorder:
        for number in range(6):
            losses.append(training.iterate())
            rare = {"number of interest": number} if number % 2 else {}
            recorder.step(train_loss=losses[-1], **rare)
            schedule.step()
    _, found = read(tmp_path / "run")
    assert [s.epoch for s in found] == [0.5, 1.0]
    loss = [s.scalars["train_loss"] for s in found]
    assert np.concatenate([s.iterations for s in loss]).tolist() == [1, 2, 3, 4, 5, 6]
    assert np.concatenate([s.values for s in loss]).tolist() == [x.item() for x in losses]
    rate = np.concatenate([s.scalars["learning_rate"].values for s in found])
    assert rate.tolist() == [0.05 * 0.5**i for i in range(6)]
    assert found[0].scalars["number of interest"].iterations.tolist() == [2]
    assert found[1].scalars["number of interest"].values.tolist() == [3.0, 5.0]


def test_torch_asking_for_the_state_of_an_optimizer_is_no_step(tmp_path):
    # It makes a state where there is none: by a step with gradients and rates of zero.
    training = make_training(make=lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01))
    seen = []
    with record(training, tmp_path / "run") as recorder:
        for _ in range(2):
            get_optimizer_state_dict(training.model, training.optimizer)
            training.iterate()
            seen.append([rows(w.grad) for w in layers_of(training.model)])
            training.optimizer.zero_grad()
            get_optimizer_state_dict(training.model, training.optimizer)  # as a checkpoint does
            recorder.step()
    log = read(tmp_path / "run")[1]
    for snapshot, gradient in zip(log, seen, strict=True):
        assert_quantity(snapshot, "gradient", gradient)
        assert (snapshot.filters["update_ratio"] > 0).all()
    assert series(log, "learning_rate") == {1: 0.1, 2: 0.1}
