"""Try the bridge on a real PrestaShop: what does a module hear of an order, and is it what was measured on shops?

    sudo .venv/bin/python scripts/bridge_probe.py /var/www/copy-of-the-shop --order 1234 --this-is-a-copy

For a copy of a shop (folder and database), never the live one: the script installs a module that writes down what it
hears, writes four events of an existing order, runs the bridge with that module alone, compares, and takes everything
away again. Other modules of the shop hear nothing. It has to run as root or as the owner of the shop's files.
Exit codes: 0 as measured, 1 something differs, 2 it could not be tried.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from orderferry.bridge import HOOKS_ON_REQUEST, SCRIPT, SETTINGS  # noqa: E402 — tests/ had to be found first
from orderferry.config.php_parameters import ShopFile, ShopFileError, read_shop_file  # noqa: E402
from orderferry.prestashop.database.own_tables import own_tables  # noqa: E402
from support import bridge_expected as expected  # noqa: E402

MODULE = "orderferryprobe"
PROBE = ROOT / "contrib" / "bridge-probe" / f"{MODULE}.php"
HOOKS = tuple(
    hook for hook in expected.EVERY_HOOK if not any(f"Object{name}Add" in hook for name in expected.OF_NEW_PEOPLE)
)
SHOP_ID = "bridge-probe"
ADDED_BY_PRESTASHOP = {"cookie", "altern", "cart"}
PAID, SHIPPED = "PS_OS_PAYMENT", "PS_OS_SHIPPING"


class CannotTry(Exception):
    """Why the bridge could not be tried."""


@dataclass(frozen=True)
class Copy:
    """A copy of a shop: its folder and a connection to its database."""

    folder: Path
    file: ShopFile
    connection: sa.Connection

    def sql(self, text: str, **values: Any) -> Any:
        """Run a statement at once; `{p}` stands for the table prefix."""
        return self.connection.execute(sa.text(text.replace("{p}", self.file.prefix)), values)

    def setting(self, name: str) -> str:
        """A value of the shop's configuration table."""
        found = self.sql("SELECT value FROM {p}configuration WHERE name = :name LIMIT 1", name=name).scalar()
        return str(found or "")


def main() -> int:
    """Try it; return the exit code."""
    options = arguments()
    try:
        return tried(options)
    except (CannotTry, ShopFileError, sa.exc.SQLAlchemyError, OSError) as error:
        print(f"Not tried: {error}", file=sys.stderr)
        return 2


def tried(options: argparse.Namespace) -> int:
    """Put the probe in, run the bridge, compare. Raise CannotTry."""
    copy = opened(options.folder)
    with copy.connection, tempfile.TemporaryDirectory() as tools:
        refuse_feed(copy)
        order = options.order or copy.sql("SELECT MAX(id_order) FROM {p}orders").scalar()
        if not order:
            raise CannotTry("The shop has no order: place one, then try again.")
        with installed(copy, Path(tools)):
            wanted = list(events(copy, int(order)))
            ended = run(copy, Path(tools), options.php)
            sys.stderr.write(ended.stderr)
            if ended.returncode:
                raise CannotTry(f"The bridge ended with {ended.returncode}.")
            return compared(heard(copy), wanted)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder of a COPY of the shop")
    parser.add_argument("--order", type=int, help="an order of it (default: the newest)")
    parser.add_argument("--php", default="php", help="the PHP of the shop's pages (default: php)")
    parser.add_argument("--this-is-a-copy", action="store_true", required=True, help="that you know what you do")
    return parser.parse_args()


def opened(folder: Path) -> Copy:
    """Connect to the shop's database with its own settings."""
    file = read_shop_file(folder)
    host, _, rest = file.host.partition(":")
    port, socket = file.port or rest, ""
    if rest.startswith("/"):
        port, socket = "", rest
    query = {"unix_socket": socket} if socket else {}
    number = int(port) if port else None
    url = sa.URL.create("mysql+pymysql", file.user, file.password, host, number, file.database, query)
    connection = sa.create_engine(url, poolclass=sa.NullPool).connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.exec_driver_sql("SET SESSION sql_mode = ''")
    return Copy(folder.resolve(), file, connection)


