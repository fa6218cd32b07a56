"""A small OpenID Connect provider on a port of this machine, which the tests start."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "deeptracker"
CLIENT_SECRET = "s" * 40


@dataclass
class Provider:
    """Who logs in next (`claims`), and how the provider lies about it (`forged`)."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    forged: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    other_key: bool = False
    # What the provider answers instead of its tokens.
    nonsense: str | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def id_token(self, nonce: str) -> str:
        """Return the signed statement of who logs in."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            **self.claims,
            **self.forged,
        }
        key = RSAKey.generate_key(2048, {"kid": "1"}) if self.other_key else self.key
        return jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)


def _application(provider: Provider) -> Flask:
    server = Flask("provider")

    @server.get("/.well-known/openid-configuration")
    def configuration() -> Any:
        return jsonify(
            issuer=provider.issuer,
            authorization_endpoint=f"{provider.issuer}/authorize",
            token_endpoint=f"{provider.issuer}/token",
            jwks_uri=f"{provider.issuer}/keys",
            id_token_signing_alg_values_supported=["RS256"],
        )

    @server.get("/keys")
    def keys() -> Any:
        return jsonify(keys=[provider.key.as_dict(private=False)])

    @server.get("/authorize")
    def authorize() -> Any:
        asked = request.args
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT_ID)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        provider.codes[code] = dict(asked)
        back = urlencode({"code": code, "state": asked["state"]})
        return redirect(f"{asked['redirect_uri']}?{back}")

    @server.post("/token")
    def token() -> Any:
        form = request.form
        if provider.nonsense is not None:
            return provider.nonsense, 200, {"Content-Type": "application/json"}
        asked = provider.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        secret = request.authorization.password if request.authorization else None
        if asked is None or asked["code_challenge"] != challenge or secret != CLIENT_SECRET:
            return jsonify(error="invalid_grant"), 400
        made = provider.id_token(asked["nonce"])
        return jsonify(access_token="x", token_type="Bearer", expires_in=60, id_token=made)

    return server


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Yield a provider that answers until the end of the block."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, _application(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
