"""`deeptracker serve | worker | demo`: the processes that keep running."""

from typing import Annotated

import typer

from deeptracker.extras import require

Port = Annotated[int | None, typer.Option(min=1, max=65_535, help="The port to listen on.")]


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Port = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="How many processes answer.")
    ] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="Restart whenever the code changes; one process.")
    ] = False,
) -> None:
    """Serve the web application; on this machine only, unless told otherwise."""
    from app import serve as serving
    from app.cli.store import ready_engine
    from app.config import AppSettings
    from ingest import allocator

    allocator.give_back()
    given = {"host": host, "port": port, "workers": workers}
    settings = AppSettings().on(**{name: value for name, value in given.items() if value})
    with ready_engine() as engine:
        if dev:
            serving.serve_dev(settings, engine)
        else:
            serving.serve(settings, engine, on_start=allocator.start_trimming)


def worker(
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="How many ingest jobs at a time.")
    ] = 4,
) -> None:
    """Run ingest jobs until stopped; any number of workers share them."""
    from app import logs
    from app.cli.after_load import after_load
    from app.cli.store import ready_engine
    from ingest import allocator
    from ingest.tasks import run_worker

    allocator.give_back()
    logs.set_up()
    with ready_engine():
        pass
    run_worker(concurrency=concurrency, on_loaded=after_load)


def demo(
    port: Port = None,
    exit_when_done: Annotated[
        bool, typer.Option("--exit-when-done", help="Stop when the run is trained and loaded.")
    ] = False,
    epochs: Annotated[int, typer.Option(min=1, max=1_000, help="How long to train.")] = 40,
) -> None:
    """Train a small network for a minute and show it while it trains."""
    from app.cli.store import ready_engine
    from app.config import AppSettings
    from app.demo import run_demo

    # For the child process that trains: said before anything is started.
    require("demo", "deeptracker demo", "torch", "PIL", "sklearn")
    settings = AppSettings()
    with ready_engine() as engine:
        status = run_demo(
            settings.on(port=port) if port else settings,
            engine,
            epochs=epochs,
            exit_when_done=exit_when_done,
        )
    raise typer.Exit(status)
