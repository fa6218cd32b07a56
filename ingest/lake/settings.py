"""DEEPTRACKER_LAKE: where the lake is; without it there is none."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deeptracker.lake.layout import ENVIRONMENT, LakeError
from deeptracker.paths import PathRefused
from ingest.lake.places import Bucket, Folder, LakePlace
from ingest.locations import LocationRefused, LocationSettings, ObjectFolder, read_place


class LakeSettings(BaseSettings):
    """Settings read from the environment; frozen."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    lake: str | None = Field(default=None, validation_alias=ENVIRONMENT)

    def place(self) -> LakePlace | None:
        """Return where the lake is, None where there is to be none.

        LakeError for an address that is none, and for a place among the logs: what is written there
        would be loaded as runs of its own.
        """
        if self.lake is None or not self.lake.strip():
            return None
        try:
            at = read_place(self.lake.strip())
        except (LocationRefused, PathRefused) as error:
            raise LakeError(f"{ENVIRONMENT}: {error}") from error
        if not isinstance(at, Path | ObjectFolder):
            raise LakeError(f"{ENVIRONMENT}: {self.lake!r} is not a folder.")
        for root in LocationSettings().roots():
            if _within(at, root):
                raise LakeError(
                    f"{ENVIRONMENT}: {at} lies among the logs ({root}, DEEPTRACKER_LOG_ROOTS), and "
                    "would be loaded as one. Name a folder elsewhere."
                )
        return Folder(at) if isinstance(at, Path) else Bucket(at)


def _within(place: object, root: object) -> bool:
    if isinstance(place, Path) and isinstance(root, Path):
        return place.is_relative_to(root)
    return (
        isinstance(place, ObjectFolder) and isinstance(root, ObjectFolder) and place.is_under(root)
    )
