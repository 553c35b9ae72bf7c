"""All lines of `check` on a healthy shop, and exactly those that one thing changed in it gives rise to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.domain.check_result import CheckResult, failure, fine, warning
from orderferry.errors import ExitCode
from orderferry.prestashop.checking.setup_shop import SetupShop
from support.check_page import check_page
from support.shop_database import ShopDatabase
from support.sqlite_shop import sqlite_shop_in
from support.writing import settings_for

FBA = '[carriers]\nfba = "Amazon"\n'
STANDARD, REDUCED, SUPER_REDUCED = (
    "'IT Standard Rate (22%)' (1)",
    "'IT Reduced Rate (10%)' (2)",
    "'IT Super Reduced Rate (4%)' (3)",
)
GERMANY = "(SELECT id_country FROM {p}country WHERE iso_code = 'DE')"
NAME_A_CARRIER = "Name a carrier that brings parcels to the door as {} (Shipping > Carriers shows them)."
LET_IT_SERVE = (
    "Let the carrier serve these zones and groups (Shipping > Carriers), or name another one. `orderferry init "
    "--create-carrier fba` makes one that keeps (docs/editing-orders.md)."
)
NOT_LISTED = (
    "The back office does not list {} for Amazon orders ({}): entering a tracking number gives such an order another "
    "carrier, and may change its shipping."
)
REFUND = (
    "A standard refund pays shipping back at the rate of the carrier's own tax rules, whatever rate it was sold at: {}"
    ". Correct those rules, or enter the amount by a partial refund."
)
AFTER_AN_EDIT = (
    "An edit books an order anew by the shop's own tax rules, whatever Amazon or the configuration said: {}. Correct "
    "the rules where such orders are to be edited."
)
NO_CARRIER = warning(
    "fba-carrier",
    "FBA orders (DE, GB, IT) have no carrier: entering a tracking number or changing such an order in the back office "
    "gives it the first carrier of the list, and may lose its shipping.",
    "Name one as carriers.fba that nothing else uses. `orderferry init --create-carrier fba` makes the carrier "
    '"Amazon" in the form that keeps, offered to no customer (docs/editing-orders.md).',
)
MAKE_TAXES = "`orderferry init --create-taxes` makes them, without rules; or make them by hand (International > Taxes)."
PICK_UP = "'Bottega di prova' (id 1) looks like a pick-up point, and Amazon's buyers are delivered to."
ONE_PRODUCT = "Give the reference of one product or combination of the shop; orders with it are held until then."
STATES = (
    "There are: 1 In attesa di assegno, 2 Pagamento accettato, 3 Preparazione in corso, 4 Spedito, 5 Consegnato, 6 "
    "Annullato, 7 Rimborsato, 8 Errore di pagamento, 9 In attesa di rifornimento (pagato), 10 In attesa di bonifico, "
    "11 Pagamento remoto accettato, 12 In attesa di rifornimento (non pagato)."
)
CARRIERS = "There are: 1 Bottega di prova, 2 My carrier, 3 Amazon."
GROUPS = "There are: 1 Visitatore, 2 Ospite, 3 Cliente, 4 Amazon."
TAXES = (
    "There are: 1 IVA IT 22%, 2 IVA AT 20%, 3 IVA BE 21%, 4 IVA BG 20%, 5 IVA CY 19%, 6 IVA CZ 21%, 7 IVA DE 19%, 8 "
    "IVA DK 25%, 9 IVA EE 24%, 10 IVA ES 21%, 11 IVA FI 25.5%, 12 IVA FR 20%, 13 IVA GR 24%, 14 IVA HR 25%, 15 IVA HU "
    "27%, …."
)
SHOP = ExitCode.SHOP_UNAVAILABLE


def rates(standard: str, reduced: str, super_reduced: str, rest: str, name: str = STANDARD) -> CheckResult:
    listed = f"{name}: {standard}; {REDUCED}: {reduced}; {SUPER_REDUCED}: {super_reduced}"
    return fine("vat", f"Where Amazon names no tax: {listed}{rest}.")


def all_named(number: int) -> CheckResult:
    return fine("mappings", f"The shop has all {number} things that the configuration names or leaves to it.")


def carriers(listed: str) -> CheckResult:
    return fine("carriers", f"Orders get these carriers: {listed}.")


HEALTHY = [
    fine("database", "The shop's database is the SQLite file {file}."),
    fine("tables", "All tables that orders need are there with the prefix 'ps_', and know transactions."),
    fine("rights", "SQLite has no users: whoever may write the file may write the tables."),
    fine("own-tables", "orderferry's own tables are not complete yet; the first run creates them."),
    fine("version", "PrestaShop 8.2.1; tested with 8.2.1, of the same branch."),
    fine("time-zone", "Orders are dated in the shop's time zone, Europe/Rome."),
    fine("currencies", "The shop has the currencies of all marketplaces."),
    fine("countries", "The shop has the countries of all marketplaces."),
    all_named(13),
    rates("IT 22 %, DE 19 %", "IT 10 %, DE 7 %", "IT 4 %, DE 7 %", "; GB what Amazon names, else 0 %"),
    fine(
        "vat",
        "Amazon does not calculate the VAT on IT (no order has shown it yet), DE (no order has shown it yet), GB (no "
        "order has shown it yet).",
    ),
    fine(
        "vat",
        "The shop has no tax of its own for these rates: IT 5 %. None is needed as long as Amazon tells no tax; "
        "`orderferry init --create-taxes` makes them.",
    ),
    fine(
        "vat",
        "Tax that Amazon collects for GB stands in the invoice's tax table only if a tax of the shop has its rate, or "
        "taxes.collected_by_amazon names one; in the totals it is in any case.",
    ),
    fine("states-mail", "No state that Amazon orders come into mails the customer."),
    fine(
        "states-invoice",
        "The shop invoices Amazon orders, in these states: Pagamento accettato (2), Preparazione in corso (3), Spedito "
        "(4), Consegnato (5).",
    ),
    fine("fba-state", "FBA orders share no state with orders that are to be packed."),
    carriers("regular: 'My carrier' (id 2); FBA: 'Amazon' (id 3)"),
    fine("edit-rates", AFTER_AN_EDIT.format("GB: no rule, so 0 % after an edit")),
    fine(
        "modules",
        "No module of the shop waits for events that SQL does not fire (ps_crossselling, ps_emailalerts miss nothing "
        "that matters).",
    ),
    fine("object-cache", "The shop's object cache can't be seen from here (prestashop.from would show it)."),
]


@pytest.fixture(scope="module")
def healthy_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A seeded shop with what a fresh PrestaShop lacks: a carrier for FBA, and states that mail nobody."""
    folder = tmp_path_factory.mktemp("healthy")
    shop = sqlite_shop_in(folder)
    setup = SetupShop(settings_for(shop, folder), sleep=lambda _seconds: None)
    assert setup.create_carrier() == (3, True)
    setup.close()
    shop.execute("UPDATE {p}order_state SET send_email = 0")
    shop.close()
    return (folder / "shop.sqlite").read_bytes()


