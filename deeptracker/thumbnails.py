"""Small pictures of the validation images, one contact sheet per class."""

import io
import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from deeptracker.errors import RecordingError
from deeptracker.format import THUMBNAILS, atomic_write, contact_sheet_path
from deeptracker.format.directory import MAX_CONTACT_SHEET

LONGEST_SIDE = 64
# WebP takes no side beyond this.
_MOST_PIXELS = 16_383
_LOSSLESS_SIDE = 32


def shrink(image: Tensor) -> Tensor:
    """Return a picture of at most 64 pixels a side as float32 [1 or 3, h, w] on the host.

    Takes [h, w] or [channels, h, w]; channels that are neither one nor three are averaged. The
    scale of the values stays; RecordingError where the tensor is no picture.
    """
    picture = image.detach().float().cpu()
    if picture.ndim == 2:
        picture = picture.unsqueeze(0)
    if picture.ndim != 3 or not picture.numel():
        raise RecordingError(
            f"a validation image has shape {list(image.shape)}; thumbnails need [height, width] or "
            "[channels, height, width], so record without thumbnails"
        )
    if picture.shape[0] not in (1, 3):
        picture = picture.mean(dim=0, keepdim=True)
    longest = max(picture.shape[1:])
    if longest <= LONGEST_SIDE:
        return picture
    size = [max(1, round(side * LONGEST_SIDE / longest)) for side in picture.shape[1:]]
    return nn.functional.interpolate(picture.unsqueeze(0), size=size, mode="area").squeeze(0)


def write_contact_sheets(
    run_dir: Path, pictures: list[Tensor], labels: NDArray[np.int32]
) -> tuple[int, int]:
    """Write a WebP per class and return (width, height) of one picture in them.

    The pictures of a class stand in the order of its images, row by row, in
    ceil(sqrt(images)) columns. A class with more images than one sheet takes has none. Raises
    OSError where the disk is full.
    """
    height, width = pictures[0].shape[1:]
    low, high = _scale(pictures)
    (run_dir / THUMBNAILS).mkdir(exist_ok=True)
    for class_id in np.unique(labels):
        chosen = [pictures[index] for index in np.flatnonzero(labels == class_id)]
        if max(_sheet_size(len(chosen), (height, width))) > _MOST_PIXELS:
            continue
        pixels = [_pixels(picture, low, high, (height, width)) for picture in chosen]
        if (sheet := _sheet(pixels)) is not None:
            atomic_write(contact_sheet_path(run_dir, int(class_id)), sheet)
    return width, height


def _scale(pictures: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Return per channel which values become black and white: [channels, 1, 1] each.

    0..1 and 0..255 are taken as they are; normalised images are stretched between extremes.
    """
    low = torch.stack([p.amin(dim=(1, 2)) for p in pictures]).amin(dim=0)
    high = torch.stack([p.amax(dim=(1, 2)) for p in pictures]).amax(dim=0)
    for top in (1.0, 255.0):
        if float(low.min()) >= 0 and float(high.max()) <= top:
            low, high = torch.zeros_like(low), torch.full_like(high, top)
            break
    return low.reshape(-1, 1, 1), high.reshape(-1, 1, 1)


def _pixels(picture: Tensor, low: Tensor, high: Tensor, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture as bytes [h, w, 3]."""
    if tuple(picture.shape[1:]) != size:
        picture = nn.functional.interpolate(picture.unsqueeze(0), size=size, mode="area").squeeze(0)
    shares = ((picture - low) / (high - low).clamp(min=1e-12)).nan_to_num().clamp(0, 1)
    pixels = (shares * 255).round().to(torch.uint8)
    return pixels.expand(3, -1, -1).permute(1, 2, 0).numpy()


def _sheet_size(count: int, picture: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a sheet of `count` pictures of (height, width)."""
    columns = math.ceil(math.sqrt(count))
    return math.ceil(count / columns) * picture[0], columns * picture[1]


def _sheet(pixels: list[NDArray[np.uint8]]) -> bytes | None:
    """Return pictures of one size side by side as WebP; None where it is too large for a log."""
    height, width = pixels[0].shape[:2]
    size = _sheet_size(len(pixels), (height, width))
    sheet = np.zeros((*size, 3), dtype=np.uint8)
    columns = size[1] // width
    for index, picture in enumerate(pixels):
        row, column = divmod(index, columns)
        y, x = row * height, column * width
        sheet[y : y + height, x : x + width] = picture
    out = io.BytesIO()
    small = max(height, width) <= _LOSSLESS_SIDE
    Image.fromarray(sheet).save(out, format="WEBP", lossless=small, quality=80)
    return out.getvalue() if out.tell() <= MAX_CONTACT_SHEET else None
