"""Who is told: the modules that PrestaShop itself would call in the event's shop, in their order, less what the
settings say; and which events are told, or not any more.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderferry.prestashop.sample_shop import MULTISHOP
from support.bridge import SECONDS, BridgeShop

pytestmark = pytest.mark.sample(2)

FACTORY = Callable[..., BridgeShop]
HOOK = "actionValidateOrder"


def modules(shop: BridgeShop) -> list[str]:
    return [module for module, _ in shop.heard]


@pytest.mark.parametrize("version", ["1.6.1.24", "1.7.6.9", "1.7.8.11", "8.2.1", "9.1.4"])
def test_a_module_that_knows_a_hook_by_its_old_name(bridge_shop_of: FACTORY, version: str) -> None:
    shop = bridge_shop_of(version)
    shop.listen("old", "newOrder")
    shop.listen("renamed", HOOK, methods=["newOrder"])
    shop.listen("both", HOOK, methods=["newOrder", HOOK])
    shop.created(shop.order())
    assert shop.run().returncode == 0
    assert sorted(shop.heard) == [("both", HOOK), ("old", "newOrder"), ("renamed", "newOrder")]
    assert {row["hook"] for row in shop.calls()} == {HOOK}


def test_modules_in_their_order_and_each_is_told_its_place(bridge_shop: BridgeShop) -> None:
    for name in ("first", "second", "third"):
        bridge_shop.listen(name, HOOK)
    bridge_shop.sql("UPDATE {p}hook_module SET position = 10 - position")
    bridge_shop.created(bridge_shop.order())
    bridge_shop.run()
    assert modules(bridge_shop) == ["third", "second", "first"]
    assert [line["parameters"]["altern"] for line in bridge_shop.log] == [1, 2, 3]


def test_modules_that_prestashop_would_not_call(bridge_shop: BridgeShop) -> None:
    for name in ("good", "phones", "off", "gone", "deaf"):
        bridge_shop.listen(name, HOOK, methods=["displayTop"] if name == "deaf" else ())
    number = "(SELECT id_module FROM {p}module WHERE name = :name)"
    bridge_shop.sql(f"UPDATE {{p}}module_shop SET enable_device = 4 WHERE id_module = {number}", name="phones")
    bridge_shop.sql(f"DELETE FROM {{p}}module_shop WHERE id_module = {number}", name="off")
    (bridge_shop.folder / "modules/gone/gone.php").unlink()
    bridge_shop.created(bridge_shop.order())
    assert bridge_shop.run().returncode == 0
    assert modules(bridge_shop) == ["good"]
    assert {row["module"]: row["state"] for row in bridge_shop.calls()} == {
        "good": "done",
        "gone": "skipped",
        "deaf": "skipped",
    }


def test_a_module_that_only_visitors_of_one_group_see_is_told(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("erp", HOOK)
    bridge_shop.sql("DELETE FROM {p}module_group")
    bridge_shop.created(bridge_shop.order())
    bridge_shop.run()
    assert modules(bridge_shop) == ["erp"]
    assert {line["context"]["employee"] for line in bridge_shop.log} == {"Employee0"}


@pytest.mark.parametrize(("version", "told"), [("1.7.8.11", False), ("1.7.7.8", True), ("9.1.4", False)])
def test_a_hook_that_is_switched_off(bridge_shop_of: FACTORY, version: str, told: bool) -> None:
    shop = bridge_shop_of(version)
    shop.listen("erp", HOOK)
    if shop.sql("SHOW COLUMNS FROM {p}hook LIKE 'active'").first():
        shop.sql("UPDATE {p}hook SET active = 0 WHERE name = :hook", hook=HOOK)
    shop.created(shop.order())
    assert shop.run().returncode == 0
    assert bool(shop.heard) == told


def test_a_shop_that_runs_prestashops_own_modules_only(bridge_shop: BridgeShop) -> None:
    for name in ("foreign", "nativeone"):
        bridge_shop.listen(name, HOOK)
    bridge_shop.sql("INSERT INTO {p}configuration (name, value) VALUES ('PS_DISABLE_NON_NATIVE_MODULE', '1')")
    bridge_shop.created(bridge_shop.order())
    bridge_shop.run()
    assert modules(bridge_shop) == ["nativeone"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"modules_skip": "Letters, sms"}, ["erp"]),
        ({"modules_only": "erp, sms"}, ["erp", "sms"]),
        ({"modules_only": "erp, sms", "modules_skip": "sms"}, ["erp"]),
    ],
)
def test_lists_of_modules(bridge_shop: BridgeShop, settings: dict[str, str], told: list[str]) -> None:
    for name in ("erp", "letters", "sms"):
        bridge_shop.listen(name, HOOK)
    bridge_shop.configure(**settings)
    bridge_shop.created(bridge_shop.order())
    bridge_shop.run()
    assert modules(bridge_shop) == told
    assert {row["module"] for row in bridge_shop.calls()} == set(told)


@pytest.mark.parametrize("version", ["1.6.1.24", "8.2.1", "9.1.4"])
def test_each_shop_has_its_modules_its_context_and_a_process_of_its_own(bridge_shop_of: FACTORY, version: str) -> None:
    shop = bridge_shop_of(version, seed=MULTISHOP)
    shop.listen("everywhere", HOOK, shops=(1, 2, 3))
    shop.listen("second", HOOK, shops=(2,))
    for number in (1, 2, 1, 3):
        shop.created(shop.order(shop=number, language=2 if number == 2 else 1), shop=number)
    assert shop.run().returncode == 0
    heard = [(line["module"], line["context"]["shop"]) for line in shop.log]
    assert heard == [("everywhere", 1), ("everywhere", 2), ("second", 2), ("everywhere", 1), ("everywhere", 3)]
    assert all(line["context"]["shop"] == line["context"]["shop_context"] for line in shop.log)
    pairs = {(line["process"], line["context"]["shop"]) for line in shop.log}
    assert len(pairs) == len({process for process, _ in pairs}) == 4
    assert shop.position == 4


def test_id_shop_leaves_other_shops_alone(bridge_shop_of: FACTORY) -> None:
    shop = bridge_shop_of(seed=MULTISHOP)
    shop.listen("erp", HOOK, shops=(1, 2, 3))
    shop.configure(id_shop="2")
    for number in (1, 2, 3):
        shop.created(shop.order(shop=number), shop=number)
    assert shop.run().returncode == 0
    assert [line["context"]["shop"] for line in shop.log] == [2]
    assert [row["state"] for row in shop.calls()] == ["skipped", "done", "skipped"]
    assert shop.position == 3


def test_language_and_currency_are_the_orders(bridge_shop: BridgeShop) -> None:
    bridge_shop.sql(
        "INSERT INTO {p}currency (id_currency, iso_code, conversion_rate, active) VALUES (99, 'SEK', 11, 1)"
    )
    bridge_shop.listen("erp", HOOK)
    for language, currency in ((1, 1), (2, 99)):
        bridge_shop.created(bridge_shop.order(language=language, currency=currency))
    bridge_shop.run()
    assert [(line["context"]["language"], line["context"]["currency"]) for line in bridge_shop.log] == [(1, 1), (2, 99)]
    assert [line["parameters"]["orderStatus"] for line in bridge_shop.log] == [
        "OrderState 2 Pagamento accettato",
        "OrderState 2 Payment accepted",
    ]
    customers = [line["context"]["customer"] for line in bridge_shop.log]
    assert [line["parameters"]["customer"] for line in bridge_shop.log] == [
        f"Customer {number}" for number in customers
    ]


def test_many_orders_are_shared_among_processes(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("erp", HOOK)
    bridge_shop.configure(orders_per_process="3")
    for _ in range(7):
        bridge_shop.created(bridge_shop.order())
    assert bridge_shop.run().returncode == 0
    processes = [line["process"] for line in bridge_shop.log]
    assert [processes.count(one) for one in dict.fromkeys(processes)] == [3, 3, 1]


def test_more_than_a_hundred_orders(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("erp", HOOK)
    bridge_shop.order()
    columns = "reference, id_customer, id_cart, id_lang, id_currency, id_shop"
    for _ in range(104):
        bridge_shop.sql(f"INSERT INTO {{p}}orders ({columns}) SELECT {columns} FROM {{p}}orders LIMIT 1")
    bridge_shop.sql(
        "INSERT INTO {p}orderferry_event (id_event, kind, id_order, id_shop, amazon_order_id, data, created) "
        "SELECT id_order, 'order_created', id_order, 1, '402', :data, UTC_TIMESTAMP() FROM {p}orders",
        data='{"id_order_state": 2}',
    )
    once = bridge_shop.run("--once")
    assert once.returncode == 0
    assert len(bridge_shop.log) == 100
    assert bridge_shop.run().returncode == 0
    assert len(bridge_shop.log) == 105
    assert len({line["parameters"]["order"] for line in bridge_shop.log}) == 105


def test_an_order_that_was_deleted_meanwhile(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("erp", HOOK)
    order = bridge_shop.order()
    bridge_shop.created(order)
    bridge_shop.sql("DELETE FROM {p}orders WHERE id_order = :o", o=order)
    bridge_shop.event("state_changed", order, old=2, new=4)
    assert bridge_shop.run().returncode == 0
    assert bridge_shop.log == []
    assert [(row["state"], row["message"]) for row in bridge_shop.calls()] == [("skipped", "the order is gone")] * 2
    assert bridge_shop.position == 2


def test_a_state_that_a_later_event_overtakes(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("erp", "actionOrderStatusPostUpdate", "actionPaymentConfirmation")
    bridge_shop.configure(hooks_add="actionPaymentConfirmation")
    order, other = bridge_shop.order(), bridge_shop.order()
    for old, new in ((10, 2), (2, 4), (4, 5)):
        bridge_shop.event("state_changed", order, old=old, new=new)
    bridge_shop.event("state_changed", other, old=2, new=3)
    assert bridge_shop.run().returncode == 0
    assert [hook for _, hook in bridge_shop.heard] == [
        "actionPaymentConfirmation",
        "actionOrderStatusPostUpdate",
        "actionOrderStatusPostUpdate",
    ], "that an order was paid is told all the same"
    states = [line["parameters"]["newOrderStatus"] for line in bridge_shop.log[1:]]
    assert [state.split()[1] for state in states] == ["5", "3"]
    assert [row["id_event"] for row in bridge_shop.calls(state="skipped")] == [1, 2]


def test_changes_of_the_same_stock_are_told_once_with_their_sum(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("feed", "actionUpdateQuantity")
    order = bridge_shop.order()
    for product, delta in ((1, -1), (2, -5), (1, -2), (1, 4)):
        bridge_shop.event(
            "stock_changed", order, id_product=product, id_product_attribute=0, delta=delta, quantity=3, id_shop=1
        )
    bridge_shop.run()
    told = [(line["parameters"]["id_product"], line["parameters"]["delta_quantity"]) for line in bridge_shop.log]
    assert told == [(2, -5), (1, 1)]
    now = bridge_shop.sql(
        "SELECT quantity FROM {p}stock_available WHERE id_product = 1 AND id_product_attribute = 0"
    ).scalar_one()
    assert bridge_shop.log[1]["parameters"]["quantity"] == now


def test_stock_of_an_order_that_is_gone_is_told_all_the_same(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("feed", "actionUpdateQuantity")
    bridge_shop.event("stock_changed", 77, id_product=1, id_product_attribute=0, delta=1, quantity=3, id_shop=1)
    assert bridge_shop.run().returncode == 0
    assert len(bridge_shop.log) == 1


def test_stock_that_a_group_of_shops_shares(bridge_shop_of: FACTORY) -> None:
    shop = bridge_shop_of(seed=MULTISHOP)
    shop.listen("feed", "actionUpdateQuantity", shops=(2,))
    shop.sql("UPDATE {p}stock_available SET quantity = 55 WHERE id_product = 1 AND id_shop_group = 2")
    shop.event(
        "stock_changed",
        shop.order(shop=2),
        shop=2,
        id_product=1,
        id_product_attribute=0,
        delta=1,
        quantity=3,
        id_shop=0,
    )
    assert shop.run().returncode == 0
    (line,) = shop.log
    assert (line["parameters"]["quantity"], line["parameters"]["id_shop"]) == (55, 2)


def test_an_order_that_changes_while_the_bridge_works_is_told_as_it_is_then(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("erp", "actionObjectOrderUpdateAfter")
    order = bridge_shop.order(state=2)
    bridge_shop.event("order_changed", order)
    bridge_shop.event("order_changed", order)
    bridge_shop.behave({"at": 1, "do": "wait"})
    process = bridge_shop.start()
    bridge_shop.until_a_module_waits()
    bridge_shop.sql("UPDATE {p}orders SET current_state = 4")
    bridge_shop.go_on()
    process.communicate(timeout=SECONDS)
    assert [line["states"] for line in bridge_shop.log] == [[2], [4]]


@pytest.mark.parametrize("kind", ["feed_restored", "of_a_newer_version"])
def test_events_that_are_none_of_the_shops_are_passed_over(bridge_shop: BridgeShop, kind: str) -> None:
    bridge_shop.listen("erp", HOOK)
    bridge_shop.event(kind, 0)
    assert bridge_shop.run().returncode == 0
    assert (bridge_shop.log, bridge_shop.position) == ([], 1)
