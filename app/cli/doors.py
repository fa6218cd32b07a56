"""`deeptracker show | mcp | convert`: listed with the others; they need nothing of the server."""

from importlib import import_module

import typer

from deeptracker.command import DOORS

# Their arguments are their own to read, `--help` too.
PASSED_ON = {
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "help_option_names": [],
}


def show(context: typer.Context) -> None:
    """Draw a run in the terminal, from a server or from its log alone."""
    import_module(DOORS["show"]).main(context.args)


def mcp(context: typer.Context) -> None:
    """Let an assistant read and explain runs: a server of the Model Context Protocol."""
    import_module(DOORS["mcp"]).main(context.args)


def convert(context: typer.Context) -> None:
    """Make a log of checkpoints, scalars and predictions that a training left."""
    import_module(DOORS["convert"]).main(context.args)
