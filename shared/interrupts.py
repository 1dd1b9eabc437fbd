"""Kernel > Interrupt and Ctrl+C, heard between calls of TensorFlow and not inside of them."""

import contextlib
import signal
import threading


@contextlib.contextmanager
def held():
    """Holds interrupts back; yields a function that raises KeyboardInterrupt if one has come.

    While TensorFlow traces a function, its C++ calls Python. An interrupt there can become another
    error, get lost, or damage memory, so that the kernel dies some time later. What came after the
    last call of the function is raised at the end. A second interrupt is not held back: it stops
    code that never ends. Outside the main thread, where Python hears no interrupts, and where
    somebody else handles them, nothing is changed.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield lambda: None
        return
    waiting = []

    def hold(number, frame):
        if waiting:
            raise KeyboardInterrupt
        waiting.append(number)

    def hear():
        if waiting:
            waiting.clear()
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hold)
    try:
        yield hear
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        hear()
