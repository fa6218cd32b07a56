"""Uploads that are due to go are removed by the web server: only it need be able to write them."""

import logging
import threading

from flask import Flask

from app import store
from app.uploads.receiving import Receiver
from app.uploads.settings import UploadSettings
from db.queries.jobs import uploads
from db.repeating import start_repeating

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
    """Clear now and every so many seconds, until the event; nobody need begin an upload."""

    def clear_here() -> None:
        with server.app_context():
            clear(server)

    return start_repeating(clear_here, name="the clearing of uploads", seconds=seconds)
