"""httpx without its command line, to be imported from here.

`import httpx` also imports a program for people, with rich and pygments behind it, wherever these are installed: a
tenth of a run that finds nothing new. httpx goes on without that program where it can't be imported (it is an extra of
httpx's), and that is what it is told while it is imported here. Where it has been imported before, nothing is changed.
"""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"
_told = "httpx" not in sys.modules
if _told:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # how Python is told that a module can't be imported
try:
    import httpx
finally:
    if _told:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
