"""The check of a password, so slow for whoever guesses that guessing is hopeless."""

import ipaddress
from dataclasses import dataclass, field

from app import store
from app.auth import passwords
from db.queries.team import accounts, attempts
from deeptracker.errors import DeepTrackerError

# Failures within attempts.WINDOW: of an account at one address, which its owner's successes
# forgive; of an address, since many people may share one; of an account from all over the world.
# The last two spare places from which the account's owner logs in (attempts.USUAL): else whoever
# fails often enough on purpose would keep her out.
PER_PAIR = 8
PER_ADDRESS = 40
PER_ACCOUNT = 40
# What one customer of a provider gets of IPv6: each address of it would count for itself.
_IPV6_NETWORK = 64


class Throttled(DeepTrackerError):  # noqa: N818 - the name that callers read
    """Too many failed attempts; later ones are refused unread, right or wrong."""

    def __init__(self) -> None:
        self.retry_after = int(attempts.WINDOW.total_seconds())
        super().__init__(
            f"There were too many failed attempts. Try again in {self.retry_after // 60} minutes, "
            "or ask an administrator for a one-time link."
        )


@dataclass(frozen=True)
class Known:
    """Whose password it was, and its hash; it may be another by now: accounts.hold_password."""

    account_id: int
    password_hash: str = field(repr=False)


def check_password(email: str, password: str, *, address: str) -> Known | None:
    """Return the account whose password this is, else None; Throttled.

    It takes the same time for an unknown or a deactivated account, and counts on all servers.
    """
    with store.transaction() as session:
        noted = attempts.begin_attempt(session, limits=limits(email, address))
    if noted is None:
        raise Throttled
    with store.transaction() as session:
        found = accounts.password_hash(session, email=email)
    # Outside of a transaction: hashing takes a while, and holds no connection.
    if not passwords.matches(password, found[1] if found else None) or found is None:
        return None
    account_id, stored = found
    newer = passwords.hash_password(password) if passwords.outdated(stored) else None
    with store.transaction() as session:
        if not accounts.hold_password(session, account_id=account_id, password_hash=stored):
            return None
        attempts.attempt_succeeded(session, noted=noted)
        if newer is not None:
            accounts.set_password_hash(session, account_id=account_id, password_hash=newer)
    return Known(account_id, newer or stored)


def limits(email: str, address: str) -> attempts.Limits:
    """Return what an attempt at an account from a client's address counts for."""
    account, place = email.lower(), network(address)
    return attempts.Limits(
        pair=(f"pair:{place} {account}", PER_PAIR),
        wide=((f"address:{place}", PER_ADDRESS), (f"account:{account}", PER_ACCOUNT)),
    )


def network(address: str) -> str:
    """Return an address as it counts: of IPv6 its network, and what is none as it is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))
    return str(found)
