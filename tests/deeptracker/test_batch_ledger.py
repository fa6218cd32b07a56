"""Which batches the Recorder keeps, when they are written, and that nothing odd ends a training."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import deeptracker
from deeptracker import Recorder
from deeptracker.batch_ledger import AFTER, BEFORE, MOST_FILES, MOST_IMAGES, BatchLedger
from deeptracker.errors import RecordingError
from deeptracker.format import ABANDONED, LEDGERS, MAX_LEDGER, RunDirectory, write_ledger
from tests.bad_batches import AT, ITERATIONS, train
from tests.deeptracker import small_logs
from tests.deeptracker.trainings import make_training


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("ledger") / "run"
    return run_dir, train(run_dir)


def steps_of(ledger):
    """Yield iteration and place in the arrays of each step."""
    ends = np.cumsum(ledger.step_size)
    return {
        int(at): slice(end - size, end)
        for at, end, size in zip(ledger.step_iteration, ends, ledger.step_size, strict=True)
    }


def test_a_jump_brings_the_batches_around_it(recorded):
    run_dir, bad = recorded
    log = RunDirectory(run_dir)
    manifest = log.manifest()
    assert "ledger" in manifest.contents.capabilities
    assert manifest.remarks == ()
    assert AT in log.ledger_iterations()
    ledger = log.ledger(manifest, AT)
    assert ledger.reason == "jump"
    steps = steps_of(ledger)
    assert list(steps) == list(range(AT - BEFORE, AT + AFTER + 1))
    here = steps[AT]
    worst = ledger.index[here][np.argsort(-ledger.loss[here])]
    assert set(worst[: len(bad)].tolist()) == bad
    assert set(ledger.label[here][np.isin(ledger.index[here], list(bad))].tolist()) == {0}
    assert ledger.step_loss[list(steps).index(AT)] == pytest.approx(ledger.loss[here].mean())
    # What an image's loss usually is follows from the steps before that had it.
    seen = np.isfinite(ledger.usual[here]) & np.isin(ledger.index[here], list(bad))
    assert seen.any()
    assert (ledger.usual[here] < ledger.loss[here])[seen].all()


class Written:
    """A folder that takes all that is handed to it."""

    def __init__(self):
        self.ledgers, self.odd = [], []
        self.ledger = BatchLedger(
            self.write, lambda name, why: self.odd.append(name), files=0, size=0
        )

    def write(self, ledger):
        self.ledgers.append(ledger)
        return 1000

    def step(self, iteration, loss, images=4):
        index = np.arange(images) + iteration * images
        self.ledger.add(index, np.full(images, loss, np.float32), None)
        self.ledger.end_step(iteration, loss)


def quiet(iteration):
    return 1 + 0.01 * (iteration * 7 % 5)


def test_nothing_is_written_while_the_loss_is_usual():
    written = Written()
    for iteration in range(1, 500):
        written.step(iteration, quiet(iteration) * 0.999**iteration)
    written.ledger.flush()
    assert written.ledgers == []
    assert len(written.ledger._ring) == BEFORE + 1 + AFTER


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_the_first_loss_that_is_not_finite_is_written_at_once_and_with_what_follows(odd):
    written = Written()
    for iteration in range(1, 100):
        written.step(iteration, odd if iteration >= 40 else quiet(iteration))
        if iteration == 40:
            assert [one.iteration for one in written.ledgers] == [40]
    assert {(one.iteration, one.reason) for one in written.ledgers} == {(40, "not finite")}
    assert written.ledgers[-1].step_iteration[-1] == 40 + AFTER


def test_a_loss_that_is_nan_soon_after_a_jump_has_a_file_of_its_own():
    written = Written()
    for iteration in range(1, 60):
        written.step(iteration, {40: 9.0, 43: np.nan}.get(iteration, quiet(iteration)))
    last = {one.iteration: one for one in written.ledgers}
    assert {at: one.reason for at, one in last.items()} == {40: "jump", 43: "not finite"}
    assert (last[40].step_iteration[-1], last[43].step_iteration[-1]) == (43, 43 + AFTER)


def test_a_training_that_ends_over_the_jump_leaves_it_written():
    written = Written()
    for iteration in range(1, 42):
        written.step(iteration, 9.0 if iteration == 40 else quiet(iteration))
    written.ledger.flush()
    assert written.ledgers[-1].step_iteration.tolist() == list(range(40 - BEFORE, 42))


def test_of_a_loss_that_stays_high_the_first_step_counts_and_the_files_are_bounded():
    written = Written()
    for iteration in range(1, 200):
        written.step(iteration, quiet(iteration) + 5 * (iteration >= 100))
    assert {one.iteration for one in written.ledgers} == {100}
    for iteration in range(200, 5_000):
        written.step(iteration, quiet(iteration) * (1e9 if iteration % 40 == 0 else 1))
    assert len({one.iteration for one in written.ledgers}) == MOST_FILES


def test_a_step_of_the_same_images_is_written_without_any_jump():
    written = Written()
    for iteration in range(1, 60):
        index = np.arange(8) + iteration * 8 if iteration != 50 else np.zeros(8, int)
        written.ledger.add(index, None, None)
        written.ledger.end_step(iteration, quiet(iteration))
    assert {(one.iteration, one.reason) for one in written.ledgers} == {(50, "copies")}
    assert np.isnan(written.ledgers[-1].loss).all()


def test_batches_of_one_step_are_one_and_without_train_loss_their_mean_counts():
    written = Written()
    for iteration in range(1, 60):
        for part in range(2):
            index = np.arange(3) + 6 * iteration + 3 * part
            losses = torch.full((3,), quiet(iteration) + 4 * (iteration == 50), requires_grad=True)
            written.ledger.add(index.tolist(), losses, torch.tensor([1, 2, -100]))
        written.ledger.end_step(iteration, None)
    found = written.ledgers[-1]
    assert found.iteration == 50
    assert set(found.step_size.tolist()) == {6}
    assert found.label[:6].tolist() == [1, 2, -1, 1, 2, -1]


def test_batches_without_any_step_do_not_pile_up():
    written = Written()
    for _ in range(2):
        written.ledger.add(np.arange(8_192), None, None)
    with pytest.raises(ValueError, match="more than 16,384 images since the last"):
        written.ledger.add([1], None, None)


def test_the_largest_steps_fit_into_a_file(tmp_path):
    small_logs.write_small_log(tmp_path / "run", iterations=(10,))
    written = Written()
    for iteration in range(1, 60):
        written.step(iteration, 9.0 if iteration == 45 else quiet(iteration), images=MOST_IMAGES)
    steps = written.ledgers[-1].step_size
    assert len(steps) == BEFORE + 1 + AFTER
    path = tmp_path / "ledger.safetensors"
    assert write_ledger(path, small_logs.manifest(), written.ledgers[-1]) == path.stat().st_size
    assert path.stat().st_size <= MAX_LEDGER


ODD = {
    "texts": (["a.png", "b.png"], [0.1, 0.2], None),
    "negative": ([-1, 2], [0.1, 0.2], None),
    "fractions": ([0.5, 2], None, None),
    "no list": (7, None, None),
    "none": ([], [], None),
    "None": (None, None, None),
    "one loss for all": ([1, 2], torch.tensor(0.5), [0, 1]),
    "other length": ([1, 2], [0.5], [0, 1]),
    "labels in words": ([1, 2], [0.5, 0.5], ["cat", "dog"]),
    "complex": ([1, 2], np.array([1j, 2j]), None),
}


@pytest.mark.parametrize("given", ODD.values(), ids=ODD)
def test_odd_batches_are_remarked_once_and_the_training_goes_on(given, tmp_path):
    training = make_training()
    recorder = Recorder(training.model, training.optimizer, tmp_path / "run", every=10)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for _ in range(3):
            loss = training.iterate()
            recorder.batch(*given)
            recorder.step(train_loss=loss)
        recorder.close()
    assert len(warned) == 1
    manifest = RunDirectory(tmp_path / "run").manifest()
    assert manifest.state == "complete"
    assert [(r.kind, r.times) for r in manifest.remarks] == [("ledger", 3)]


def test_a_training_is_the_same_with_and_without_batches(tmp_path):
    found = []
    for told in (True, False):
        training = make_training()
        folder = tmp_path / str(told)
        with Recorder(training.model, training.optimizer, folder, every=5) as recorder:
            for _ in range(12):
                loss = training.iterate()
                if told:
                    recorder.batch(range(16), loss.detach().expand(16), range(16))
                recorder.step(train_loss=loss)
        found.append([*training.model.state_dict().values(), torch.get_rng_state()])
    assert all(map(torch.equal, *found))
    assert not (tmp_path / "False" / LEDGERS).exists()
    assert "ledger" in RunDirectory(tmp_path / "False").manifest().lacks


def test_a_resumed_run_sets_aside_the_batches_after_its_checkpoint(tmp_path):
    train(tmp_path / "run")
    log = RunDirectory(tmp_path / "run")
    gone = log.ledger_iterations()
    train(tmp_path / "run", at=85, start_iteration=40)
    assert 85 in log.ledger_iterations()
    assert not set(gone) & set(log.ledger_iterations())
    assert log.ledger(log.manifest(), 85).generation == 1
    aside = RunDirectory(tmp_path / "run" / ABANDONED / "001")
    assert aside.ledger_iterations() == gone
    assert aside.ledger(aside.manifest(), AT).iteration == AT


def test_a_full_disk_loses_batches_and_says_so(tmp_path, monkeypatch):
    def full(path, data):
        if path.parent.name == LEDGERS:
            raise OSError(28, "No space left on device")
        path.write_bytes(data)

    monkeypatch.setattr("deeptracker.format.origin.atomic_write", full)
    with pytest.warns(RuntimeWarning, match="batches lost"):
        train(tmp_path / "run")
    manifest = RunDirectory(tmp_path / "run").manifest()
    assert manifest.state == "complete"
    assert len(RunDirectory(tmp_path / "run").iterations()) == ITERATIONS // 20
    assert [r.kind for r in manifest.remarks] == ["disk"]


class TestIndexed:
    def test_gives_each_item_with_its_place_whatever_shuffles_it(self):
        data = TensorDataset(torch.arange(20.0), torch.arange(20) % 3)
        torch.manual_seed(0)
        plain = list(DataLoader(data, batch_size=6, shuffle=True))
        torch.manual_seed(0)
        found = list(DataLoader(deeptracker.Indexed(data), batch_size=6, shuffle=True))
        for (index, (numbers, labels)), (expected, their) in zip(found, plain, strict=True):
            assert torch.equal(numbers, expected)
            assert torch.equal(labels, their)
            assert index.tolist() == numbers.int().tolist()

    def test_asks_for_several_items_at_once_where_the_data_set_can(self):
        class Together(TensorDataset):
            def __getitems__(self, places):
                return [(float(place), "together") for place in places]

        index, (numbers, how) = next(
            iter(DataLoader(deeptracker.Indexed(Together(torch.arange(4))), batch_size=3))
        )
        assert index.tolist() == numbers.tolist() == [0, 1, 2]
        assert how == ("together",) * 3 or list(how) == ["together"] * 3

    def test_refuses_what_is_only_iterated(self):
        class Stream(IterableDataset):
            def __iter__(self):
                return iter(range(3))

        with pytest.raises(RecordingError, match="Stream, whose items have no places"):
            deeptracker.Indexed(Stream())


def test_other_processes_than_the_one_that_writes_tell_nothing(tmp_path):
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder(model, optimizer, tmp_path / "run", every=1, rank=1) as recorder:
        recorder.batch([0, 1], [0.5, 0.5])
        recorder.step(train_loss=0.5)
    assert not (tmp_path / "run").exists()
