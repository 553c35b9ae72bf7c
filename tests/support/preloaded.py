"""Imports the whole program once, for a process that forks many of it off."""

from __future__ import annotations

import gc
from importlib import import_module
from pkgutil import walk_packages

import orderferry

# What libraries import only when they are used for the first time.
LATE = ("httpcore", "pymysql", "sqlalchemy.dialects.mysql.pymysql", "sqlalchemy.dialects.sqlite.pysqlite")


def preload() -> None:
    """Import all modules of the program, and keep the garbage collector's hands off them: forks share their memory."""
    for module in walk_packages(orderferry.__path__, "orderferry."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)
    for name in LATE:
        import_module(name)
    gc.collect()
    gc.freeze()