@pytest.fixture
def shop(healthy_file: bytes, tmp_path: Path) -> Iterator[ShopDatabase]:
    """A healthy shop of the test's own."""
    file = tmp_path / "shop.sqlite"
    file.write_bytes(healthy_file)
    shop = ShopDatabase(f"sqlite:///{file}", "ps_", "8.2.1")
    yield shop
    shop.close()


def healthy(folder: Path) -> list[CheckResult]:
    """The lines on a healthy shop in that folder."""
    first = fine("database", HEALTHY[0].message.format(file=folder / "shop.sqlite"))
    return [first, *HEALTHY[1:]]


def setting(name: str, value: str) -> tuple[str, ...]:
    """Statements that set one of PrestaShop's settings."""
    return (
        f"DELETE FROM {{p}}configuration WHERE name = '{name}'",
        "INSERT INTO {p}configuration (name, value, date_add, date_upd)"
        f" VALUES ('{name}', '{value}', '2026-01-01', '2026-01-01')",
    )


def test_a_healthy_shop(shop: ShopDatabase, tmp_path: Path) -> None:
    assert check_page(shop, tmp_path, FBA) == healthy(tmp_path)


def guess(why: str) -> list[CheckResult]:
    """The lines where the shop's default carrier is none."""
    return [
        warning(
            "carriers.default",
            f"Orders get 'Bottega di prova' (id 1) by a guess, since PS_CARRIER_DEFAULT is {why}.",
            NAME_A_CARRIER.format("carriers.default"),
        ),
        warning("carriers.default", PICK_UP, NAME_A_CARRIER.format("carriers.default")),
        carriers("regular: 'Bottega di prova' (id 1); FBA: 'Amazon' (id 3)"),
        fine("edit-refund", REFUND.format("IT: 0 %, sold at 22 %; DE: 0 %, sold at 19 %")),
    ]


