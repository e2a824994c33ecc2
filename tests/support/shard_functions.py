"""Functions for engines to carry out, and cleaners that misbehave; in a module of their own, so that workers find them."""

import os
import re
import signal
from pathlib import Path

from cleaner import Cleaner
from cleaner.engines import EngineError

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

    def clean_document(self, document, **options):
        if "HANG" in document.text:
            hang()
        if "DIE" in document.text:
            die()
        return super().clean_document(document, **options)


def stubborn(context, task, heartbeat):
    """Hangs at a document even when that is excused."""
    heartbeat.begin(task.work)
    hang()
