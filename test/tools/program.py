"""The frame around a program: every end is a sentence and an exit status, never a trace."""

import os
import signal
import sys
from collections.abc import Callable

from test.tools.speech import Failure, Speech

FAILED, USAGE, STOPPED = 1, 2, 130


def guarded(speech: Speech, work: Callable[[], int]) -> int:
    """The exit status of the work, whatever becomes of it.

    Ctrl-C and SIGTERM stop it alike, also where a shell has started it with SIGINT ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        return work()
    except Failure as failure:
        return speech.complain(failure)
    except KeyboardInterrupt:
        speech.remark("stopped")
        return STOPPED
    except BrokenPipeError:  # whoever read the output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - its text may hold a secret, its kind does not
        sentence = f"This program has a fault: {type(error).__name__}{_place(error)}."
        return speech.complain(Failure(sentence, "report it with the command that you ran."))


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