def unknown(key: str, named: str, what: str, hint: str, label: str = "") -> CheckResult:
    return failure(key, f"{label or key} = {named!r}: the shop has no such {what}.", hint, SHOP)


CASES: dict[str, tuple[Sequence[str], str, list[CheckResult]]] = {
    "time zone that is none": (
        setting("PS_TIMEZONE", "Nowhere/City"),
        FBA,
        [
            warning(
                "time-zone",
                "The shop's time zone 'Nowhere/City' is none: orders would be dated in UTC.",
                "Choose it again (International > Localization).",
            )
        ],
    ),
    "a currency is missing, and one is off": (
        (
            "UPDATE {p}currency SET deleted = 1 WHERE iso_code = 'GBP'",
            "UPDATE {p}currency SET active = 0 WHERE iso_code = 'EUR'",
        ),
        FBA,
        [
            warning(
                "currencies",
                "The currency EUR is switched off in the shop; orders are imported in it all the same.",
                "Switch it on if the back office should offer it, and keep its rate up to date.",
            ),
            failure(
                "currencies",
                "The shop has no currency GBP: its orders are held.",
                "Add it (International > Localization > Currencies).",
            ),
        ],
    ),
    "a country is off": (
        ("UPDATE {p}country SET active = 0 WHERE iso_code = 'DE'",),
        FBA,
        [
            warning(
                "countries",
                "The country DE is switched off in the shop: carriers' and modules' lists lack it.",
                "Switch it on (International > Locations > Countries).",
            )
        ],
    ),
    "a country is missing": (
        ("DELETE FROM {p}country WHERE iso_code = 'DE'",),
        FBA,
        [
            failure(
                "countries",
                "The shop has no country DE: orders delivered there are held.",
                "Add it (International > Locations > Countries).",
            ),
            rates("IT 22 %", "IT 10 %", "IT 4 %", "; GB what Amazon names, else 0 %"),
        ],
    ),
    "all things that the shop does not have": (
        setting("PS_OS_SHIPPING", "999"),
        """\
[orders]
state_paid = "Paid by hope"
[carriers]
default = "Snail"
fba = "Pigeon"
[carriers.map]
EXPEDITED = "Hare"
[customers]
group = "Nobody"
business_group = "No business"
[taxes]
FR = "Tithe"
collected_by_amazon = ["Tithe", 33]
[marketplace.DE]
lang = "xx"
[marketplace.UK]
shop = "Laden"
""",
        [
            unknown("orders.state_paid", "Paid by hope", "order state", STATES),
            unknown(
                "orders.state_shipped",
                "999",
                "order state",
                f"Name one as orders.state_shipped. {STATES}",
                "PS_OS_SHIPPING",
            ),
            unknown(
                "orders.state_fba", "999", "order state", f"Name one as orders.state_fba. {STATES}", "PS_OS_SHIPPING"
            ),
            unknown("carriers.default", "Snail", "carrier", CARRIERS),
            unknown("carriers.fba", "Pigeon", "carrier", CARRIERS),
            unknown("carriers.map.EXPEDITED", "Hare", "carrier", CARRIERS),
            unknown("customers.group", "Nobody", "customer group", GROUPS),
            unknown("customers.business_group", "No business", "customer group", GROUPS),
            unknown("taxes.FR", "Tithe", "tax", TAXES),
            unknown("taxes.collected_by_amazon", "Tithe", "tax", TAXES),
            unknown("marketplace.DE.lang", "xx", "active language", "There are: 1 it, 2 en."),
            unknown("marketplace.GB.shop", "Laden", "shop", "There are: 1 Bottega di prova."),
        ],
    ),
    "placeholder and mapped references that are none": (
        (),
        f"""{FBA}[products]
unknown = "placeholder"
placeholder = "NO-SUCH"
[products.map]
"A-1" = "MUG-BLUE"
"A-2" = "NO-SUCH"
""",
        [
            failure(
                key,
                f"{key} points at 'NO-SUCH', and the shop has no such product.",
                ONE_PRODUCT,
            )
            for key in ("products.map.A-2", "products.placeholder")
        ],
    ),
    "a mapped reference of two products, and a placeholder that is not used": (
        ("UPDATE {p}product SET reference = 'MUG-BLUE' WHERE reference = 'MUG-RED'",),
        f'{FBA}[products]\nplaceholder = "NO-SUCH"\n[products.map]\n"A-1" = "MUG-BLUE"\n',
        [
            failure(
                "products.map.A-1",
                "products.map.A-1 points at 'MUG-BLUE', which several products or combinations bear.",
                ONE_PRODUCT,
            )
        ],
    ),
    "a fixed account on one marketplace": (
        (
            "INSERT INTO {p}customer (id_customer, email, firstname, lastname, passwd, active, deleted, id_shop,"
            " id_shop_group, id_gender, id_default_group, id_lang, secure_key, last_passwd_gen, date_add, date_upd)"
            " VALUES (50, 'amazon@shop.example', 'A', 'B', 'x', 1, 0, 1, 1, 1, 1, 1, 'k', '2026-01-01', '2026-01-01',"
            " '2026-01-01')",
        ),
        f'{FBA}[marketplace.DE.customers]\nmode = "fixed"\naccount = "amazon@shop.example"\n',
        [fine("customers.account", "The customer account that all orders go to is there.")],
    ),
    "stock in warehouses": (
        (
            *setting("PS_ADVANCED_STOCK_MANAGEMENT", "1"),
            "UPDATE {p}stock_available SET depends_on_stock = 1 WHERE id_product IN (1, 2, 3)",
        ),
        FBA,
        [
            warning(
                "advanced-stock",
                "3 products keep their stock in warehouses (advanced stock management), which orderferry does not "
                "write: orders of them are held.",
                "Let their quantities be set by hand (a product's tab Quantities), or switch advanced stock management "
                "off.",
            )
        ],
    ),
    "stock in warehouses that are off": (
        ("UPDATE {p}stock_available SET depends_on_stock = 1 WHERE id_product IN (1, 2, 3)",),
        FBA,
        [],
    ),
    "warehouses without stock": (setting("PS_ADVANCED_STOCK_MANAGEMENT", "1"), FBA, []),
    "the carrier of the best price": (
        setting("PS_CARRIER_DEFAULT", "-1"),
        FBA,
        guess("-1: it says the best price, which only a customer's cart can tell"),
    ),
    "the carrier of the best grade": (
        setting("PS_CARRIER_DEFAULT", "-2"),
        FBA,
        guess("-2: it says the best grade, which only a customer's cart can tell"),
    ),
    "no default carrier": (setting("PS_CARRIER_DEFAULT", "0"), FBA, guess("0: it names none")),
    "a default carrier that is gone": (
        setting("PS_CARRIER_DEFAULT", "77"),
        FBA,
        guess("77: it names carrier 77, which the shop does not have"),
    ),
    "a default carrier for collection": (setting("PS_CARRIER_DEFAULT", "1"), FBA, guess("1")[1:]),
    "a named carrier whose delivery is a pick-up": (
        ("UPDATE {p}carrier_lang SET delay = 'Ritiro in sede' WHERE id_carrier = 2 AND id_lang = 1",),
        f'{FBA}[carriers.map]\nexpedited = "My carrier"\n',
        [
            all_named(14),
            *(
                warning(
                    key,
                    "'My carrier' (id 2) looks like a pick-up point, and Amazon's buyers are delivered to.",
                    NAME_A_CARRIER.format(key),
                )
                for key in ("carriers.default", "carriers.map.EXPEDITED")
            ),
            carriers("regular: 'My carrier' (id 2); EXPEDITED: 'My carrier' (id 2); FBA: 'Amazon' (id 3)"),
        ],
    ),
    "a carrier that is off, in no zone": (
        ("UPDATE {p}carrier SET active = 0 WHERE id_carrier = 2", "DELETE FROM {p}carrier_zone WHERE id_carrier = 2"),
        f'{FBA}default = "2"\n',
        [
            warning(
                "carriers.default",
                "The carrier 'My carrier' (id 2) is switched off in the shop.",
                "Switch it on (Shipping > Carriers), or name another one as carriers.default.",
            )
        ],
    ),
    "a carrier that lacks a zone": (
        ("DELETE FROM {p}carrier_zone WHERE id_carrier = 3 AND id_zone = 1",),
        FBA,
        [
            warning("carriers.fba", NOT_LISTED.format("'Amazon' (id 3)", f"its zones lack {code}"), LET_IT_SERVE)
            for code in ("IT", "DE")
        ],
    ),
    "zones that can't be read": (("DROP TABLE {p}carrier_zone",), FBA, []),
    "a carrier for other groups and zones": (
        ("UPDATE {p}carrier_group SET id_group = 1 WHERE id_carrier = 3", "DELETE FROM {p}carrier_zone"),
        f"{FBA}default = 'Amazon'\n",
        [
            *(
                warning(
                    key,
                    NOT_LISTED.format("'Amazon' (id 3)", f"its groups lack Ospite; its zones lack {code}"),
                    LET_IT_SERVE,
                )
                for code in ("IT", "DE", "GB")
                for key in ("carriers.default", "carriers.fba")
            ),
            warning(
                "fba-carrier",
                "FBA orders get a carrier that regular orders have too, 'Amazon' (id 3): label modules would print "
                "labels for them.",
                "Name a carrier as carriers.fba for which nothing prints labels; `orderferry init --create-carrier "
                "fba` makes one.",
            ),
            carriers("regular: 'Amazon' (id 3); FBA: 'Amazon' (id 3)"),
        ],
    ),
    "a carrier for business buyers that are in another group": (
        (),
        f'{FBA}[customers]\nbusiness_group = "Amazon"\n',
        [
            all_named(14),
            warning(
                "carriers.default", NOT_LISTED.format("'My carrier' (id 2)", "its groups lack Amazon"), LET_IT_SERVE
            ),
        ],
    ),
    "customer groups that are off": (
        setting("PS_GROUP_FEATURE_ACTIVE", "0"),
        FBA,
        [
            warning(
                "carriers.fba",
                NOT_LISTED.format("'Amazon' (id 3)", "customer groups are switched off, PS_GROUP_FEATURE_ACTIVE"),
                LET_IT_SERVE,
            )
        ],
    ),
    "customer groups that are off, and a carrier for one group of all": (
        (*setting("PS_GROUP_FEATURE_ACTIVE", "0"), "UPDATE {p}carrier_group SET id_group = 1 WHERE id_carrier = 3"),
        FBA,
        [],
    ),
    "FBA with the limited carrier of regular orders": (
        (),
        '[carriers]\ndefault = "Amazon"\nfba = "Amazon"\n',
        [carriers("regular: 'Amazon' (id 3); FBA: 'Amazon' (id 3)")],
    ),
    "FBA without a carrier": (
        (),
        "",
        [all_named(12), NO_CARRIER, carriers("regular: 'My carrier' (id 2); FBA: none")],
    ),
    "no carrier at all": (
        ("UPDATE {p}carrier SET deleted = 1",),
        "",
        [
            warning(
                "carriers.default",
                "The shop has no carrier at all: orders would have none.",
                "Make one (Shipping > Carriers).",
            ),
            NO_CARRIER,
            carriers("regular: none; FBA: none"),
        ],
    ),
    "shipping that an edit computes anew": (
        setting("PS_ORDER_RECALCULATE_SHIPPING", "1"),
        FBA,
        [
            warning(
                "edit-shipping",
                "PS_ORDER_RECALCULATE_SHIPPING is on: when staff edits an order of Amazon's (DE, GB, IT), PrestaShop "
                "replaces the shipping that the buyer paid by the carrier's own price.",
                "Switch off “Recalculate shipping costs after editing the order” (Shop Parameters > Order Settings).",
            )
        ],
    ),
    "units rounded by themselves": (
        setting("PS_ROUND_TYPE", "1"),
        FBA,
        [
            warning(
                "edit-rounding",
                "PS_ROUND_TYPE is 1 (round each item) in the shop of DE, GB, IT: an edit rounds the price of one unit "
                "to the cent, so that a line of several units can move by some cents (99.99 for 7 becomes 100.03).",
                "Round each line instead (Shop Parameters > General > Round type), if the accountant agrees.",
            )
        ],
    ),
    "rates that the rules know": (
        (),
        f"{FBA}[taxes]\nDE = 7\n[marketplace.UK.taxes]\nGB = 20\n",
        [
            all_named(15),
            rates("IT 22 %", "IT 10 %", "IT 4 %", "; DE 7 % as configured; GB 20 % as configured"),
            fine("edit-refund", REFUND.format("DE: 19 %, sold at 7 %; GB: 0 %, sold at 20 %")),
        ],
    ),
    "rates that the shop does not know": (
        (),
        f'{FBA}[taxes]\nDE = 16\nGB = "Tithe"\n',
        [
            failure(
                "taxes.DE",
                "taxes.DE = 16: the shop has no tax of this rate, so orders that need it are held.",
                "Make a tax of 16 % (International > Taxes); it needs no tax rule.",
            ),
            unknown("taxes.GB", "Tithe", "tax", TAXES),
            rates("IT 22 %", "IT 10 %", "IT 4 %", "; DE 16 % as configured; GB 'Tithe' as configured"),
            fine("edit-refund", REFUND.format("DE: 19 %, sold at 16 %")),
            fine(
                "edit-rates",
                AFTER_AN_EDIT.format(
                    "DE: 16 % as configured, 7 % or 19 % after an edit; GB: no rule, so 0 % after an edit"
                ),
            ),
        ],
    ),
    "a shop without taxes": (
        setting("PS_TAX", "0"),
        FBA,
        [
            fine("vat", "The shop works without taxes (PS_TAX is off): every order has 0 %."),
            fine("edits", "No setting of the shop makes an edit change what Amazon's buyers paid."),
        ],
    ),
    "the tax of home in another country": (
        (f"UPDATE {{p}}tax_rule SET id_tax = 1 WHERE id_country = {GERMANY} AND id_tax_rules_group = 1",),
        FBA,
        [
            warning(
                "vat",
                f"The tax rules of the shop give DE the tax of IT ({STANDARD}: 22 %).",
                "Right below the threshold for distance sales only; else name the rate of DE as taxes.DE, or correct "
                "the rule (International > Taxes > Tax Rules).",
            ),
            rates("IT 22 %, DE 22 %", "IT 10 %, DE 7 %", "IT 4 %, DE 7 %", "; GB what Amazon names, else 0 %"),
            fine("edit-refund", REFUND.format("DE: 22 %, sold at 19 %")),
        ],
    ),
    "no tax at all, at home and elsewhere": (
        ("UPDATE {p}tax_rule SET id_tax = 0 WHERE id_tax_rules_group = 3",),
        FBA,
        [rates("IT 22 %, DE 19 %", "IT 10 %, DE 7 %", "IT 0 %, DE 0 %", "; GB what Amazon names, else 0 %")],
    ),
    "rules that lack a country": (
        (f"DELETE FROM {{p}}tax_rule WHERE id_tax_rules_group < 3 AND id_country = {GERMANY}",),
        FBA,
        [
            failure(
                "vat",
                f"The tax rules {STANDARD}, {REDUCED} of the shop say nothing for DE: orders for which Amazon names no "
                "rate either are held.",
                "Name the rate as taxes.DE, or add a rule for DE (International > Taxes > Tax Rules).",
            ),
            rates("IT 22 %, DE unknown", "IT 10 %, DE unknown", "IT 4 %, DE 7 %", "; GB what Amazon names, else 0 %"),
            fine("edit-refund", REFUND.format("DE: 0 %, sold at 19 %")),
        ],
    ),
    "rules that lack a country, which is booked at 0 %": (
        (f"DELETE FROM {{p}}tax_rule WHERE id_tax_rules_group = 2 AND id_country = {GERMANY}",),
        f'{FBA}[taxes]\nmissing = "zero"\n',
        [
            warning(
                "vat",
                f"The tax rules {REDUCED} of the shop say nothing for DE: taxes.missing books them at 0 %.",
                "Name the rate as taxes.DE, or add a rule for DE (International > Taxes > Tax Rules).",
            ),
            rates("IT 22 %, DE 19 %", "IT 10 %, DE unknown", "IT 4 %, DE 7 %", "; GB what Amazon names, else 0 %"),
        ],
    ),
    "rules that are switched off": (
        ("UPDATE {p}tax_rules_group SET active = 0 WHERE id_tax_rules_group = 1",),
        f"{FBA}[taxes]\nDE = 19\n",
        [
            all_named(14),
            failure(
                "vat",
                "The tax rules 'IT Standard Rate (22%), not active' (1) of the shop say nothing for IT: orders for "
                "which Amazon names no rate either are held.",
                "Name the rate as taxes.IT, or add a rule for IT (International > Taxes > Tax Rules).",
            ),
            rates(
                "IT unknown",
                "IT 10 %",
                "IT 4 %",
                "; DE 19 % as configured; GB what Amazon names, else 0 %",
                "'IT Standard Rate (22%), not active' (1)",
            ),
            fine("edit-refund", REFUND.format("IT: 0 %, sold at 22 %; DE: 0 %, sold at 19 %")),
            fine(
                "edit-rates",
                AFTER_AN_EDIT.format("DE: 19 % as configured, 7 % after an edit; GB: no rule, so 0 % after an edit"),
            ),
        ],
    ),
    "rules by postcode": (
        (
            f"UPDATE {{p}}tax_rule SET zipcode_from = '21000', zipcode_to = '95999' WHERE id_country = {GERMANY}",
            "INSERT INTO {p}tax_rule (id_tax_rules_group, id_country, id_state, zipcode_from, zipcode_to, id_tax,"
            f" behavior, description) VALUES (1, {GERMANY}, 0, '20000', '20999', 1, 0, '')",
        ),
        FBA,
        [
            rates(
                "IT 22 %, DE 22 or 19 % by region",
                "IT 10 %, DE 7 % by region",
                "IT 4 %, DE 7 % by region",
                "; GB what Amazon names, else 0 %",
            ),
            fine("edit-refund", REFUND.format("DE: 0 %, sold at 19 %")),
        ],
    ),
    "a shop at home in the United Kingdom": (
        setting("PS_COUNTRY_DEFAULT", "17"),
        FBA,
        [
            failure(
                "vat",
                f"The tax rules {STANDARD}, {REDUCED}, {SUPER_REDUCED} of the shop say nothing for GB: orders for "
                "which Amazon names no rate either are held.",
                "Name the rate as taxes.GB, or add a rule for GB (International > Taxes > Tax Rules).",
            ),
            rates("IT 22 %, DE 19 %, GB unknown", "IT 10 %, DE 7 %, GB unknown", "IT 4 %, DE 7 %, GB unknown", ""),
            fine(
                "vat",
                "The shop has no tax of its own for these rates: GB 20 %, 5 %; IT 5 %. None is needed as long as "
                "Amazon tells no tax; `orderferry init --create-taxes` makes them.",
            ),
        ],
    ),
    "Amazon calculates on one marketplace": (
        ("UPDATE {p}order_state SET invoice = 0",),
        f"{FBA}[marketplace.IT]\nvat_by_amazon = true\n[marketplace.DE]\nvat_by_amazon = false\n",
        [
            fine(
                "vat",
                "Amazon calculates the VAT on IT (as configured): a tax of 0 there is 0 %; not on DE (as configured), "
                "GB (no order has shown it yet).",
            ),
            fine(
                "vat",
                "The shop has no tax of its own for these rates: IT 5 %. None is needed as long as no product is sold "
                "at one; `orderferry init --create-taxes` makes them.",
            ),
            fine("states-invoice", "No state that Amazon orders come into makes PrestaShop issue an invoice."),
        ],
    ),
    "Amazon calculates on all marketplaces, and the standard rate is missing": (
        ("UPDATE {p}order_state SET invoice = 0", "UPDATE {p}tax SET rate = 18 WHERE id_tax = 7"),
        f"{FBA}{''.join(f'[marketplace.{code}]{chr(10)}vat_by_amazon = true{chr(10)}' for code in ('IT', 'DE', 'UK'))}",
        [
            rates("IT 22 %, DE 18 %", "IT 10 %, DE 7 %", "IT 4 %, DE 7 %", "; GB what Amazon names, else 0 %"),
            fine(
                "vat",
                "Amazon calculates the VAT on IT (as configured), DE (as configured), GB (as configured): a tax of 0 "
                "there is 0 %.",
            ),
            warning(
                "vat",
                "The shop has no tax of its own for these rates: DE 19 %; IT 5 %. Orders for which Amazon tells such a "
                "tax are held, or bear another country's of the same rate.",
                MAKE_TAXES,
            ),
            fine("states-invoice", "No state that Amazon orders come into makes PrestaShop issue an invoice."),
            fine("edit-refund", REFUND.format("DE: 18 %, sold at 19 %")),
        ],
    ),
    "tax that Amazon collects is named": ((), f"{FBA}[taxes]\ncollected_by_amazon = [22]\n", [all_named(14)]),
    "modules that wait for orders": (
        (
            "INSERT INTO {p}module (id_module, name, active, version) VALUES (90, 'odoo_link', 1, '1'),"
            " (91, 'erp_sync', 1, '1'), (92, 'dashsales', 1, '1'), (93, 'stock_watch', 1, '1'), (94, 'off', 1, '1'),"
            " (95, 'on_phones', 1, '1')",
            "INSERT INTO {p}module_shop (id_module, id_shop, enable_device)"
            " VALUES (90, 1, 7), (91, 1, 7), (92, 1, 7), (93, 1, 1), (94, 2, 7), (95, 1, 4)",
            "INSERT INTO {p}hook (id_hook, name, title) VALUES (990, 'newOrder', 'x'),"
            " (991, 'actionObjectOrderInvoiceAddAfter', 'x'), (992, 'actionPaymentCCAdd', 'x'),"
            " (993, 'actionSetInvoice', 'x'), (994, 'displayHeaderX', 'x')",
            "INSERT INTO {p}hook_module (id_module, id_shop, id_hook, position) VALUES (90, 1, 990, 9),"
            " (91, 1, 991, 9), (91, 1, 990, 9), (92, 1, 991, 9), (93, 1, 992, 9), (93, 1, 993, 9), (93, 1, 994, 9),"
            " (94, 1, 990, 9), (95, 1, 990, 9)",
        ),
        FBA,
        [
            warning(
                "modules",
                "SQL fires none of PrestaShop's hooks, so these modules do not hear of imported orders: erp_sync "
                "(actionObjectOrderInvoiceAddAfter, actionValidateOrder); odoo_link (actionValidateOrder); stock_watch "
                "(actionPaymentCCAdd, actionSetInvoice).",
                "`orderferry bridge install FOLDER` lets modules hear (docs/bridge.md): erp_sync "
                "(actionValidateOrder); odoo_link (actionValidateOrder). Only if hooks_add in the bridge's settings "
                "names the hooks: erp_sync (actionObjectOrderInvoiceAddAfter); stock_watch (actionPaymentCCAdd). Not "
                "even the bridge fires: stock_watch (actionSetInvoice); ask the module's maker what else it can do.",
            )
        ],
    ),
    "parts of pages that are kept": (
        setting("PS_SMARTY_CACHE", "1"),
        FBA,
        [
            fine(
                "object-cache",
                "The shop's object cache can't be seen from here (prestashop.from would show it); Smarty's cache is "
                "on, so that parts of pages may show old stock for a while.",
            )
        ],
    ),
}


@pytest.mark.parametrize(("statements", "configured", "expected"), CASES.values(), ids=CASES.keys())
def test_what_one_change_of_the_shop_gives_rise_to(
    shop: ShopDatabase, tmp_path: Path, statements: Sequence[str], configured: str, expected: list[CheckResult]
) -> None:
    for statement in statements:
        shop.execute(statement)

    page = check_page(shop, tmp_path, configured)

    assert [line for line in page if line not in healthy(tmp_path)] == expected


def test_orders_that_are_held_for_a_tax_need_it_now(shop: ShopDatabase, tmp_path: Path) -> None:
    held = {"AT": {Decimal(20)}, "FR-20R": {Decimal("2.1")}}

    page = check_page(shop, tmp_path, FBA, held)

    assert [line for line in page if line not in healthy(tmp_path)] == [
        warning(
            "vat",
            "The shop has no tax of its own for these rates: AT 13 %, 4.9 %; FR-20R 13 %, 10 %, 2.1 %, 0.9 %; IT 5 %. "
            "Orders for which Amazon tells such a tax are held, or bear another country's of the same rate.",
            MAKE_TAXES,
        )
    ]