def refuse_feed(copy: Copy) -> None:
    """Events that wait for the shop's own modules must not be taken by the probe."""
    if copy.sql("SHOW TABLES LIKE :name", name=f"{copy.file.prefix}orderferry\\_event%").first():
        raise CannotTry("The feed of changes is on in this shop already: take a copy where it is not.")


@contextmanager
def installed(copy: Copy, tools: Path) -> Iterator[None]:
    """The probe in the shop, the bridge in `tools`, and its tables; afterwards everything as it was."""
    undo: list[Callable[[], object]] = []
    try:
        put_files(copy, tools, undo)
        put_rows(copy, undo)
        yield
    finally:
        for step in reversed(undo):
            step()


def put_files(copy: Copy, tools: Path, undo: list[Callable[[], object]]) -> None:
    place = copy.folder / "modules" / MODULE
    if place.exists():
        raise CannotTry(f"{place} is there already: delete it.")
    owner = (copy.folder / "config").stat()
    undo.append(lambda: shutil.rmtree(place))
    place.mkdir()
    shutil.copy(PROBE, place)
    settings = (Path(str(ROOT / "src/orderferry/bridge")) / SETTINGS).read_text("utf-8")
    settings = settings.replace("@SHOP_FOLDER@", str(copy.folder)).replace("@SHOP_ID@", SHOP_ID)
    settings = settings.replace('hooks_add = ""', f'hooks_add = "{", ".join(hooks_on_request())}"')
    (tools / SETTINGS).write_text(settings.replace('modules_only = ""', f'modules_only = "{MODULE}"'), "utf-8")
    shutil.copy(ROOT / "src/orderferry/bridge" / SCRIPT, tools)
    if os.geteuid() == 0:
        for path in (place, tools, *place.iterdir(), *tools.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)


def hooks_on_request() -> list[str]:
    return [hook for hook in HOOKS_ON_REQUEST if hook in HOOKS]


def put_rows(copy: Copy, undo: list[Callable[[], object]]) -> None:
    """The module on every hook in every shop, and orderferry's tables."""
    had_state = copy.sql("SHOW TABLES LIKE :name", name=f"{copy.file.prefix}orderferry\\_state").first()
    before = copy.sql("SELECT value FROM {p}orderferry_state WHERE name = 'shop_id'").scalar() if had_state else None
    for name, table in own_tables(copy.file.prefix, "mysql", events=True).items():
        if not copy.sql("SHOW TABLES LIKE :name", name=copy.file.prefix + name.replace("_", "\\_")).first():
            copy.connection.execute(CreateTable(table))
            undo.append(lambda name=name: copy.sql(f"DROP TABLE {{p}}{name}"))
    copy.sql("REPLACE INTO {p}orderferry_state (name, value) VALUES ('shop_id', :id)", id=SHOP_ID)
    if before is not None:
        undo.append(lambda: copy.sql("UPDATE {p}orderferry_state SET value = :v WHERE name = 'shop_id'", v=before))
    elif had_state:
        undo.append(lambda: copy.sql("DELETE FROM {p}orderferry_state WHERE name = 'shop_id'"))
    number = copy.sql("INSERT INTO {p}module (name, active, version) VALUES (:n, 1, '1.0')", n=MODULE).lastrowid
    for table in ("module", "module_shop", "hook_module"):
        undo.append(lambda table=table: copy.sql(f"DELETE FROM {{p}}{table} WHERE id_module = :n", n=number))
    copy.sql(
        "INSERT INTO {p}module_shop (id_module, id_shop, enable_device) SELECT :n, id_shop, 7 FROM {p}shop", n=number
    )
    for hook in HOOKS:
        known = copy.sql("SELECT id_hook FROM {p}hook WHERE name = :hook", hook=hook).scalar()
        if known is None:
            known = copy.sql("INSERT INTO {p}hook (name, title) VALUES (:hook, :hook)", hook=hook).lastrowid
            undo.append(lambda known=known: copy.sql("DELETE FROM {p}hook WHERE id_hook = :id", id=known))
        copy.sql(
            "INSERT INTO {p}hook_module (id_module, id_shop, id_hook, position) "
            "SELECT :n, id_shop, :hook, 250 FROM {p}shop",
            n=number,
            hook=known,
        )


