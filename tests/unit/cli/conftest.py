"""Commands set up the program's logging: each test here leaves it as it found it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger("orderferry")
    handlers, propagate, level = list(root.handlers), root.propagate, root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers, root.propagate = handlers, propagate
    root.setLevel(level)
