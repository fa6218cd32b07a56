"""Headers of every answer: what a browser may load and do with our pages."""

import re
import secrets

from flask import Flask, Response, g, request

from app.config import AppSettings

# Scripts and styles come from us or carry the nonce of this very answer; nothing is evaluated.
# Components make style elements at run time: assets/early/styles.js gives them the nonce.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'nonce-{nonce}'",
    "style-src": "'self' 'nonce-{nonce}'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_SCRIPT = re.compile(r"<script\b")
_YEAR = 31_536_000


def install(server: Flask, settings: AppSettings) -> None:
    """Add the headers to every answer of the server, errors included."""

    @server.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        policy = "; ".join(f"{name} {value}" for name, value in _POLICY.items())
        headers["Content-Security-Policy"] = policy.format(nonce=nonce())
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        # Not "no-referrer": browsers then send "Origin: null" with our own forms.
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if settings.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if not _is_static() and "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        if _is_versioned() and response.status_code in (200, 304):
            # Browsers need not ask whether it has changed.
            headers["Cache-Control"] = f"max-age={_YEAR}, immutable"
        return response


def nonce() -> str:
    """Return the nonce of the present answer, the same throughout it and never again."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce


def with_nonce(html: str) -> str:
    """Return a page of ours whose script elements all carry the nonce of the present answer."""
    return _SCRIPT.sub(f'<script nonce="{nonce()}"', html)


def _is_static() -> bool:
    return request.path.startswith(("/assets/", "/_dash-component-suites/"))


def _is_versioned() -> bool:
    """Return whether the address changes with the build, as the page adds it."""
    return request.path.startswith("/assets/") and bool(request.args.get("m"))
