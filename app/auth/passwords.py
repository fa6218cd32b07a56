"""Passwords: what may be one, its hash, and the check in the same time for everybody."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from deeptracker.errors import DeepTrackerError

MIN_LENGTH = 12
MAX_LENGTH = 200
MIN_DIFFERENT = 5


class PasswordRefused(DeepTrackerError):  # noqa: N818 - the name that callers read
    """The text may not become a password; the message says why."""


# Argon2id with the parameters of RFC 9106's second choice: 64 MiB, 3 passes.
_hasher = PasswordHasher()


def check_new(password: str, *, email: str) -> None:
    """Raise PasswordRefused where `password` may not become the password of `email`."""
    if len(password) < MIN_LENGTH:
        raise PasswordRefused(f"A password has at least {MIN_LENGTH} characters.")
    if len(password) > MAX_LENGTH:
        raise PasswordRefused(f"A password has at most {MAX_LENGTH} characters.")
    if len(set(password)) < MIN_DIFFERENT:
        raise PasswordRefused(f"A password has at least {MIN_DIFFERENT} different characters.")
    if password.lower() in (email.lower(), email.lower().partition("@")[0]):
        raise PasswordRefused("Your e-mail address cannot be your password.")


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, salt and parameters included."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Return whether `password` has the hash `stored`.

    None (no such account) is never matched and takes as long as a real one.
    """
    if len(password) > MAX_LENGTH:
        # No such password exists; hash something short, so that the time tells nothing either.
        password, stored = "", None
    try:
        return _hasher.verify(stored or _dummy(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Return whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _dummy() -> str:
    return _hasher.hash("nobody has this password, whatever they type")
