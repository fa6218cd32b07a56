"""The check of a password, so slow for whoever guesses that guessing is hopeless."""

from app import store
from app.auth import passwords
from db.queries import accounts, attempts
from deeptracker.errors import DeepTrackerError

# Failures within attempts.WINDOW. Many people may share an address, few mistype an account.
PER_ACCOUNT = 8
PER_ADDRESS = 40


class Throttled(DeepTrackerError):  # noqa: N818 - the name that callers read
    """Too many failed attempts; later ones are refused unread, right or wrong."""

    def __init__(self) -> None:
        self.retry_after = int(attempts.WINDOW.total_seconds())
        super().__init__(
            f"There were too many failed attempts. Try again in {self.retry_after // 60} minutes."
        )


def check_password(email: str, password: str, *, address: str) -> int | None:
    """Return the id of the account whose password this is, else None; Throttled.

    It takes the same time for an unknown or a deactivated account, and counts on all servers.
    """
    limits = {f"account:{email.lower()}": PER_ACCOUNT, f"address:{address}": PER_ADDRESS}
    with store.transaction() as session:
        noted = attempts.begin_attempt(session, limits=limits)
    if noted is None:
        raise Throttled
    with store.transaction() as session:
        found = accounts.password_hash(session, email=email)
    # Outside of a transaction: hashing takes a while, and holds no connection.
    if not passwords.matches(password, found[1] if found else None) or found is None:
        return None
    account_id, stored = found
    with store.transaction() as session:
        attempts.attempt_succeeded(session, attempts=noted)
        if passwords.outdated(stored):
            accounts.set_password_hash(
                session, account_id=account_id, password_hash=passwords.hash_password(password)
            )
    return account_id
