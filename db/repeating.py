"""A duty that is done again and again, whatever went wrong with it the last time."""

import logging
import threading
from collections.abc import Callable

from db.away import is_away

logger = logging.getLogger(__name__)


class Duty:
    """Something to be done time after time; nothing that goes wrong ends it.

    A database that is away is said once, however long that takes; any other failure is said with
    its traceback. `name` stands in what is logged.
    """

    def __init__(self, do: Callable[[], object], *, name: str) -> None:
        self._do, self._name = do, name
        self._away = False

    def once(self) -> None:
        """Do it once more."""
        try:
            self._do()
            self._away = False
        except Exception as error:
            if not is_away(error):
                logger.exception("%s failed; it is tried again", self._name)
            elif not self._away:
                logger.warning("the database is away; %s is tried again", self._name)
                self._away = True


def start_repeating(
    do: Callable[[], object], *, name: str, seconds: float, at_once: bool = True
) -> threading.Event:
    """Do something now (or not before `seconds`), and every so many seconds after it was done.

    In a thread that ends with the process, or soon after the event that is returned is set.
    """
    duty, stop = Duty(do, name=name), threading.Event()

    def go_on() -> None:
        if at_once:
            duty.once()
        while not stop.wait(seconds):
            duty.once()

    threading.Thread(target=go_on, name=name, daemon=True).start()
    return stop
