"""Starts the program again and again for one import of its modules: a program for tests, not a module.

It imports the whole program, and then is told on the socket that is its stdin what to start (JSON), together
with the descriptors for stdin, stdout and stderr. Each start is a fork that goes on as `python -m orderferry WORDS`
would: with its own folder, environment and streams, and with Python's own end.

    {"do": "start", "words": […], "folder": "…", "environ": {…}, "umask": 18} + descriptors   -> {"pid": 123}
    {"do": "wait", "pid": 123}                                                              -> {"code": 0}
"""

from __future__ import annotations

import json
import os
import runpy
import socket
import sys
from typing import Any

from support.preloaded import preload

MODULE = "orderferry"
MESSAGE = 1 << 20


def start(request: dict[str, Any], descriptors: list[int]) -> int:
    """Fork for the request. Return the child's number, and 0 in the child, which has become what was asked for."""
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
    sys.argv = [MODULE, *request["words"]]
    sys.path[0] = request["folder"]  # as `python -m` has it
    return 0


def serve(requests: socket.socket) -> None:
    """Take requests until the other side is gone; return in a child, which is to be the program."""
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
                return
        requests.send(json.dumps(answer).encode())


if __name__ == "__main__":
    preload()
    stdin = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    serve(stdin)
    runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
