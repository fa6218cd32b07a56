"""Contact sheets for a synthetic log: small generated pictures, one family of shapes a class."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from deeptracker.format import THUMBNAILS, Manifest, atomic_write, contact_sheet_path

TILE = (32, 32)


def write_contact_sheets(path: Path, manifest: Manifest, *, seed: int) -> None:
    """Write the contact sheet of every class, laid out as FORMAT.md says."""
    (path / THUMBNAILS).mkdir(exist_ok=True)
    sizes = np.bincount(manifest.images.class_id, minlength=len(manifest.classes))
    for class_id, images in enumerate(sizes.tolist()):
        if images:
            rng = np.random.default_rng([seed, 6, class_id])
            buffer = io.BytesIO()
            Image.fromarray(_sheet(rng, images)).save(buffer, "WEBP", quality=60, method=0)
            atomic_write(contact_sheet_path(path, class_id), buffer.getvalue())


def _sheet(rng: np.random.Generator, images: int) -> np.ndarray:
    """Return u1 [height, width, 3]: the images row by row in ceil(sqrt(n)) columns."""
    width, height = TILE
    columns = int(np.ceil(np.sqrt(images)))
    rows = -(-images // columns)
    ground, ink = rng.integers(60, 200, 3), rng.integers(0, 256, 3)
    spread = rng.integers(-40, 41, (rows * columns, 1, 1, 3))
    y, x = np.mgrid[0:height, 0:width]
    centre = rng.uniform(10, 22, (2, rows * columns, 1, 1))
    radius = rng.uniform(5, 11, (rows * columns, 1, 1))
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2
    tiles = np.where(inside[..., None], ink, ground) + spread
    tiles[images:] = 0
    grid = tiles.reshape(rows, columns, height, width, 3).transpose(0, 2, 1, 3, 4)
    return np.clip(grid.reshape(rows * height, columns * width, 3), 0, 255).astype(np.uint8)
