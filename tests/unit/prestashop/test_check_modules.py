"""What `check` says of modules that wait for events, of the feed of changes, and of caches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.domain.feed import Feed, Reader
from orderferry.prestashop.checking.modules import (
    MODULE_TABLES,
    Listeners,
    check_caches,
    check_feed,
    check_modules,
    concerned,
    read_listeners,
)
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import Column, ShopFacts, Table

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)

# What orders fire in PrestaShop 1.6 to 9.1, besides the hooks of their objects.
EVENTS = [
    "actionValidateOrder",
    "actionValidateOrderAfter",
    "actionPaymentConfirmation",
    "actionOrderStatusUpdate",
    "actionOrderStatusPostUpdate",
    "actionOrderHistoryAddAfter",
    "actionSetInvoice",
    "actionPaymentCCAdd",
    "actionUpdateQuantity",
    "actionAdminOrdersTrackingNumberUpdate",
    "actionObjectAddAfter",
    "actionObjectUpdateAfter",
    "actionObjectOrderAddAfter",
    "actionObjectOrderDetailAddAfter",
    "actionObjectOrderHistoryAddAfter",
    "actionObjectOrderInvoiceAddAfter",
    "actionObjectOrderPaymentAddAfter",
    "actionObjectOrderCarrierAddAfter",
    "actionObjectOrderCarrierUpdateAfter",
    "actionObjectCustomerAddAfter",
    "actionObjectAddressAddAfter",
    "actionObjectCartUpdateAfter",
    "actionObjectStockAvailableUpdateAfter",
]
OTHERS = ["displayHeader", "actionObjectProductAddAfter", "actionObjectOrderDeleteAfter", "actionCartSave"]


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    """A database with PrestaShop's tables of modules, empty."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.connect() as connection:
        for name, columns in COLUMNS.items():
            connection.exec_driver_sql(f"CREATE TABLE ps_{name} ({', '.join(columns.split())})")
        yield connection
    engine.dispose()


COLUMNS = {
    "hook": "id_hook name active",
    "hook_module": "id_module id_shop id_hook",
    "hook_alias": "alias name",
    "module": "id_module name active",
    "module_shop": "id_module id_shop enable_device",
}


def tables(without: str = "") -> ShopTables:
    """The tables, `without` some, or some columns (`hook.active`)."""
    left_out = without.split()
    assert COLUMNS.keys() == MODULE_TABLES
    return ShopTables(
        "ps_",
        {
            name: Table(
                name,
                "InnoDB",
                {one: Column(one, "int", True, True) for one in columns.split() if f"{name}.{one}" not in left_out},
            )
            for name, columns in COLUMNS.items()
            if name not in left_out
        },
    )


def register(connection: sa.Connection, *hooks: str) -> None:
    """Let a module `one` of shop 1 be registered on these hooks."""
    connection.exec_driver_sql("INSERT INTO ps_module VALUES (7, 'one', 1)")
    connection.exec_driver_sql("INSERT INTO ps_module_shop VALUES (7, 1, 7)")
    for number, hook in enumerate(hooks, 1):
        connection.exec_driver_sql(f"INSERT INTO ps_hook VALUES ({number}, '{hook}', 1)")
        connection.exec_driver_sql(f"INSERT INTO ps_hook_module VALUES (7, 1, {number})")


def test_the_events_that_sql_does_not_fire(connection: sa.Connection) -> None:
    register(connection, *EVENTS, *OTHERS)

    assert read_listeners(connection, tables()) == {"one": sorted(EVENTS)}


@pytest.mark.parametrize(
    ("change", "heard"),
    [
        ("UPDATE ps_module SET name = name", True),
        ("UPDATE ps_module_shop SET enable_device = 1", True),
        ("UPDATE ps_module_shop SET enable_device = 6", False),  # on tablets and phones only
        ("UPDATE ps_module_shop SET id_shop = 2", False),
        ("UPDATE ps_module_shop SET id_module = 8", False),
        ("UPDATE ps_hook SET active = 0", False),
        ("UPDATE ps_module SET active = 0", True),  # module_shop decides
    ],
)
def test_only_what_is_switched_on_is_called(connection: sa.Connection, change: str, heard: bool) -> None:
    register(connection, "actionValidateOrder")
    connection.exec_driver_sql(change)

    assert read_listeners(connection, tables()) == ({"one": ["actionValidateOrder"]} if heard else {})


def test_shops_of_other_versions(connection: sa.Connection) -> None:
    register(connection, "newOrder")
    connection.exec_driver_sql("INSERT INTO ps_hook_alias VALUES ('NEWORDER', 'actionValidateOrder')")

    assert read_listeners(connection, tables()) == {"one": ["actionValidateOrder"]}
    assert read_listeners(connection, tables("hook_alias")) == {}
    connection.exec_driver_sql("UPDATE ps_hook SET name = 'actionUpdateQuantity', active = 0")
    connection.exec_driver_sql("UPDATE ps_module_shop SET enable_device = 6")
    found = {"one": ["actionUpdateQuantity"]}
    assert read_listeners(connection, tables("hook.active module_shop.enable_device")) == found
    assert read_listeners(connection, tables("hook.active module_shop")) == found
    assert read_listeners(connection, tables("hook.active module_shop module.active")) == found
    connection.exec_driver_sql("UPDATE ps_module SET active = 0")
    assert read_listeners(connection, tables("hook.active module_shop")) == {}
    assert read_listeners(connection, tables("hook.active module_shop module.active")) == found


@pytest.mark.parametrize("missing", ["hook", "hook_module", "module"])
def test_a_user_who_may_not_read_them_finds_no_modules(connection: sa.Connection, missing: str) -> None:
    register(connection, "actionValidateOrder")

    assert read_listeners(connection, tables(missing)) == {}


