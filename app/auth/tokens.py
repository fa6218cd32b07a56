"""Secrets that are handed out: random, kept as hashes only."""

import hashlib
import secrets


def new_token(prefix: str = "") -> tuple[str, bytes]:
    """Return a token of 256 random bits and the hash under which it is kept.

    A prefix lets people, and scanners for leaked secrets, tell what kind of token it is.
    """
    token = prefix + secrets.token_urlsafe(32)
    return token, hash_token(token)


def hash_token(token: str) -> bytes:
    """Return the hash of a token: plain SHA-256, since 256 random bits cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
