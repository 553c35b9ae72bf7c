"""An installation whose runs are fast: see `support.engine_world`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orderferry.ledger.ledger import open_ledger
from support.engine_world import START, World, settings_in


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A new installation."""
    settings = settings_in(tmp_path)
    with open_ledger(settings.ledger.path, account="a", shop="s", now=START) as ledger:
        yield World(ledger, settings)