def test_modules_that_miss_nothing() -> None:
    names = [
        "dashactivity",
        "statsbestcustomers",
        "ps_crossselling",
        "ps_bestsellers",
        "ps_emailalerts",
        "ps_googleanalytics",
        "blockbestsellers",
        "crossselling",
        "mailalerts",
        "ganalytics",
        "productscategory",
        "blocklayered",
        "gamification",
        "cronjobs",
        "sekeywords",
        "pagesnotfound",
        "Ps_EmailAlerts",
        "DashTrends",
    ]

    assert concerned({key: ["actionValidateOrder"] for key in [*names, "erp_dash"]}) == {
        "erp_dash": ["actionValidateOrder"]
    }


WAITING = {"erp": ["actionValidateOrder", "actionSetInvoice"], "crm": ["actionObjectCustomerAddAfter"]}
ON_REQUEST = "Only if hooks_add in the bridge's settings names the hooks: crm (actionObjectCustomerAddAfter)."
NEVER = "Not even the bridge fires: erp (actionSetInvoice); ask the module's maker what else it can do."


@pytest.mark.parametrize(
    ("listeners", "bridged", "expected"),
    [
        ({}, False, fine("modules", "No module of the shop waits for events that SQL does not fire.")),
        (
            {"dashgoals": ["actionValidateOrder"], "mailalerts": ["newOrder"]},
            True,
            fine(
                "modules",
                "No module of the shop waits for events that SQL does not fire (dashgoals, mailalerts miss nothing "
                "that matters).",
            ),
        ),
        (
            WAITING,
            False,
            warning(
                "modules",
                "SQL fires none of PrestaShop's hooks, so these modules do not hear of imported orders: erp "
                "(actionValidateOrder, actionSetInvoice); crm (actionObjectCustomerAddAfter).",
                "`orderferry bridge install FOLDER` lets modules hear (docs/bridge.md): erp (actionValidateOrder). "
                f"{ON_REQUEST} {NEVER}",
            ),
        ),
        (
            {"crm": ["actionObjectCustomerAddAfter"]},
            False,
            warning(
                "modules",
                "SQL fires none of PrestaShop's hooks, so these modules do not hear of imported orders: crm "
                "(actionObjectCustomerAddAfter).",
                f"Other programs can look for new orders by themselves (by id_order or date_upd). {ON_REQUEST}",
            ),
        ),
        (
            WAITING,
            True,
            warning(
                "modules",
                "The bridge does not tell these modules: crm (actionObjectCustomerAddAfter); erp (actionSetInvoice).",
                f"{ON_REQUEST} {NEVER}",
            ),
        ),
        (
            {"erp": ["actionSetInvoice"]},
            True,
            warning("modules", "The bridge does not tell these modules: erp (actionSetInvoice).", NEVER),
        ),
        (
            {"erp": ["actionUpdateQuantity"]},
            True,
            fine("modules", "The bridge tells the modules that wait for events: erp (actionUpdateQuantity)."),
        ),
    ],
    ids=["none", "harmless", "all kinds", "on request", "all kinds, bridged", "never", "bridged"],
)
def test_modules(listeners: Listeners, bridged: bool, expected: CheckResult) -> None:
    assert list(check_modules(listeners, bridged=bridged)) == [expected]


NONE_YET = fine("events", "The feed of changes has no event yet.")
WHO_READS = (
    "`orderferry bridge status` says more. Is the reader's cron still running? A program that reads by itself tells "
    "how far it is in orderferry_event_consumer (docs/events.md)."
)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        (None, NONE_YET),
        (Feed(), NONE_YET),
        (Feed(3, NOW), fine("events", "The feed of changes is at event 3, and is read by: nobody yet.")),
        (
            Feed(3, NOW - 2 * DAY, [Reader("bridge", 3, 0, None, NOW), Reader("erp", 1, 2, NOW - DAY, NOW)]),
            fine("events", "The feed of changes is at event 3, and is read by: bridge (0 behind), erp (2 behind)."),
        ),
        (
            Feed(3, NOW - 2 * DAY, [Reader("erp", 1, 2, NOW - 2 * DAY, None), Reader("bridge", 3, 0, None, NOW)]),
            warning(
                "events",
                "2 events of the feed wait for 'erp', the oldest for 2d; it has never taken any.",
                WHO_READS,
            ),
        ),
    ],
    ids=["no tables", "no event", "no reader", "read in time", "late"],
)
def test_the_feed(feed: Feed | None, expected: CheckResult) -> None:
    assert list(check_feed(feed, NOW)) == [expected]


@pytest.mark.parametrize(
    ("cache", "smarty", "expected"),
    [
        (None, "0", "The shop's object cache can't be seen from here (prestashop.from would show it)."),
        ("", "0", "The shop's object cache is off."),
        (
            "",
            "1",
            "The shop's object cache is off; Smarty's cache is on, so that parts of pages may show old stock for a "
            "while.",
        ),
    ],
)
def test_no_cache_between_the_tables_and_the_pages(cache: str | None, smarty: str, expected: str) -> None:
    facts = ShopFacts(configuration={("PS_SMARTY_CACHE", 0, 0): smarty})
    assert list(check_caches(facts, cache)) == [fine("object-cache", expected)]


def test_an_object_cache_shows_old_stock() -> None:
    assert list(check_caches(ShopFacts(), "CacheMemcached")) == [
        warning(
            "object-cache",
            "The shop keeps an object cache (CacheMemcached): it shows old stock until it forgets.",
            "Switch it off (Advanced Parameters > Performance), or empty it after imports.",
        )
    ]
