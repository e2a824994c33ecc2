"""Functions for engines to carry out, and cleaners that misbehave; in a module of their own, so that workers find them."""

import multiprocessing
import os
import re
import signal
import time
from pathlib import Path

from cleaner import Cleaner
from cleaner.engines import EngineError
from cleaner.time_limit import OverTimeError

NEVER = re.compile("(a+)+$")


def hang():
    """Years within one C function that never gives the interpreter back."""
    NEVER.match("a" * 60 + "b")


def die():
    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def square(context, task, heartbeat):
    return task.work**2 + context


def documents(context, task, heartbeat):
    """Does to each of five documents what `work` says; an excused one is left out."""
    done = []
    excused = dict(task.excused)
    for number in range(5):
        heartbeat.begin(number)
        deed = "" if number in excused else task.work.get(number, "")
        if deed == "hang":
            hang()
        elif deed == "die":
            die()
        elif deed == "bug":
            raise KeyError("a bug")
        elif deed == "die once" and not Path(context).exists():
            Path(context).touch()
            die()
        elif deed == "full":
            raise OSError(28, "No space left on device")
        elif deed == "refuse":
            raise EngineError("refused")
        done.append(excused.get(number, "done"))
        heartbeat.rest()
    return done


class Misbehaving(Cleaner):
    """Hangs or dies at documents that say so."""

    def steps(self, document, source):
        if "HANG" in document.text:
            hang()
        if "DIE" in document.text:
            die()
        return (yield from super().steps(document, source))


def stubborn(context, task, heartbeat):
    """Hangs at a document even when that is excused."""
    heartbeat.begin(task.work)
    hang()


class Cannot:
    """What a worker cannot unpack."""

    def __reduce__(self):
        return _cannot, ()


def _cannot():
    if multiprocessing.parent_process() is not None:
        raise RuntimeError("cannot be unpacked here")
    return Cannot()


def count_begun(context, task, heartbeat):
    """Slow in Python, at documents that say so; how often a document was begun stands in a file."""
    done = []
    for number, slow in enumerate(task.work):
        heartbeat.begin(number)
        with Path(context).open("a") as file:
            file.write(".")
        try:
            with heartbeat.limited():
                while slow:
                    time.sleep(0.01)
            done.append("done")
        except OverTimeError:
            done.append(heartbeat.over_time)
        heartbeat.rest()
    return done


class Faulty(Cleaner):
    """Raises at documents that say so."""

    def steps(self, document, source):
        for error in (KeyError, MemoryError, RecursionError, OSError):
            if f"RAISE {error.__name__}" in document.text:
                raise error("a fault")
        if "SLOW" in document.text:
            while True:
                time.sleep(0.01)
        return (yield from super().steps(document, source))
