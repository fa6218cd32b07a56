#!/usr/bin/env bash
# MCP's Python SDK: making a server object sets up the logging of the whole process.
#
# mcp 2.3.0, Python 3.11.
# A library leaves the root logger to the application. One would expect that only running a server, or
# nothing at all, touches it.
# Seen: `MCPServer("name")`, which neither runs nor listens yet, calls logging.basicConfig: the root
# logger gets a handler on stderr and the level INFO. So a program that makes the object in a module of
# its own begins to print what other libraries say at INFO, and a logging.basicConfig that the program
# calls after that import does nothing and says nothing: its file stays empty. Where the program has set
# up the root logger before, the level and the handlers stay as they were. Where rich is installed the
# handler is rich's, whose tracebacks are pages long.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mcp==2.3.0

cat >"$folder/try.py" <<'PYTHON'
import logging
import sys

root = logging.getLogger()
if sys.argv[1] == "first":
    logging.basicConfig(filename=sys.argv[2], level=logging.WARNING)

from mcp.server import MCPServer  # noqa: E402

imported = len(root.handlers)
MCPServer("tools")
if sys.argv[1] == "after":
    logging.basicConfig(filename=sys.argv[2], level=logging.WARNING)
logging.getLogger("another.library").warning("something of note")
print(imported, [type(one).__name__ for one in root.handlers], logging.getLevelName(root.level))
PYTHON

echo "the program sets up logging after the object is made:"
said=$("$folder/venv/bin/python" "$folder/try.py" after "$folder/after.log" 2>/dev/null)
echo "  handlers after the import, then: $said; lines in the program's file:" \
    "$(wc -l 2>/dev/null <"$folder/after.log" || echo no file)"
[ "$said" = "0 ['StreamHandler'] INFO" ]
[ ! -s "$folder/after.log" ]

echo "the program sets up logging first:"
said=$("$folder/venv/bin/python" "$folder/try.py" first "$folder/first.log" 2>/dev/null)
echo "  handlers after the import, then: $said; lines in the program's file: $(wc -l <"$folder/first.log")"
[ "$said" = "1 ['FileHandler'] WARNING" ]
[ "$(wc -l <"$folder/first.log")" = 1 ]
