"""What must not be in a log, taken out of its lines: passwords, tokens, cookies, codes.

Nothing of ours writes secrets to the log on purpose; this is for what others put into their
messages and tracebacks: an address with a one-time link in it, a URL with a password.
"""

import os
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
# Settings that are secret as they are; a short one would hide innocent words.
_SETTINGS = (
    "DEEPTRACKER_SECRET_KEY",
    "DEEPTRACKER_METRICS_TOKEN",
    "DEEPTRACKER_OIDC_CLIENT_SECRET",
    "DEEPTRACKER_SMTP_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "PGPASSWORD",
)
_SHORTEST = 8

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # A URL with a password, and a password as libpq writes it.
        r"(://[^:/@\s]*:)[^\s/]+(?=@)",
        r"(\bpassword\s*=\s*)(?:'[^']*'|\"[^\"]*\"|[^\s&;,)]+)",
        # One-time links; the rule of the route may be named.
        r"(/link/)(?!<)[^\s\"'?#<>]+",
        # What comes with requests: tokens, cookies of ours, codes of a login provider.
        r"(\bbearer\s+)[^\s\"',;]+",
        r"(\b(?:__Host-)?deeptracker(?:-oidc)?=)[^\s;\"']+",
        r"(\b(?:set-)?cookie\b[\"']?\s*[:=]\s*)[^\r\n]+",
        r"(\b(?:code|state|id_token|access_token|refresh_token|client_secret|again)=)[^\s&\"'<>]+",
        r"()\bdt_[A-Za-z0-9_-]{20,}",
        # The values of a failed statement.
        r"(\[parameters: )[^\n]+",
    )
)


def redact(text: str, *, secrets: tuple[str, ...] = ()) -> str:
    """Return a text without what looks like a secret, and without these very secrets."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


def secrets_of(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the secrets among the settings, the password of DATABASE_URL as one of them."""
    found = {environment.get(name, "") for name in _SETTINGS}
    try:
        written = urlsplit(environment.get("DATABASE_URL", "")).password or ""
    except ValueError:
        written = ""
    found |= {written, unquote(written)}
    return tuple(sorted((text for text in found if len(text) >= _SHORTEST), key=len, reverse=True))
