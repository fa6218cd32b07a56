"""Uploads that are due to go are removed by the web server: only it need be able to write them."""

import logging
import threading

from flask import Flask

from app import store
from app.uploads.receiving import Receiver
from app.uploads.settings import UploadSettings
from db.away import is_away
from db.queries.jobs import uploads

logger = logging.getLogger(__name__)

EXTENSION = "deeptracker.uploads"
CLEAR_SECONDS = 3600.0


def clear(server: Flask) -> None:
    """Remove uploads that are due to go; each by itself, so that one in the way keeps no other."""
    found: UploadSettings = server.extensions[EXTENSION]
    receiver = Receiver(found.root())
    with store.transaction() as session:
        due = uploads.expired(session)
    for one in due:
        try:
            receiver.remove(one)
        except FileNotFoundError:
            continue  # another process of the server removes it
        except OSError as error:
            logger.warning("the upload %s cannot be removed: %s", one.folder, error)
            continue
        with store.transaction() as session:
            uploads.forget(session, upload_id=one.id)


def start_clearing(server: Flask, *, seconds: float = CLEAR_SECONDS) -> threading.Event:
    """Clear now and every so many seconds, in a thread that ends with the process, or at the event.

    Nobody has to begin an upload for that.
    """
    stop = threading.Event()

    def go_on() -> None:
        while True:
            try:
                with server.app_context():
                    clear(server)
            except Exception as error:
                # Whatever is in the way: it is tried again.
                if not is_away(error):
                    logger.exception("uploads could not be cleared; it is tried again")
            if stop.wait(seconds):
                return

    threading.Thread(target=go_on, name="uploads", daemon=True).start()
    return stop
