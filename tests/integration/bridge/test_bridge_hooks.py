"""What modules hear of an event on each version: the hooks in the shop's own order, with the shop's own parameters."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import orderferry.bridge
from orderferry.bridge import DEFAULT_HOOKS, HOOKS_ON_REQUEST, SCRIPT
from orderferry.prestashop.sample_shop import VERSIONS
from support import bridge_expected as expected
from support.bridge import BridgeShop, php

pytestmark = pytest.mark.sample(2)

FACTORY = Callable[..., BridgeShop]
PAID, SHIPPED, CANCELLED = 2, 4, 6
ADDED_BY_PRESTASHOP = {"cookie", "altern"}


def everything(shop: BridgeShop) -> None:
    """A module hears every hook, and the bridge fires every one."""
    shop.listen("erp", *expected.EVERY_HOOK)
    shop.configure(hooks_add=", ".join(HOOKS_ON_REQUEST))


def heard(shop: BridgeShop) -> list[tuple[str, Mapping[str, Any]]]:
    """What was heard, without what PrestaShop itself adds to every hook."""
    result = []
    for (_, hook), line in zip(shop.heard, shop.log, strict=True):
        assert line["parameters"].keys() >= {*ADDED_BY_PRESTASHOP, "cart"}
        drop = ADDED_BY_PRESTASHOP | (set() if hook.startswith("actionValidateOrder") else {"cart"})
        result.append((hook, {key: value for key, value in line["parameters"].items() if key not in drop}))
    return result


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_heard_of_every_kind_of_event(bridge_shop_of: FACTORY, version: str) -> None:
    shop = bridge_shop_of(version)
    everything(shop)
    order = shop.order(state=SHIPPED, lines=2)
    ids = expected.ids_of(shop.sql, order)
    shop.created(order)
    assert shop.run().returncode == 0
    assert heard(shop) == list(expected.created(version, ids, "OrderState 2 Pagamento accettato"))
    assert {line["kernel"] for line in shop.log} == {expected.since(expected.KERNELS, version)}

    shop.forget()
    shop.event("state_changed", order, old=PAID, new=SHIPPED, id_order_history=ids["OrderHistory"][0])
    shop.event("tracking_set", order, id_order_carrier=ids["OrderCarrier"][0], id_carrier=2)
    assert shop.run().returncode == 0
    changed = expected.state_changed(version, ids, "OrderState 4 Spedito", "OrderState 2 Pagamento accettato")
    assert heard(shop) == [*changed, *expected.tracking_set(ids, "Carrier 2")]

    shop.forget()
    shop.event("order_cancelled", order, old=SHIPPED, new=CANCELLED, id_order_history=ids["OrderHistory"][0])
    assert shop.run().returncode == 0
    assert heard(shop) == list(expected.state_changed(version, ids, "OrderState 6 Annullato", "OrderState 4 Spedito"))

    shop.forget()
    shop.event("order_changed", order, lines=1, address=0)
    assert shop.run().returncode == 0
    assert heard(shop) == list(expected.added("Order", order, "Update"))
    assert {row["state"] for row in shop.calls()} == {"done"}
    assert shop.position == 5


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_heard_of_stock(bridge_shop_of: FACTORY, version: str) -> None:
    shop = bridge_shop_of(version)
    everything(shop)
    query = "SELECT id_product, id_product_attribute FROM {p}product_attribute ORDER BY 1, 2 LIMIT 1"
    product, combination = shop.sql(query).one()
    order = shop.order()
    for attribute in (0, combination):
        common = {"id_product": product, "id_product_attribute": attribute, "id_shop": 1}
        shop.event("stock_changed", order, delta=-2, quantity=0, **common)
    assert shop.run().returncode == 0
    own, total = expected.since(expected.QUANTITY_EXTRAS, version)
    values = {"delta_quantity": -2, "id_shop": 1}
    for (hook, parameters), attribute, extras in zip(heard(shop), (0, combination), (total, own), strict=True):
        where = "id_product = :p AND id_product_attribute = :a AND id_shop = 1"
        now = f"SELECT quantity FROM {{p}}stock_available WHERE {where}"
        quantity = shop.sql(now, p=product, a=attribute).scalar_one()
        basic = {"id_product": product, "id_product_attribute": attribute, "quantity": quantity}
        assert quantity
        assert (hook, parameters) == ("actionUpdateQuantity", basic | {name: values[name] for name in extras})


@pytest.mark.parametrize("version", ["1.6.1.24", "9.1.4"])
def test_without_settings_the_default_hooks_are_fired(bridge_shop_of: FACTORY, version: str) -> None:
    shop = bridge_shop_of(version)
    shop.listen("erp", *expected.EVERY_HOOK)
    order = shop.order()
    shop.created(order)
    shop.run()
    of_order = f"Order {order}"
    all_of_it = expected.created(version, expected.ids_of(shop.sql, order), "OrderState 2 Pagamento accettato")
    wanted = [one for one in all_of_it if one[0] in DEFAULT_HOOKS and one[1].get("object", of_order) == of_order]
    assert heard(shop) == wanted
    assert len(wanted) == 7


def test_hooks_can_be_taken_off(bridge_shop: BridgeShop) -> None:
    bridge_shop.listen("erp", *expected.EVERY_HOOK)
    bridge_shop.configure(
        hooks_add="ACTIONPAYMENTCONFIRMATION", hooks_remove="actionValidateOrder, actionObjectAddAfter"
    )
    bridge_shop.created(bridge_shop.order())
    bridge_shop.run()
    hooks = [hook for _, hook in bridge_shop.heard]
    assert "actionPaymentConfirmation" in hooks
    assert "actionObjectOrderAddAfter" in hooks
    assert not {"actionValidateOrder", "actionObjectAddAfter"} & set(hooks)


def test_an_unpaid_order_is_not_confirmed_as_paid(bridge_shop: BridgeShop) -> None:
    everything(bridge_shop)
    bridge_shop.created(bridge_shop.order(), paid=0)
    bridge_shop.run()
    assert "actionPaymentConfirmation" not in [hook for _, hook in bridge_shop.heard]


def test_a_state_that_is_the_payment_is_confirmed_before_it_is_told(bridge_shop: BridgeShop) -> None:
    everything(bridge_shop)
    order = bridge_shop.order()
    bridge_shop.event("state_changed", order, old=10, new=PAID, id_order_history=1)
    bridge_shop.run()
    assert bridge_shop.heard[0][1] == "actionPaymentConfirmation"


def test_what_existed_before_the_order_is_not_called_new(bridge_shop: BridgeShop) -> None:
    everything(bridge_shop)
    first, second = bridge_shop.order(), bridge_shop.order()
    bridge_shop.sql(
        "UPDATE {p}orders SET id_customer = (SELECT id_customer FROM {p}orders WHERE id_order = :first) "
        "WHERE id_order = :second",
        first=first,
        second=second,
    )
    bridge_shop.created(second)
    bridge_shop.run()
    hooks = [hook for _, hook in bridge_shop.heard]
    assert "actionObjectCustomerAddAfter" not in hooks
    assert "actionObjectAddressAddAfter" in hooks


@pytest.mark.parametrize("version", ["1.6.1.24", "1.7.6.9", "8.2.1"])
def test_the_parameters_equal_those_of_the_shops_own_way_to_fire_a_hook(bridge_shop_of: FACTORY, version: str) -> None:
    shop = bridge_shop_of(version)
    shop.listen("erp", "actionPaymentConfirmation")
    shop.configure(hooks_add="actionPaymentConfirmation")
    order = shop.order()
    shop.created(order)
    shop.run()
    code = (
        f"chdir('{shop.folder}'); require 'config/config.inc.php'; $c = Context::getContext(); "
        f"$o = new Order({order}); $c->cart = new Cart($o->id_cart); $c->customer = new Customer($o->id_customer); "
        "$c->language = new Language(1); $c->currency = new Currency(1); $c->employee = new Employee(); "
        f"Hook::exec('actionPaymentConfirmation', array('id_order' => {order}));"
    )
    subprocess.run([php(), "-r", code], check=True, capture_output=True)
    ours, shops_own = shop.log
    assert ours["parameters"] == shops_own["parameters"]
    assert ours["context"] == shops_own["context"]


def test_the_script_and_the_package_name_the_same_hooks() -> None:
    script = Path(orderferry.bridge.__file__).parent / SCRIPT
    listed = subprocess.run([php(), str(script), "--hooks"], check=True, capture_output=True, text=True).stdout
    lines = [line.partition(" ") for line in listed.splitlines()]
    assert tuple(name for name, _, rest in lines if not rest) == DEFAULT_HOOKS
    assert tuple(name for name, _, rest in lines if rest) == HOOKS_ON_REQUEST
