"""`deeptracker user`: accounts and their one-time links."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from db.permissions import Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

cli = typer.Typer(help="Accounts: who may log in, and as what.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The account's e-mail address.")]


@cli.command()
def add(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.VIEWER,
    name: Annotated[str, typer.Option(help="The name that others see.")] = "",
) -> None:
    """Add an account and print the link with which its owner chooses a password."""
    from db.queries.team import accounts

    with _session() as session:
        account = accounts.add_account(session, email=email, role=role, name=name)
        link = _link(session, account.id)
    typer.echo(f"Added {account.email} as {account.role}.")
    _print_link(link)


@cli.command()
def link(email: Email) -> None:
    """Print a new one-time link to choose a password; earlier links stop working."""
    from db.errors import Conflict
    from db.queries.team import accounts

    with _session() as session:
        account = accounts.find_by_email(session, email=email)
        if not account.active:
            raise Conflict(
                f"{account.email} is deactivated. Run first: deeptracker user activate {email}"
            )
        address = _link(session, account.id)
    _print_link(address)


@cli.command(name="list")
def list_all() -> None:
    """List the accounts."""
    from rich.console import Console
    from rich.table import Table

    from db.queries.team import accounts

    with _session() as session:
        found = accounts.list_accounts(session)
    if not found:
        typer.echo("There is no account. Add one: deeptracker user add EMAIL --role admin")
        return
    table = Table("E-mail", "Name", "Role", "State", "Since", box=None, pad_edge=False)
    for account in found:
        state = "active" if account.active else "deactivated"
        if account.active and not account.has_password:
            state = "no password yet"
        table.add_row(
            account.email, account.name, account.role, state, f"{account.created_at:%Y-%m-%d}"
        )
    Console(markup=False).print(table)


@cli.command()
def role(
    email: Email, new: Annotated[Role, typer.Argument(metavar="ROLE", help="The new role.")]
) -> None:
    """Give an account another role, at once."""
    from db.queries.team import accounts

    with _session() as session:
        account = accounts.find_by_email(session, email=email)
        accounts.set_role(session, account_id=account.id, role=new)
    typer.echo(f"{account.email} is {new.value} now.")


@cli.command()
def deactivate(email: Email) -> None:
    """Lock an account out at once: its sessions and links end."""
    from db.queries.jobs import resting
    from db.queries.team import accounts, sessions

    with _session() as session:
        account = accounts.find_by_email(session, email=email)
        accounts.set_active(session, account_id=account.id, active=False)
        ended = sessions.revoke_sessions(session, account_id=account.id)
        sessions.drop_links(session, account_id=account.id)
        rests = resting.rest(session, account_id=account.id, name=account.email)
    typer.echo(f"{account.email} can no longer log in; {ended} sessions ended.")
    if rests:
        typer.echo(f"What it loaded by itself rests: {rests}. See the page of ingest jobs.")


@cli.command()
def activate(email: Email) -> None:
    """Let a deactivated account log in again."""
    from db.queries.team import accounts

    with _session() as session:
        account = accounts.find_by_email(session, email=email)
        accounts.set_active(session, account_id=account.id, active=True)
    typer.echo(f"{account.email} can log in again.")


@contextmanager
def _session() -> Iterator["Session"]:
    """Yield a session in one transaction with the database."""
    from app.cli.store import ready_engine
    from db.engine import session_scope

    with ready_engine() as engine, session_scope(engine) as session:
        yield session


def _link(session: "Session", account_id: int) -> str:
    from app import served
    from app.auth.links import make_link
    from app.config import AppSettings

    return make_link(session, account_id=account_id, address=served.address(AppSettings()))


def _print_link(link: str) -> None:
    from db.queries.team.sessions import LINK

    hours = int(LINK.total_seconds() // 3600)
    typer.echo(f"This link works once, within {hours} hours:\n{link}")
