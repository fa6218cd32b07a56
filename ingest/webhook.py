"""Posts a document to a webhook: to a public address only, and within a limit of time.

A webhook's host is resolved once, every address it has must be public, and the connection goes to
the very address that was checked: no name can point elsewhere a moment later. Redirects are not
followed. However slowly a server answers, after TOTAL_SECONDS it is cut off.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

# Of a single answer of the other side, and of a whole delivery.
TIMEOUT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
# Addresses that carry one of the old kind.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


class NotDelivered(Exception):  # noqa: N818 - what became of it
    """A delivery failed; the text says why, and is shown to administrators."""


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MayConnect = Callable[[Address], bool]


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the internet: not private, loopback, link-local, ..."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        inner = ipaddress.IPv4Address(address.packed[-4:])
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast


def check_url(url: str) -> tuple[str, str, int]:
    """Return (scheme, host, port) of a webhook; NotDelivered for anything but plain http(s)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotDelivered("This is not a valid webhook address.") from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise NotDelivered(
            "A webhook address starts with https:// or http:// and a host name, "
            "without a user name."
        )
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def resolve(host: str, port: int, *, may_connect: MayConnect = is_public) -> str:
    """Return the address to connect to; NotDelivered where any address of the host is refused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered(f"The host {host[:80]} is not known.") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in addresses:
        if not may_connect(ipaddress.ip_address(address)):
            raise NotDelivered(f"{host[:80]} has the address {address}, which is not public.")
    return addresses[0]


def post(
    url: str,
    document: Mapping[str, object],
    *,
    may_connect: MayConnect = is_public,
    seconds: float = TOTAL_SECONDS,
) -> None:
    """POST a document as JSON; NotDelivered for any answer but 2xx within `seconds`."""
    scheme, host, port = check_url(url)
    address = resolve(host, port, may_connect=may_connect)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = json.dumps(document).encode()
    with _cut_off(seconds) as limit:
        connection = _connection(scheme, host, port, address, limit)
        try:
            connection.request(
                "POST",
                target,
                body,
                {"Content-Type": "application/json", "User-Agent": "DeepTracker"},
            )
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            why = f" within {seconds:g} s" if limit.over else f": {type(error).__name__}"
            raise NotDelivered(f"No answer{why}.") from error
        finally:
            connection.close()
    if limit.over:
        raise NotDelivered(f"No whole answer within {seconds:g} s.")
    if not 200 <= status < 300:
        raise NotDelivered(f"It answered with status {status}.")


class _Limit:
    """Ends connections when its time is over: each answer in time, all together may take forever.

    It keeps a descriptor of its own of each: encryption takes over the socket that it is given.
    """

    def __init__(self) -> None:
        self.over = False
        self._sockets: list[socket.socket] = []

    def watch(self, connection: socket.socket) -> None:
        """End this connection, too, when the time is over."""
        self._sockets.append(connection.dup())
        if self.over:
            self.end()

    def end(self) -> None:
        """End all connections now."""
        self.over = True
        for one in self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was faster
                continue

    def close(self) -> None:
        """Give the descriptors back."""
        for one in self._sockets:
            one.close()


@contextmanager
def _cut_off(seconds: float) -> Iterator[_Limit]:
    """Yield a limit of time for the connections that it watches."""
    limit = _Limit()
    timer = threading.Timer(seconds, limit.end)
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()
        timer.join()
        limit.close()


def _connection(
    scheme: str, host: str, port: int, address: str, limit: _Limit
) -> http.client.HTTPConnection:
    """Return a connection to the checked address that speaks as to the host."""
    if scheme == "http":
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    else:
        connection = http.client.HTTPSConnection(
            host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )

    def connect_there(
        _named: tuple[str, int], timeout: float | None = None, source: object = None
    ) -> socket.socket:
        made = socket.create_connection((address, port), timeout=timeout)
        limit.watch(made)
        return made

    connection._create_connection = connect_there  # type: ignore[attr-defined]
    return connection
