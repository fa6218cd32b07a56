"""What names the version of a run in addresses, ETags and caches, and in links to its pages.

"1a2b3c4d.17.9f8e7d6c5b4a3f2e": the beginning of the run's UUID, its version, and a digest of that
version, the store and the build of the application. Bytes under an address with it never change,
so a browser may keep them for good: another store, run, version or meaning has another address.
"""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from app.build import build_id
from db.queries.store import RunVersion

# The parameter of a link's address that says which run it is about.
OF = "of"
_SHORT = 8
_DIGEST = 16


def version_token(version: RunVersion) -> str:
    """Return the token of one version of one run."""
    return f"{short_uuid(version.uuid)}.{version.number}.{_digest([version])}"


def joint_token(versions: Iterable[RunVersion]) -> str:
    """Return the token of a comparison of several runs, in this order."""
    return _digest(versions)


def short_uuid(uuid: UUID) -> str:
    """Return the beginning of a run's UUID: what links say of the run beside its number."""
    return uuid.hex[:_SHORT]


def _digest(versions: Iterable[RunVersion]) -> str:
    said = repr((build_id(), [(v.store, v.uuid.hex, v.number, v.stamp) for v in versions]))
    return hashlib.sha256(said.encode()).hexdigest()[:_DIGEST]
