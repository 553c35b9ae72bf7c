"""Whether what held an order is gone: the SKU exists now, the currency was added, a tax was named."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.countries import resolve_country
from orderferry.prestashop.planning.match_lines import is_kept_in_warehouses
from orderferry.prestashop.planning.resolve_mappings import resolve_currency, resolve_shop
from orderferry.prestashop.reading.products import ProductFinder

_SKU_CODES = frozenset({ProblemCode.UNKNOWN_SKU, ProblemCode.AMBIGUOUS_SKU, ProblemCode.ADVANCED_STOCK})


class CauseTester:
    """Made once a run. `taxes_changed`: taxes in shop or configuration differ from those of the run before."""

    def __init__(self, settings: Settings, tables: ShopTables, facts: ShopFacts, *, taxes_changed: bool) -> None:
        self._settings = settings
        self._facts = facts
        self._finder = ProductFinder(tables, facts, settings.products)
        self._taxes_changed = taxes_changed

    def gone(self, connection: sa.Connection, problems: Sequence[Problem]) -> list[bool]:
        """Given stored problems, return for each whether its order is worth another try now."""
        found = self._found_skus(connection, {problem.subject for problem in problems if problem.code in _SKU_CODES})
        return [self._is_gone(problem, found) for problem in problems]

    def _is_gone(self, problem: Problem, found: frozenset[str]) -> bool:
        if problem.code in _SKU_CODES:
            lenient = problem.code is ProblemCode.UNKNOWN_SKU and self._settings.products.unknown != "hold"
            return problem.subject in found or lenient
        if problem.code is ProblemCode.UNMAPPED_CURRENCY:
            return bool(problem.subject) and resolve_currency(self._facts, problem.subject) is not None
        if problem.code is ProblemCode.UNKNOWN_COUNTRY:
            return resolve_country(self._facts, problem.subject) is not None
        return problem.code is ProblemCode.NO_VAT_RATE and self._taxes_changed

    def _found_skus(self, connection: sa.Connection, skus: set[str]) -> frozenset[str]:
        """Those that mean exactly one product, which can be taken, in some shop that a marketplace sells from."""
        if not skus:
            return frozenset()
        codes = [marketplace.code for marketplace in self._settings.amazon.marketplaces]
        shops = {resolve_shop(self._facts, self._settings.marketplace(code).shop).id for code in codes}
        wanted = {(id_shop, sku) for id_shop in shops for sku in skus}
        matches = self._finder.find(connection, wanted)
        return frozenset(
            sku
            for (id_shop, sku), products in matches.items()
            if len(products) == 1 and not is_kept_in_warehouses(products[0], self._facts.shops[id_shop], self._facts)
        )
