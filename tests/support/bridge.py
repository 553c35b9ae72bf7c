"""A shop's folder for the PHP bridge: the double of PrestaShop's kernel on a real shop database, orders and events in
it, modules that write down what they hear, and the bridge as a process of the user whom the folder belongs to.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

import orderferry.bridge
from orderferry.bridge import SCRIPT, SETTINGS
from orderferry.prestashop.database.own_tables import own_tables
from support.shop_database import ShopDatabase

DOUBLE = Path(__file__).parent / "prestashop"
SHOP_ID = "0123456789abcdef"
NOBODY = 65534
SECONDS = 120
NOT_FOUND = "The tests of the bridge need PHP: apt-get install php-cli php-mysql"


def php() -> str:
    """The path of PHP's command line. Raise RuntimeError where there is none."""
    found = shutil.which("php")
    if not found:
        raise RuntimeError(NOT_FOUND)
    return found


@dataclass
class BridgeShop:
    """`folder` is the shop's, `tools` where the bridge lies; `heard` what modules wrote down so far."""

    folder: Path
    tools: Path
    database: ShopDatabase
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @cached_property
    def _connection(self) -> sa.Connection:
        """One connection, since a test takes dozens of statements; PrestaShop's own sql_mode."""
        connection = self.database.engine().connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("SET SESSION sql_mode = ''")
        return connection

    def sql(self, text: str, **parameters: Any) -> sa.CursorResult[Any]:
        """Run a statement at once; `{p}` stands for the table prefix."""
        return self._connection.execute(sa.text(text.replace("{p}", self.database.prefix)), parameters)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    @classmethod
    def create(cls, place: Path, database: ShopDatabase, *, ready: bool = True) -> BridgeShop:
        """A shop of the database's version in `place`, which everybody can enter; nobody listens in it yet. Unless it
        is `ready`, orderferry has not been there: neither its tables nor the bridge.
        """
        shop = cls(place / "shop", place / "tools", database)
        shutil.copytree(DOUBLE, shop.folder)
        (shop.folder / "VERSION").write_text(database.version)
        (shop.folder / "modules").mkdir()
        shop._write_database_settings()
        shop.tools.mkdir()
        if ready:
            shop._install()
        shop.sql("DELETE FROM {p}hook_module")
        shop.give_away()
        return shop

    def _install(self) -> None:
        """What `events.enabled` and `bridge install` leave in a shop."""
        for name in (SCRIPT, SETTINGS):
            shutil.copy(Path(orderferry.bridge.__file__).parent / name, self.tools / name)
        self.configure()
        for table in own_tables(self.database.prefix, "mysql", events=True).values():
            self._connection.execute(CreateTable(table))
        self.sql("INSERT INTO {p}orderferry_state (name, value) VALUES ('shop_id', :value)", value=SHOP_ID)

    def _write_database_settings(self) -> None:
        url = sa.make_url(self.database.url)
        values = (f"{url.host}:{url.port}", url.username, url.password, url.database, self.database.prefix)
        if self.database.version.startswith("1.6"):
            names = ("SERVER", "USER", "PASSWD", "NAME", "PREFIX")
            lines = [f"define('_DB_{name}_', '{value}');" for name, value in zip(names, values, strict=True)]
            (self.folder / "config/settings.inc.php").write_text("\n".join(["<?php", *lines, ""]))
            return
        entries = {
            "host": url.host,
            "port": url.port,
            "user": url.username,
            "password": url.password,
            "name": url.database,
            "prefix": self.database.prefix,
        }
        text = ", ".join(f"'database_{name}' => '{value}'" for name, value in entries.items())
        (self.folder / "app/config").mkdir(parents=True)
        (self.folder / "app/config/parameters.php").write_text(f"<?php return array('parameters' => array({text}));\n")

    def configure(self, **values: str) -> None:
        """Write the settings as `bridge install` does, with these keys changed."""
        template = Path(orderferry.bridge.__file__).parent / SETTINGS
        text = template.read_text().replace("@SHOP_FOLDER@", str(self.folder)).replace("@SHOP_ID@", SHOP_ID)
        lines = [
            f'{key} = "{values[key]}"' if (key := line.partition(" = ")[0]) in values else line
            for line in text.splitlines()
        ]
        (self.tools / SETTINGS).write_text("\n".join(lines) + "\n")

    def give_away(self) -> None:
        """Root may not run the bridge: hand the folders to a user without rights."""
        if os.geteuid() == 0:
            for path in (self.folder, self.tools, *self.folder.rglob("*"), *self.tools.rglob("*")):
                os.chown(path, NOBODY, NOBODY)

    # --- modules

    def listen(self, module: str, *hooks: str, shops: Iterable[int] = (1,), methods: Sequence[str] = ()) -> None:
        """Install a module that is registered on these hooks; its methods are named like them, or as `methods` says."""
        place = self.folder / "modules" / module
        place.mkdir(parents=True, exist_ok=True)
        body = "($parameters) { $this->heard(__FUNCTION__, $parameters); }\n"
        bodies = "".join(f"    public function hook{name[0].upper()}{name[1:]}{body}" for name in methods or hooks)
        (place / f"{module}.php").write_text(f"<?php\nclass {module.capitalize()} extends Probe\n{{\n{bodies}}}\n")
        self.sql(
            "INSERT INTO {p}module (name, active, version) SELECT :name, 1, '1.0' FROM DUAL WHERE NOT EXISTS "
            "(SELECT 1 FROM {p}module WHERE name = :name)",
            name=module,
        )
        for shop in shops:
            self._register(module, hooks, shop)
        self.give_away()

    def _register(self, module: str, hooks: Sequence[str], shop: int) -> None:
        self.sql(
            "INSERT IGNORE INTO {p}module_shop (id_module, id_shop, enable_device) SELECT id_module, :shop, 7 "
            "FROM {p}module WHERE name = :name",
            name=module,
            shop=shop,
        )
        for hook in hooks:
            if not self.sql("SELECT 1 FROM {p}hook WHERE name = :hook", hook=hook).first():
                self.sql("INSERT INTO {p}hook (name, title) VALUES (:hook, :hook)", hook=hook)
            self.sql(
                "INSERT INTO {p}hook_module (id_module, id_shop, id_hook, position) SELECT m.id_module, :shop, "
                "h.id_hook, (SELECT COUNT(*) FROM {p}hook_module x WHERE x.id_hook = h.id_hook) + 1 "
                "FROM {p}module m, {p}hook h WHERE m.name = :name AND h.name = :hook",
                name=module,
                shop=shop,
                hook=hook,
            )

    def behave(self, *behaviours: Mapping[str, Any]) -> None:
        """What modules do after writing down what they heard: `{"module": …, "hook": …, "at": line, "do": "throw"}`."""
        (self.folder / "behaviours.json").write_text(json.dumps(behaviours))

    # --- orders and events

    def order(self, *, shop: int = 1, language: int = 1, currency: int = 1, state: int = 2, lines: int = 1) -> int:
        """Write a paid order as an importer would; return its id."""
        number = next(self._numbers)
        reference = f"REF{number:06}"
        common = {"id_shop": shop, "id_lang": language, "id_currency": currency}
        customer = self._row("customer", "id_customer", id_shop=shop, email=f"b{number}@example.com", active=1)
        address = self._row("address", "id_address", id_customer=customer, id_country=10, alias="Amazon")
        places = {"id_address_delivery": address, "id_address_invoice": address}
        cart = self._row("cart", "id_cart", id_customer=customer, **places, **common)
        owners = {"id_customer": customer, "id_cart": cart, "id_carrier": 2, "module": "orderferry"}
        order = self._row("orders", "id_order", reference=reference, current_state=state, **places, **common, **owners)
        for line in range(lines):
            self._row("order_detail", "id_order_detail", id_order=order, product_id=line + 1, product_quantity=1)
        self._row("order_carrier", "id_order_carrier", id_order=order, id_carrier=2)
        self._row("order_payment", "id_order_payment", order_reference=reference, id_currency=currency)
        self._row("order_invoice", "id_order_invoice", id_order=order, number=number)
        self._row("order_history", "id_order_history", id_order=order, id_order_state=state)
        return order

    def _row(self, table: str, key: str, **values: Any) -> int:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self.sql(f"INSERT INTO {{p}}{table} ({names}) VALUES ({marks})", **values)
        return int(self.sql(f"SELECT MAX({key}) FROM {{p}}{table}").scalar_one())

    def event(self, kind: str, order: int, *, shop: int = 1, **data: int) -> int:
        """Write an event of an order; return its id."""
        number = int(self.sql("SELECT COALESCE(MAX(id_event), 0) + 1 FROM {p}orderferry_event").scalar_one())
        self.sql(
            "INSERT INTO {p}orderferry_event (id_event, kind, id_order, id_shop, amazon_order_id, data, created) "
            "VALUES (:number, :kind, :order, :shop, :amazon, :data, UTC_TIMESTAMP())",
            number=number,
            kind=kind,
            order=order,
            shop=shop,
            amazon=f"402-0000000-{order:07}",
            data=json.dumps(data),
        )
        return number

    def created(self, order: int, *, shop: int = 1, state: int = 2, paid: int = 1) -> int:
        """The event of a new order."""
        invoice = self.sql(
            "SELECT MAX(id_order_invoice) FROM {p}order_invoice WHERE id_order = :o", o=order
        ).scalar_one()
        return self.event("order_created", order, shop=shop, id_order_state=state, id_order_invoice=invoice, paid=paid)

    # --- running

    def run(
        self,
        *options: str,
        php_options: Sequence[str] = (),
        user: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the bridge to its end, as the folder's owner unless another user is named."""
        process = self.start(*options, php_options=php_options, user=user, environment=environment)
        out, err = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(
        self,
        *options: str,
        php_options: Sequence[str] = (),
        user: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start the bridge in a process of its own."""
        is_root = os.geteuid() == 0
        who = NOBODY if user is None else user
        return subprocess.Popen(
            [php(), *php_options, str(self.tools / SCRIPT), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, **(environment or {})},
            user=who if is_root else None,
            group=who if is_root else None,
            extra_groups=[] if is_root else None,
        )

    def until_a_module_waits(self) -> None:
        """Until a module that was told to `wait` does; it goes on after `go_on`."""
        deadline = time.monotonic() + SECONDS
        while not (self.folder / "waiting").exists():
            assert time.monotonic() < deadline, "no module waits"
            time.sleep(0.01)

    def go_on(self) -> None:
        """Let the module that waits go on."""
        (self.folder / "go").touch()

    # --- looking

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every line that modules and the double wrote."""
        file = self.folder / "heard.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def forget(self) -> None:
        """Empty the log."""
        (self.folder / "heard.jsonl").unlink(missing_ok=True)

    @property
    def heard(self) -> list[tuple[str, str]]:
        """(module, hook) of each call, in order; hooks as the module's methods name them, the first letter small."""
        return [(line["module"], line["hook"][0].lower() + line["hook"][1:]) for line in self.log if "hook" in line]

    def calls(self, **where: Any) -> list[dict[str, Any]]:
        """The rows of orderferry_event_call, in the order of the events."""
        rows = self.sql("SELECT * FROM {p}orderferry_event_call ORDER BY id_event, hook, sequence, module").mappings()
        return [dict(row) for row in rows if all(row[name] == value for name, value in where.items())]

    @property
    def position(self) -> int:
        """How far the bridge has got."""
        rows = self.sql("SELECT id_event FROM {p}orderferry_event_consumer WHERE consumer = 'bridge'")
        return int(rows.scalar() or 0)

    def time_passes(self) -> None:
        """Let every wait between two tries be over."""
        self.sql(
            "UPDATE {p}orderferry_event_call SET next_try = UTC_TIMESTAMP() - INTERVAL 1 MINUTE "
            "WHERE next_try IS NOT NULL"
        )
