"""HTTP to a server of DeepTracker: one address, one token, answers checked; no pandas here."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from numpy.typing import NDArray

from deeptracker.errors import (
    ClientError,
    NotOnServer,
    NotPermitted,
    ServerFailed,
    ServerUnreachable,
    TokenRefused,
)
from deeptracker.typed_bytes import unpack

PREFIX = "/api/v1"
_BINARY = "application/octet-stream"
_BY_STATUS: Mapping[int, type[ClientError]] = {
    401: TokenRefused,
    403: NotPermitted,
    404: NotOnServer,
}


class Connection:
    """Asks one server; the token goes to no other, since redirections are not followed."""

    def __init__(self, url: str, token: str, *, timeout: float) -> None:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ServerUnreachable(
                f"{url!r} is not the address of a server; it looks like http://127.0.0.1:8050."
            )
        self.url = url.strip().rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        # Else a .netrc of the user's would replace the token.
        self._session.auth = _Bearer(token.strip())

    def json(self, path: str, **arguments: Any) -> Any:
        """Return the JSON of an address below PREFIX; ClientError where there is none."""
        answer = self._get(path, arguments)
        try:
            return answer.json()
        except (ValueError, RecursionError) as error:
            raise self._foreign() from error

    def arrays(self, path: str, **arguments: Any) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the arrays and the meta of an address below PREFIX; ClientError as above."""
        answer = self._get(path, arguments)
        if answer.headers.get("Content-Type", "") != _BINARY:
            raise self._foreign()
        try:
            return unpack(answer.content)
        except ValueError as error:
            raise ServerFailed(f"The answer of {self.url} cannot be read: {error}.") from error

    def _get(self, path: str, arguments: Mapping[str, Any]) -> requests.Response:
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            answer = self._session.get(
                f"{self.url}{PREFIX}{path}",
                params=given,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ServerUnreachable(
                f"No server answers at {self.url} ({_reason(error)}). Is it running, and is the "
                "address right?"
            ) from error
        if answer.status_code == 200:
            return answer
        raise self._problem(answer)

    def _problem(self, answer: requests.Response) -> ClientError:
        try:
            text = str(answer.json()["error"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return self._foreign()
        if answer.status_code == 401:
            text = (
                f"{self.url} does not accept the token: it is wrong, revoked or expired, or its "
                "account is locked. Make one on your account page."
            )
        fallback = ServerFailed if answer.status_code >= 500 else ClientError
        return _BY_STATUS.get(answer.status_code, fallback)(text)

    def lacks(self, error: KeyError) -> ServerFailed:
        """Return what to raise where an answer has no entry of this name."""
        return ServerFailed(
            f"The answer of {self.url} has no {error}: it is of an older release than this client."
        )

    def _foreign(self) -> ServerUnreachable:
        return ServerUnreachable(
            f"What answers at {self.url} is not a DeepTracker server, or an older one."
        )


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise TokenRefused("This is not an API token. Make one on your account page.")
        self._header = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    return "it took too long" if isinstance(error, requests.Timeout) else "no connection"
