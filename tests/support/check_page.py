"""All that `check` says of a shop, without the command: what a shop's own state gives rise to, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from orderferry.domain.check_result import CheckResult
from orderferry.prestashop.checking.probe import ShopProbe
from orderferry.prestashop.checking.taxes import Rates
from support.configuration import AMAZON, load
from support.shop_database import ShopDatabase

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def check_page(shop: ShopDatabase, folder: Path, configured: str = "", held: Rates | None = None) -> list[CheckResult]:
    """Return the lines on a shop; `configured` is added to the configuration, `held` are places of held orders."""
    text = AMAZON.replace('"DE"]', '"DE", "UK"]') + f'[prestashop]\nurl = "{shop.url}"\n{configured}'
    probe = ShopProbe(load(folder, text), sleep=_no_sleep, clock=lambda: NOW)
    try:
        return list(_lines(probe, held or {}))
    finally:
        probe.close()


def _lines(probe: ShopProbe, held: Rates) -> Iterator[CheckResult]:
    for first in (probe.database, probe.tables, probe.collations, probe.rights, probe.settings, probe.mappings):
        yield from first()
    yield from probe.accounts()
    yield from probe.named_products()
    yield from probe.stock()
    yield from probe.vat(held)
    for last in (probe.states, probe.carriers, probe.edits, probe.modules):
        yield from last()


def _no_sleep(_seconds: float) -> None:
    raise AssertionError("nothing here waits")
