"""Starts the program again and again for one import of its modules: a program for tests, not a module.

It imports the whole program, and then is told on the socket that is its stdin what to start (JSON), together with the
descriptors for stdin, stdout and stderr. Each start is a fork that goes on as `python -m orderferry WORDS` would, or
`python -c SCRIPT WORDS`: with its own folder, environment and streams. Python's own end would take each of the imported
modules apart, which takes longer than most calls of the program: an ordinary end leaves that out (see `end`).

    {"do": "start", "script": null, "words": […], "folder": "…", "environ": {…}, "umask": 18} + descriptors
                                   -> {"pid": 123}
    {"do": "wait", "pid": 123}     -> {"code": 0}
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import socket
import sys
import threading
from typing import Any

from support.preloaded import preload

MODULE = "orderferry"
MESSAGE = 1 << 20


def start(request: dict[str, Any], descriptors: list[int]) -> int:
    """Fork for the request. Return the child's number, and 0 in the child, which is ready for what was asked for."""
    child = os.fork()
    if child:
        for descriptor in descriptors:
            os.close(descriptor)
        return child
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environ"])
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.argv = [MODULE if request["script"] is None else "-c", *request["words"]]
    sys.path[0] = request["folder"] if request["script"] is None else ""  # as `python -m` and `python -c` have it
    return 0


def serve(requests: socket.socket) -> str | None:
    """Take requests until the other side is gone; return the script in a child (None: the program itself)."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, MESSAGE, 3)
        if not message:
            sys.exit()
        request = json.loads(message)
        if request["do"] == "wait":
            _, ended = os.waitpid(request["pid"], 0)
            answer = {"code": os.waitstatus_to_exitcode(ended)}
        else:
            answer = {"pid": start(request, descriptors)}
            if not answer["pid"]:
                requests.close()
                script: str | None = request["script"]
                return script
        requests.send(json.dumps(answer).encode())


def end(code: object) -> None:
    """End the process as Python does after SystemExit(code), but leave its memory to the kernel. Return where Python
    has more to do: a message or a thread is left, or a stream takes no more."""
    if not isinstance(code, int | None) or threading.active_count() > 1:
        return
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return
    os._exit((code or 0) & 0xFF)


if __name__ == "__main__":
    preload()
    stdin = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    script = serve(stdin)
    try:
        if script is None:
            runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
        else:
            exec(script, {"__name__": "__main__"})
    except SystemExit as ended:
        end(ended.code)
        raise
