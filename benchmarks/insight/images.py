"""The real image sets of the insight benchmark, all shipped inside packages: nothing is fetched.

`digits` of scikit-learn, `faces` (part of Labeled Faces in the Wild) and `photographs` (patches,
told apart by the photograph that they are of) of scikit-image, and `letters`, hundreds of signs in
some eighty typefaces of the `font-*` packages, as notMNIST has them: many classes of few images.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_PATCH = 16
_LETTER = 16
# A sign that fewer typefaces have is left out.
_LEAST_TYPEFACES = 40
# Latin with its accents, Greek, Cyrillic, digits and signs.
_RANGES = ((0x21, 0x7F), (0xA1, 0x180), (0x391, 0x3CA), (0x402, 0x460))
_PHOTOGRAPHS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
)


@dataclass(frozen=True)
class Images:
    """Images `pixels` f4 [n, channels, size, size] in 0..1, `labels` [n], `names` of classes."""

    pixels: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...]


def _digits() -> Images:
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = (data.images[:, None] / 16.0).astype(np.float32)
    return Images(pixels, data.target.astype(np.int64), tuple("0123456789"))


def _faces() -> Images:
    with as_file(files("skimage") / "data" / "lfw_subset.npy") as path:
        pixels = np.load(path)[:, None, :24, :24].astype(np.float32)
    labels = np.repeat(np.arange(2), [100, 100])
    return Images(pixels, labels.astype(np.int64), ("face", "no face"))


def _photographs() -> Images:
    parts, labels = [], []
    for label, name in enumerate(_PHOTOGRAPHS):
        with as_file(files("skimage") / "data" / name) as path, Image.open(path) as photograph:
            pixels = np.asarray(photograph.convert("RGB"), np.float32) / 255.0
        rows, columns = pixels.shape[0] // _PATCH, pixels.shape[1] // _PATCH
        cut = pixels[: rows * _PATCH, : columns * _PATCH]
        patches = cut.reshape(rows, _PATCH, columns, _PATCH, 3).transpose(0, 2, 4, 1, 3)
        parts.append(patches.reshape(-1, 3, _PATCH, _PATCH))
        labels += [label] * len(parts[-1])
    names = tuple(name.partition(".")[0] for name in _PHOTOGRAPHS)
    return Images(np.concatenate(parts), np.array(labels, np.int64), names)


def _typefaces() -> list[Path]:
    """Return the files of all typefaces, each once, in the order of their names."""
    found: dict[str, Path] = {}
    for group in ("fonts_otf", "fonts_ttf"):
        for entry in entry_points(group=group):
            for path in map(Path, entry.load().values()):
                if "Variable" not in path.stem:
                    found[path.stem] = path
    if len(found) < _LEAST_TYPEFACES:
        raise ModuleNotFoundError("the font-* packages")
    return [found[name] for name in sorted(found)]


def _drawn(typeface: Any, sign: str) -> NDArray[np.uint8]:
    image = Image.new("L", (_LETTER, _LETTER))
    ImageDraw.Draw(image).text((_LETTER // 2, 12), sign, fill=255, font=typeface, anchor="ms")
    return np.asarray(image)


def _letters() -> Images:
    typefaces = [ImageFont.truetype(str(path), 13) for path in _typefaces()]
    missing = [_drawn(typeface, "\uffff") for typeface in typefaces]
    seen: set[bytes] = set()
    parts: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    names: list[str] = []
    for sign in (chr(code) for first, last in _RANGES for code in range(first, last)):
        drawn = [_drawn(typeface, sign) for typeface in typefaces]
        known = [
            image
            for image, none in zip(drawn, missing, strict=True)
            if image.any() and not np.array_equal(image, none)
        ]
        # What looks like an earlier sign (the Greek A like the Latin) is no class of its own.
        looks = known[0].tobytes() if known else b""
        if len(known) < _LEAST_TYPEFACES or looks in seen:
            continue
        seen.add(looks)
        parts.append(np.stack(known))
        labels += [len(names)] * len(known)
        names.append(f"U+{ord(sign):04X} {sign}")
    pixels = np.concatenate(parts)[:, None].astype(np.float32) / 255.0
    return Images(pixels, np.array(labels, np.int64), tuple(names))


_LOADERS: Mapping[str, Callable[[], Images]] = MappingProxyType(
    {"digits": _digits, "faces": _faces, "photographs": _photographs, "letters": _letters}
)


@lru_cache
def load_images(name: str) -> Images:
    """Return a whole set: digits, faces, photographs or letters.

    ImportError, which says what to install, where its package is missing.
    """
    try:
        return _LOADERS[name]()
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the image set {name!r} needs pip install -e '.[insight]' -c constraints.txt"
        ) from error
