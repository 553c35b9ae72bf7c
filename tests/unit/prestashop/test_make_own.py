"""The hidden product that a fee is booked on, and the tax of 0 %: their rows in full, made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, cast

from orderferry.domain.orders import ProceedsType
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.facts import FeeKey, ShopUnit
from orderferry.prestashop.planning.order_lines import hidden_product
from orderferry.prestashop.planning.resolved_order import ResolvedLine, ResolvedOrder
from orderferry.prestashop.writing.make_own import make_missing
from support.resolved_orders import FACTS, ORDER, market, priced_line, priced_order, resolved

KEY = FeeKey(ProceedsType.COD_FEE, 2)
SHOPS = {
    3: ShopUnit(3, 1, "A", share_stock=True, share_customer=False, share_order=False),
    2: ShopUnit(2, 1, "B", share_stock=True, share_customer=False, share_order=False),
    4: ShopUnit(4, 2, "C", share_stock=False, share_customer=False, share_order=False),
}
MOMENT = "2026-11-23 08:12:35"
HIDDEN = {
    "id_category_default": 9,
    "id_tax_rules_group": 2,
    "price": 0,
    "wholesale_price": 0,
    "active": 0,
    "available_for_order": 1,
    "visibility": "none",
    "indexed": 0,
    "date_add": MOMENT,
    "date_upd": MOMENT,
}
STOCK = {"id_product": 70, "id_product_attribute": 0, "quantity": 0, "out_of_stock": 1, "depends_on_stock": 0}


@dataclass
class Written:
    """Statements on a shop of two languages that has what `kept` says."""

    kept: dict[str, str] = field(default_factory=dict)
    gone: bool = False
    inserted: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        self.inserted.append((table, dict(values)))
        return 70 if table == "product" else 80

    def rows(self, table: str, columns: object, where: Mapping[str, Any], **_options: object) -> list[dict[str, Any]]:
        if table == "lang":
            return [{"id_lang": 1, "iso_code": "it"}, {"id_lang": 2, "iso_code": "en"}]
        if table == "orderferry_state":
            return [{"value": self.kept[where["name"]]}] if where["name"] in self.kept else []
        return [] if self.gone else [dict(where)]

    def post_rows(self, table: str, columns: object, where: Mapping[str, Any], **_options: object) -> Any:
        found = self.rows(table, columns, where)
        return type("Answer", (), {"rows": found})

    def update(self, *_arguments: object) -> int:
        return 0


def made(writer: Written, order: ResolvedOrder) -> ResolvedOrder:
    return make_missing(cast("Statements", writer), order)


def with_fee() -> ResolvedOrder:
    configuration = {**FACTS.configuration, ("PS_HOME_CATEGORY", 0, 0): "9"}
    fee = ResolvedLine(priced_line(kind=ProceedsType.COD_FEE), (ORDER.items[0],), hidden_product(KEY), fee=KEY)
    order = resolved(market=market(replace(FACTS, shops=SHOPS, configuration=configuration)))
    return replace(order, lines=(*order.lines, fee))


def test_the_rows_of_a_hidden_product() -> None:
    writer = Written()
    order = with_fee()
    complete = made(writer, order)

    assert [line.product.id_product for line in complete.lines if line.product] == [6, 70]
    assert complete.lines[0] == order.lines[0]
    assert complete.zero_tax == order.zero_tax
    product, *more = writer.inserted
    assert product == (
        "product",
        {
            **HIDDEN,
            "id_supplier": 0,
            "id_manufacturer": 0,
            "id_shop_default": 2,
            "reference": "orderferry-cod-fee",
            "supplier_reference": "",
            "quantity": 0,
            "weight": 0,
            "product_type": "standard",
            "state": 1,
        },
    )
    names = {1: "Contributo per il contrassegno", 2: "Cash on delivery fee"}
    expected: list[tuple[str, Mapping[str, Any]]] = []
    for id_shop in (3, 2, 4):
        expected.append(("product_shop", {"id_product": 70, **HIDDEN, "id_shop": id_shop}))
        for id_lang, name in names.items():
            key = {"id_product": 70, "id_shop": id_shop, "id_lang": id_lang}
            expected.append(("product_lang", {**key, "name": name, "link_rewrite": "orderferry-cod-fee"}))
    expected += [
        ("stock_available", {**STOCK, "id_shop": 0, "id_shop_group": 1}),
        ("stock_available", {**STOCK, "id_shop": 4, "id_shop_group": 0}),
        ("orderferry_state", {"name": "fee_product:cod_fee:2", "value": "70"}),
    ]
    assert more == expected


def test_a_product_that_is_there_is_taken_and_one_that_is_gone_is_made_again() -> None:
    kept = {"fee_product:cod_fee:2": "55"}
    there, gone = Written(kept), Written(kept, gone=True)

    complete = made(there, with_fee())
    assert complete.lines[1].product == hidden_product(KEY, 55)
    assert there.inserted == []
    complete = made(gone, with_fee())
    assert complete.lines[1].product == hidden_product(KEY, 70)
    assert gone.inserted[-1] == ("orderferry_state", {"name": "fee_product:cod_fee:2", "value": "70"})


def test_a_shop_without_a_home_category_names_none() -> None:
    writer = Written()
    order = with_fee()
    made(writer, replace(order, market=market(replace(FACTS, shops={}))))

    assert (writer.inserted[0][1]["id_category_default"], writer.inserted[0][1]["id_shop_default"]) == (None, 1)


def test_the_rows_of_the_tax_of_0_percent() -> None:
    lines = (priced_line(), priced_line(rate=Decimal(0), tax_key=""))
    order = resolved(priced=priced_order(lines=lines), may_make_taxes=True)
    assert order.wants_zero_tax
    writer = Written()

    assert made(writer, order).zero_tax == 80
    assert writer.inserted == [
        ("tax", {"rate": 0, "active": 0, "deleted": 1}),
        ("tax_lang", {"id_tax": 80, "id_lang": 1, "name": "Senza IVA"}),
        ("tax_lang", {"id_tax": 80, "id_lang": 2, "name": "No tax"}),
        ("orderferry_state", {"name": "zero_tax", "value": "80"}),
    ]
    assert made(Written({"zero_tax": "81"}), order).zero_tax == 81
