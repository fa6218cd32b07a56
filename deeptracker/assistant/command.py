"""`deeptracker mcp`: the MCP server on standard input and output."""

import argparse
import logging
import sys
from collections.abc import Sequence

from deeptracker.extras import needed

with needed("mcp", "deeptracker mcp"):
    from deeptracker.assistant.server import make_server
    from deeptracker.server_address import ADDRESS, TOKEN, connection_from

_ABOUT = f"""Lets an assistant that speaks the Model Context Protocol explain runs. The assistant
starts it, and speaks with it over standard input and output. The token of your account page comes
by the environment, as {TOKEN}: others could see an argument. It only reads."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the assistant closes our standard input; ClientError where there is no token."""
    parser = argparse.ArgumentParser("deeptracker mcp", description=_ABOUT)
    parser.add_argument("--url", help=f"the server; by default {ADDRESS}, else this machine's")
    given = parser.parse_args(arguments)
    connection = connection_from(given.url)
    # Before the SDK, which would draw errors with their sources.
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    make_server(connection).run("stdio")