def events(copy: Copy, order: int) -> Iterator[expected.Heard]:
    """Write the events of an order; yield what is to be heard of them."""
    version = copy.setting("PS_VERSION_DB")
    row = copy.sql("SELECT * FROM {p}orders WHERE id_order = :o", o=order).mappings().first()
    if row is None:
        raise CannotTry(f"There is no order {order}.")
    ids = expected.ids_of(copy.sql, order)
    paid, shipped = (state(copy, name, row["id_lang"]) for name in (PAID, SHIPPED))
    invoice = ids["OrderInvoice"][0] if ids["OrderInvoice"] else 0
    history = ids["OrderHistory"][0] if ids["OrderHistory"] else 0
    write(copy, row, "order_created", id_order_state=paid[0], id_order_invoice=invoice, paid=1)
    told = [one for one in expected.created(version, ids, paid[1]) if not is_of_new_people(one)]
    yield from told
    write(copy, row, "state_changed", old=paid[0], new=shipped[0], id_order_history=history)
    yield from expected.state_changed(version, ids, shipped[1], paid[1])
    for carrier in ids["OrderCarrier"][:1]:
        write(copy, row, "tracking_set", id_order_carrier=carrier, id_carrier=row["id_carrier"])
        yield from expected.tracking_set({**ids, "OrderCarrier": carrier}, f"Carrier {row['id_carrier']}")


def is_of_new_people(one: expected.Heard) -> bool:
    return str(one[1].get("object", "")).split()[:1] in [[name] for name in expected.OF_NEW_PEOPLE]


def state(copy: Copy, setting: str, language: int) -> tuple[int, str]:
    """A state that a setting names, and how the probe describes it."""
    number = int(copy.setting(setting) or 0)
    name = copy.sql(
        "SELECT name FROM {p}order_state_lang WHERE id_order_state = :s AND id_lang = :l", s=number, l=language
    ).scalar()
    if name is None:
        raise CannotTry(f"The shop's configuration names no order state by {setting}.")
    return number, f"OrderState {number} {name}"


def write(copy: Copy, row: Mapping[str, Any], kind: str, **data: int) -> None:
    copy.sql(
        "INSERT INTO {p}orderferry_event (id_event, kind, id_order, id_shop, amazon_order_id, data, created) "
        "SELECT COALESCE(MAX(id_event), 0) + 1, :kind, :order, :shop, 'bridge-probe', :data, UTC_TIMESTAMP() "
        "FROM {p}orderferry_event",
        kind=kind,
        order=row["id_order"],
        shop=row["id_shop"],
        data=json.dumps(data),
    )


def run(copy: Copy, tools: Path, php: str) -> subprocess.CompletedProcess[str]:
    """Run the bridge as the owner of the shop's files."""
    owner = (copy.folder / "config").stat()
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        who = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    return subprocess.run([php, str(tools / SCRIPT)], capture_output=True, text=True, check=False, **who)


def heard(copy: Copy) -> list[expected.Heard]:
    """What the probe wrote down, without what PrestaShop adds to every hook."""
    file = copy.folder / "modules" / MODULE / "heard.jsonl"
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    result = []
    for line in lines:
        drop = ADDED_BY_PRESTASHOP - ({"cart"} if line["hook"].startswith("actionValidateOrder") else set())
        result.append((line["hook"], {key: value for key, value in line["parameters"].items() if key not in drop}))
    return result


def compared(found: list[expected.Heard], wanted: list[expected.Heard]) -> int:
    """Print both, hook by hook; return the exit code."""
    differences = 0
    for number in range(max(len(found), len(wanted))):
        is_there = found[number] if number < len(found) else ("nothing", {})
        should_be = wanted[number] if number < len(wanted) else ("nothing", {})
        same = is_there == should_be
        differences += not same
        print(f"{'ok  ' if same else 'DIFF'} {is_there[0]} {json.dumps(is_there[1], ensure_ascii=False)}")
        if not same:
            print(f"     expected: {should_be[0]} {json.dumps(should_be[1], ensure_ascii=False)}")
    print(
        f"{len(found)} hooks heard, {differences} not as measured."
        if differences
        else f"{len(found)} hooks, as measured."
    )
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
