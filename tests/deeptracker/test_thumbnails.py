"""A contact sheet per class shows its images, in order, where FORMAT.md says."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from deeptracker.demo import load_digits
from deeptracker.errors import RecordingError
from deeptracker.format import RunDirectory
from deeptracker.thumbnails import shrink, write_contact_sheets


def sheet_of(run_dir, class_id):
    data = RunDirectory(run_dir).contact_sheet(class_id)
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def cell(sheet, index, count, size):
    width, height = size
    row, column = divmod(index, math.ceil(math.sqrt(count)))
    return sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]


def test_a_recorded_run_shows_its_digits(recorded_run):
    manifest = RunDirectory(recorded_run).manifest()
    images, labels = load_digits()[1].tensors
    assert manifest.thumbnail == (8, 8)
    assert manifest.state == "complete"
    for class_id in range(10):
        sheet = sheet_of(recorded_run, class_id)
        own = images[labels == class_id]
        assert sheet.shape == (6 * 8, 7 * 8, 3)
        for index, image in enumerate(own):
            found = cell(sheet, index, len(own), manifest.thumbnail)
            expected = (image[0].numpy() * 255).round()
            assert (found == expected[:, :, None]).all()
        assert (cell(sheet, 41, 40, (8, 8)) == 0).all()


def test_large_normalised_colour_images_are_shrunk_and_stretched(tmp_path):
    generator = torch.Generator().manual_seed(0)
    images = torch.randn((5, 3, 96, 160), generator=generator)
    images[:, 0] += 4 * torch.linspace(-1, 1, 160)
    size = write_contact_sheets(tmp_path, [shrink(i) for i in images], np.array([3] * 5, np.int32))
    assert size == (64, 38)
    sheet = sheet_of(tmp_path, 3)
    assert sheet.shape == (2 * 38, 3 * 64, 3)
    first = cell(sheet, 0, 5, size).astype(float)
    assert first[:, :8, 0].mean() + 100 < first[:, -8:, 0].mean()


def test_bytes_stay_as_they_are(tmp_path):
    image = torch.arange(256, dtype=torch.uint8).reshape(16, 16)
    write_contact_sheets(tmp_path, [shrink(image)], np.zeros(1, np.int32))
    assert (sheet_of(tmp_path, 0)[:, :, 0] == image.numpy()).all()


def test_a_class_too_large_for_one_sheet_has_none(tmp_path):
    # 256 columns of 64 pixels are one more than a WebP is wide.
    pictures = [torch.zeros(1, 1, 64)] * (255**2 + 2)
    labels = np.array([0, *[1] * (255**2 + 1)], np.int32)
    assert write_contact_sheets(tmp_path, pictures, labels) == (64, 1)
    assert RunDirectory(tmp_path).contact_sheet(0) is not None
    assert RunDirectory(tmp_path).contact_sheet(1) is None


@pytest.mark.parametrize("shape", [(10,), (2, 3, 4, 5), (1, 0, 3)])
def test_what_is_no_picture_is_named(shape):
    with pytest.raises(RecordingError, match="record without thumbnails"):
        shrink(torch.zeros(shape))
