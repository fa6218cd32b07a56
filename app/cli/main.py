"""`deeptracker`: its commands joined, and what a failure looks like."""

import sys
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console

# What a command needs is imported by it: whoever types another one should not wait for that.
from app.cli import database, doors, lake, loading, people, reporting, serving
from deeptracker import lifeline, standard_output

FAILED = 1
# typer carries a copy of click whose names are private; this is its ClickException.
_WRONG_USAGE: Any = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)

cli = typer.Typer(
    name="deeptracker",
    help="See what went wrong, and when, in the training of a convolutional network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
cli.command()(serving.demo)
cli.command()(serving.serve)
cli.command()(serving.worker)
cli.command()(loading.ingest)
cli.command()(reporting.report)
cli.command()(reporting.export)
cli.command(context_settings=doors.PASSED_ON)(doors.show)
cli.command(context_settings=doors.PASSED_ON)(doors.mcp)
cli.command(context_settings=doors.PASSED_ON)(doors.convert)
cli.add_typer(people.cli, name="user")
cli.add_typer(database.cli, name="db")
cli.add_typer(lake.cli, name="lake")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 well, 1 failed, 2 wrong usage, 130 Ctrl-C, 143 SIGTERM."""
    lifeline.hold()
    with lifeline.heard():
        status = run(sys.argv[1:] if arguments is None else list(arguments))
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit status; failures are one line on stderr."""
    command = typer.main.get_command(cli)
    try:
        status = command.main(arguments, prog_name="deeptracker", standalone_mode=False)
        standard_output.flush()
    except _WRONG_USAGE as error:
        error.show()
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except Exception as error:
        from app.cli.failures import one_line

        line = one_line(error)
        if line is None:
            raise
        if line:
            _say(f"Error: {line}")
        return FAILED
    if status == lifeline.INTERRUPTED:  # typer makes this of Ctrl-C
        return _interrupted()
    return status if isinstance(status, int) else 0


def _interrupted() -> int:
    text, status = lifeline.farewell()
    _say(text)
    return status


def _say(text: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(text)
