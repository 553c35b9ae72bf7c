"""The cart rule that Amazon's promotions are booked under: one of our own, inactive, made when first needed.

order_cart_rule.id_cart_rule must mean a rule; a rule of the shop's own would look used. Ours is worth nothing, can't
be redeemed by anybody, and its code tells whose it is.
"""

from __future__ import annotations

from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.rows.drafts import Value
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.state_values import kept_value, locked_value, store_value

CODE = "ORDERFERRY-AMAZON"
NAME = "Amazon promotion"
_KEY = "cart_rule"


def discount_rule(writer: ShopWriter, id_lang: int, moment: str) -> int:
    """Return id_cart_rule of our rule, made now (`moment` in shop time) if there is none; 0 without cart rules.

    Its id is remembered in our own table: cart_rule.code has no index.
    """
    if not writer.has("cart_rule"):
        return 0
    for read in (kept_value, locked_value):  # the lock is only needed where there is something to make
        remembered = as_int(read(writer, _KEY))
        if remembered and writer.rows("cart_rule", ("id_cart_rule",), {"id_cart_rule": remembered}):
            return remembered
    id_cart_rule = writer.insert("cart_rule", rule_row(moment))
    if writer.has("cart_rule_lang"):
        languages = writer.rows("lang", ("id_lang",), {})
        names: list[dict[str, Value]] = [
            {"id_cart_rule": id_cart_rule, "id_lang": as_int(row["id_lang"]), "name": NAME} for row in languages
        ]
        writer.insert_all("cart_rule_lang", names or [{"id_cart_rule": id_cart_rule, "id_lang": id_lang, "name": NAME}])
    store_value(writer, _KEY, str(id_cart_rule))
    return id_cart_rule


def rule_row(moment: str) -> dict[str, Value]:
    """Given the time of writing, return the rule's columns."""
    return {
        "id_customer": 0,
        "date_from": moment,
        "date_to": moment,
        "description": "Promotions that Amazon granted, booked by orderferry. Not for customers; do not delete.",
        "quantity": 0,
        "quantity_per_user": 0,
        "priority": 1,
        "partial_use": 0,
        "code": CODE,
        "active": 0,
        "date_add": moment,
        "date_upd": moment,
    }
