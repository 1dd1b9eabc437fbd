"""Processes that train together, started with TensorFlow's TF_CONFIG; finish leaves none running.

Notebook 10 runs the same program on one device, on two, and as two processes.
"""

import json
import os
import socket
import subprocess
import sys
import time


def free_addresses(n):
    """Returns n addresses of this machine, ["127.0.0.1:40001", ...], on which nobody listens."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    found = [f"127.0.0.1:{server.getsockname()[1]}" for server in servers]
    for server in servers:
        server.close()
    return found


def start(program, arguments, log, number=0, addresses=()):
    """Starts a Python program, given as text, in a process of its own and returns the process.

    arguments: what the program finds in sys.argv[1:]; log: the file that takes what it prints.
    addresses: those of all workers, of which this one is the one with that number; none for a
    process that works alone. TensorFlow reads them from TF_CONFIG
    (https://www.tensorflow.org/guide/distributed_training).
    """
    task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": number}}
    environment = os.environ | {"TF_CONFIG": json.dumps(task if addresses else {})}
    command = [sys.executable, "-c", program, *arguments]
    with open(log, "w", encoding="utf-8") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file)


def finish(processes, limit=600):
    """Waits until all processes have ended well; none is left running, whatever happens.

    Raises RuntimeError as soon as one has failed, with the exit codes, or after limit seconds. (A
    worker waits very long for another one that has stopped.)
    """
    end = time.monotonic() + limit
    try:
        while None in (codes := [process.poll() for process in processes]) or any(codes):
            if any(codes):
                raise RuntimeError(f"a worker has failed, exit codes {codes}: all were stopped")
            if time.monotonic() > end:
                raise RuntimeError(f"not ready after {limit} s: all workers were stopped")
            time.sleep(0.1)
    finally:
        for process in processes:
            process.kill()
            process.wait()
