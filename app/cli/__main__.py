"""`python -m app.cli` is `deeptracker`."""

from app.cli.main import main

main()
