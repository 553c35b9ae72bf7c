"""Condense collected schema facts into the package's schema data: `python condense_schema.py FACTS_FOLDER [VERSION…]`.

FACTS_FOLDER holds one `<version>.json` for each PrestaShop release, as read from information_schema. What is kept, and
how it is written, is told in the README beside the result.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

VERSIONS = ("1.6.1.24", "1.7.6.9", "1.7.7.8", "1.7.8.11", "8.0.5", "8.1.7", "8.2.1", "9.1.4")
TARGET = Path(__file__).parents[2] / "src" / "orderferry" / "prestashop" / "sample_shop" / "data"

# What an importer of orders, its checks, the demo and the tests touch; a version has those of them that it knows.
TABLES = """
address address_format attribute attribute_group attribute_group_lang attribute_lang
carrier carrier_group carrier_lang carrier_shop carrier_tax_rules_group_shop carrier_zone
cart cart_cart_rule cart_product cart_rule cart_rule_lang category category_product
configuration configuration_lang contact country country_lang country_shop currency currency_lang currency_shop
customer customer_group customer_message customer_thread employee employee_shop feature_flag
gender gender_lang group group_lang group_shop hook_module image image_lang image_shop lang lang_shop
manufacturer message module module_carrier module_country module_currency module_group module_shop
order_carrier order_cart_rule order_detail order_detail_tax order_history order_invoice order_invoice_payment
order_invoice_tax order_message order_message_lang order_payment order_return order_return_detail order_slip
order_slip_detail order_slip_detail_tax order_state order_state_lang orders
pack product product_attribute product_attribute_combination product_attribute_lang product_attribute_shop
product_carrier product_download product_lang product_sale product_shop product_supplier profile
shipment shipment_product shop shop_group shop_url specific_price state stock stock_available stock_mvt
stock_mvt_reason stock_mvt_reason_lang supplier tax tax_lang tax_rule tax_rules_group tax_rules_group_shop
warehouse zone zone_shop
""".split()  # noqa: SIM905 — a list of words to read


def hook_tables(version: str, collation: str) -> dict[str, Any]:
    """Given a version, return `hook` and `hook_alias`, which the collected facts name but do not describe."""
    major_minor = tuple(int(part) for part in version.split(".")[:3])
    active = [["active", "tinyint(1) unsigned", "", "1"]] if major_minor >= (1, 7, 8) else []
    hook = [
        ["id_hook", "int(10) unsigned", "A"],
        ["name", "varchar(191)", ""],
        ["title", "varchar(255)", ""],
        ["description", "text", "N"],
        *active,
        ["position", "tinyint(1)", "", "1"],
    ]
    alias = [
        ["id_hook_alias", "int(10) unsigned", "A"],
        ["alias", "varchar(191)", ""],
        ["name", "varchar(191)", ""],
    ]
    common = {"engine": "InnoDB", "collation": collation, "keys": {}}
    return {
        "hook": {**common, "columns": hook, "primary": ["id_hook"], "unique": {"hook_name": ["name"]}},
        "hook_alias": {**common, "columns": alias, "primary": ["id_hook_alias"], "unique": {"alias": ["alias"]}},
    }


def condense_column(column: dict[str, Any], table_collation: str) -> list[Any]:
    """Given one collected column, return `[name, type, flags, default, collation]` without its empty tail."""
    collation = column.get("collation")
    flags = ("N" if column["nullable"] else "") + ("A" if column["extra"] == "auto_increment" else "")
    row = [column["name"], column["type"], flags, column["default"]]
    row.append(None if collation == table_collation else collation)
    while row[-1] is None:
        row.pop()
    return row


def condense_table(table: dict[str, Any]) -> dict[str, Any]:
    """Given one collected table, return it in the form of the package's data."""
    others = {name: key for name, key in table["keys"].items() if name != "PRIMARY"}
    return {
        "engine": table["engine"],
        "collation": table["collation"],
        "columns": [
            condense_column(column, table["collation"])
            for column in sorted(table["columns"], key=lambda column: column["ordinal"])
        ],
        "primary": table["keys"].get("PRIMARY", {}).get("columns", []),
        "unique": {name: key["columns"] for name, key in others.items() if key["unique"]},
        "keys": {name: key["columns"] for name, key in others.items() if not key["unique"]},
    }


def condense(version: str, facts: dict[str, Any]) -> str:
    """Given the collected facts of a version, return the text of its data file: one line a table."""
    tables = {name: condense_table(table) for name, table in facts["tables"].items() if name in TABLES}
    tables |= hook_tables(version, tables["orders"]["collation"])
    lines = [f"{json.dumps(name)}:{json.dumps(tables[name], separators=(',', ':'))}" for name in sorted(tables)]
    return '{"version":' + json.dumps(version) + ',"tables":{\n' + ",\n".join(lines) + "\n}}\n"


def main(folder: str, *versions: str) -> None:
    """Write the data file of each version."""
    for version in versions or VERSIONS:
        facts = json.loads((Path(folder) / f"{version}.json").read_text("utf-8"))
        (TARGET / f"schema-{version}.json").write_text(condense(version, facts), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
