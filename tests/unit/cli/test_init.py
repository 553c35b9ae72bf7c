"""`init`: a whole conversation, what its answers make, and what a script gets; with a shop that is made of facts."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orderferry.bootstrap import Installation
from orderferry.config.model import Settings
from orderferry.errors import AmazonRefused, AmazonUnavailable, ShopUnavailable, ShopUnfit
from orderferry.prestashop.facts import (
    Carrier,
    Country,
    Currency,
    OrderState,
    ShopFacts,
    ShopUnit,
    TaxRule,
)
from orderferry.run.plan import PlanReport, make_plan
from support.command_line import call
from support.configuration import MINIMAL, write
from support.saved_output import saved

NOW = datetime(2026, 11, 23, 6, 0, 7, 900_000, tzinfo=UTC)


def state(number: int, name: str, *flags: str) -> OrderState:
    names = ("logable", "invoice", "paid", "shipped", "delivery", "send_email")
    return OrderState(number, name, **{flag: flag in flags for flag in names}, names=(name,))


SETTINGS = {
    "PS_OS_PAYMENT": "2",
    "PS_OS_SHIPPING": "4",
    "PS_OS_CANCELED": "6",
    "PS_CARRIER_DEFAULT": "2",
    "PS_SHOP_NAME": "Bottega",
    "PS_GUEST_GROUP": "2",
    "PS_SHOP_DEFAULT": "1",
    "PS_LANG_DEFAULT": "1",
    "PS_COUNTRY_DEFAULT": "10",
}
FACTS = ShopFacts(
    version="8.2.1",
    configuration={(name, 0, 0): value for name, value in SETTINGS.items()},
    states={
        one.id: one
        for one in (
            state(2, "Payment accepted", "logable", "invoice", "paid", "send_email"),
            state(4, "Shipped", "logable", "paid", "shipped"),
            state(6, "Canceled"),
            state(20, "Amazon: to be shipped", "logable", "paid"),
        )
    },
    carriers=(
        Carrier(2, 2, "0", True),
        Carrier(5, 5, "Ritiro in negozio", True),
        Carrier(7, 7, "Old", False),
    ),
    carrier_references={2: 2, 5: 5, 7: 7},
    currencies={"EUR": Currency(1, "EUR", Decimal(1), 2, True)},
    countries={iso: Country(number, iso, 1, False, False, True) for number, iso in ((10, "IT"), (1, "DE"), (8, "FR"))},
    shops={1: ShopUnit(1, 1, "Bottega", False, False, False)},
    languages={"it": 1},
    taxes={1: Decimal("22.000"), 3: Decimal("19.000"), 4: Decimal("7.000"), 5: Decimal(0)},
    tax_names={1: "IVA IT 22%", 3: "MwSt DE 19%", 4: "MwSt DE 7%", 5: "Amazon paga"},
    groups={1: "Visitatore", 2: "Ospite"},
    time_zone="Europe/Rome",
    tax_rules={(1, 10): (TaxRule(1),), (1, 1): (TaxRule(1),), (1, 8): (TaxRule(1),)},
    employee=1,
)


class Shop:
    """What `init` asks of a shop, and creates in it."""

    def __init__(self) -> None:
        self.answers: list[ShopFacts | Exception] = [FACTS]
        self.states: dict[str, int] = {"state_paid": 20, "state_shipped": 21, "state_fba": 22}
        self.carrier = (30, True)
        self.missing: Mapping[str, Sequence[Decimal]] = {}
        self.modules: Mapping[str, list[str]] | Exception = {}
        self.others = 0
        self.refusal: Exception | None = None
        self.asked_for: list[Settings] = []
        self.created: list[Any] = []

    @contextmanager
    def opened(self, settings: Settings) -> Iterator[Shop]:
        self.asked_for.append(settings)
        yield self

    def facts(self) -> ShopFacts:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def carrier_delays(self) -> Mapping[int, str]:
        return {2: "Pick up in-store"}

    def listeners(self) -> Mapping[str, list[str]]:
        if isinstance(self.modules, Exception):
            raise self.modules
        return self.modules

    def foreign_orders(self) -> int:
        return self.others

    def missing_taxes(self, held: Mapping[str, set[Decimal]]) -> Mapping[str, Sequence[Decimal]]:
        assert held == {"FR": {Decimal(20)}}
        return self.missing

    def create_taxes(self, rates: Mapping[str, Sequence[Decimal]]) -> int:
        return self._create(rates, sum(map(len, rates.values())))

    def create_states(self, *, invoice: bool) -> dict[str, int]:
        new = {number: state(number, f"Amazon {number}", *(["invoice"] if invoice else [])) for number in (21, 22)}
        self.answers = [replace(FACTS, states={**FACTS.states, **new})]
        return self._create(invoice, self.states)

    def create_carrier(self) -> tuple[int, bool]:
        return self._create("carrier", self.carrier)

    def _create(self, what: Any, result: Any) -> Any:
        if self.refusal is not None:
            raise self.refusal
        self.created.append(what)
        return result


class Amazon:
    """Lets in whoever comes, after it has refused some for these reasons."""

    def __init__(self) -> None:
        self.refusals: list[Exception] = []
        self.logins: list[Settings] = []

    @contextmanager
    def asked(self, installation: Installation) -> Iterator[Amazon]:
        self.logins.append(installation.settings)
        yield self

    def now(self) -> datetime:
        if self.refusals:
            raise self.refusals.pop(0)
        return NOW


class Init:
    """Runs `init` in a folder, and answers what it asks."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.config = folder, folder / "config.toml"
        self.answers: list[str] = []
        self._capsys = capsys

    def __call__(self, *words: str, answers: Sequence[str] = (), config: str = "config.toml") -> tuple[int, str, str]:
        self.answers = list(answers)
        code = call("-c", str(self.folder / config), "init", *words)
        assert not self.answers, "each answer was asked for"
        out, err = self._capsys.readouterr()
        return code, out.replace(str(self.folder), "/FOLDER"), err.replace(str(self.folder), "/FOLDER")

    def type(self, prompt: str | None, *, shown: bool) -> str:
        """Answer a prompt as a person does: what is hidden is not echoed."""
        if not self.answers:
            raise EOFError
        answer = self.answers.pop(0)
        print(f"{prompt or ''}{answer if shown else ''}")
        return answer

    @property
    def written(self) -> dict[str, Any]:
        return tomllib.loads(self.config.read_text())


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop()
    monkeypatch.setattr("orderferry.inspection.setup_shop", made.opened)
    monkeypatch.setattr("orderferry.inspection.held_for_tax", lambda _: {"FR": {Decimal(20)}})
    return made


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Amazon:
    made = Amazon()
    monkeypatch.setattr("orderferry.inspection.amazon_to_ask", made.asked)
    return made


@pytest.fixture
def init(
    shop: Shop, amazon: Amazon, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Init:
    made = Init(tmp_path, capsys)
    monkeypatch.setattr("click.termui.visible_prompt_func", partial(made.type, shown=True))
    monkeypatch.setattr("click.termui.hidden_prompt_func", partial(made.type, shown=False))
    monkeypatch.setattr("orderferry.bootstrap.utc_now", lambda: NOW)
    monkeypatch.setattr("orderferry.cli.init.program_to_paste", lambda: "orderferry")
    monkeypatch.setattr("orderferry.cli.init.running_program", lambda: ["/usr/local/bin/orderferry"])

    def plan_there(settings: Settings, *facts: Any, **more: Any) -> PlanReport:
        assert settings.path.parent == tmp_path
        return make_plan(replace(settings, path=Path("/etc/orderferry/config.toml")), *facts, **more)

    monkeypatch.setattr("orderferry.run.plan.make_plan", plan_there)
    return made


SERVER = ["none", "db.example", "3307", "shop", "ferry", "the-password", ""]
ACCOUNT = ["", "IT, DE", "the-client-id", "the-client-secret", "the-refresh-token", ""]


def test_a_whole_conversation(init: Init, shop: Shop) -> None:
    shop.missing = {"FR": (Decimal("20.000"), Decimal("5.500"))}
    shop.modules = {"sync": ["actionValidateOrder"], "x": ["actionValidateOrderAfter", "displayNothing"]}
    shop.others = 2
    answers = [*SERVER, *ACCOUNT]
    answers += [""]  # create states
    answers += ["y", "n"]  # the carrier: for FBA, and not for regular orders
    answers += ["", "2"]  # the carrier of own parcels, the customers' group
    answers += ["y"]  # the feed
    answers += ["what", "shop", ""]  # invoices, mails
    answers += ["", "Amazon paga", "y"]  # Germany's tax, tax collected by Amazon, new taxes
    answers += ["3d"]
    code, out, err = init(answers=answers)
    assert (code, err) == (0, "")
    assert out == saved("init.txt", out)
    text = init.config.read_text()
    assert text == saved("init.toml", text)
    assert "the-client-secret" not in out
    assert shop.created == [True, "carrier", shop.missing]


def test_a_conversation_in_which_everything_is_named(init: Init, shop: Shop) -> None:
    shop.modules = {"x": ["displayNothing"]}
    answers = [*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:]]
    answers += ["no", "Payment accepted", "4", "none"]  # states
    answers += ["no", "Ritiro in negozio", "7", "Ospite"]  # no new carrier; those named, the customers' group
    answers += ["amazon", "amazon"]  # invoices, mails
    answers += ["none", ""]  # tax collected by Amazon, since
    code, out, err = init(answers=answers)
    assert (code, err) == (0, "")
    assert out == saved("init-named.txt", out)
    assert init.written == {
        "amazon": {
            "region": "eu",
            "marketplaces": ["IT"],
            "client_id": "the-client-id",
            "client_secret": "the-client-secret",
            "refresh_token": "the-refresh-token",
        },
        "prestashop": {
            "host": "db.example",
            "port": 3307,
            "user": "ferry",
            "password": "the-password",
            "database": "shop",
            "table_prefix": "ps_",
        },
        "observation": {},
        "ledger": {},
        "orders": {"since": NOW.replace(microsecond=0), "state_paid": 2, "state_shipped": 4},
        "products": {"map": {}, "fees": {}},
        "carriers": {"default": 5, "fba": 7, "map": {}},
        "customers": {"email": "amazon", "group": 2},
        "taxes": {},
        "invoices": {"mode": "never"},
        "stock": {},
        "marketplace": {"IT": {"vat_by_amazon": True}},
        "events": {},
        "alerts": {},
        "logging": {},
    }
    assert shop.created == []


AMAZON_BY_OPTIONS = ["--marketplaces", "it, de", "--client-id", "i"]


@pytest.fixture
def script(init: Init, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """`init` as a script calls it: everything that is needed by options and files."""
    monkeypatch.chdir(tmp_path)
    for name in ("secret", "token", "password"):
        write(tmp_path, f"the-{name}\n", name)

    def run(*words: str) -> tuple[int, str, str]:
        secrets = ["--client-secret-file", "secret", "--refresh-token-file", "token"]
        database = [
            "--set",
            "prestashop.host=db.example",
            "--set",
            "prestashop.user=u",
            "--set",
            "prestashop.database=d",
        ]
        secrets += ["--database-password-file", "password"]
        return init("--non-interactive", *AMAZON_BY_OPTIONS, *secrets, *database, *words)

    return run


Script = Callable[..., tuple[int, str, str]]


def test_a_script_says_nothing_and_gets_what_is_usual(script: Script, init: Init, shop: Shop, tmp_path: Path) -> None:
    shop.missing = {"FR": (Decimal(20),)}
    shop.modules = {"sync": ["actionValidateOrder"]}
    code, out, err = script()
    assert (code, err) == (0, "")
    before, _, rest = out.partition("\nWritten: /FOLDER/config.toml")
    assert before == (
        "  PrestaShop 8.2.1 is there.\n"
        "  Amazon accepts the credentials.\n"
        "  Regular orders get the carrier 'Bottega' (id 2).\n"
        "  Mind: 'Bottega' (id 2) looks like a pick-up point, and Amazon's buyers are delivered to. Another one is named "
        "as carriers.default.\n"
        "  SQL fires none of PrestaShop's hooks. These modules do not hear of imported orders by themselves:\n"
        "    sync (actionValidateOrder): the bridge tells it\n"
        "  The shop's tax rules apply IVA IT 22% to deliveries to DE.\n"
    )
    assert "orders.since" not in rest, "the first import has nothing to go back for"
    given = {name: value for name, value in init.written.items() if value}
    assert given == {
        "amazon": {
            "region": "eu",
            "marketplaces": ["IT", "DE"],
            "client_id": "i",
            "client_secret_file": str(tmp_path / "secret"),
            "refresh_token_file": str(tmp_path / "token"),
        },
        "prestashop": {
            "host": "db.example",
            "user": "u",
            "password_file": str(tmp_path / "password"),
            "database": "d",
        },
        "orders": {"since": NOW.replace(microsecond=0)},
        "customers": {"email": "undeliverable"},
        "invoices": {"mode": "state"},
        "products": {"map": {}, "fees": {}},
        "carriers": {"map": {}},
    }
    assert shop.created == []


@pytest.mark.parametrize(
    ("words", "created", "changes"),
    [
        (["--create-states"], [True], {"orders": {"state_paid": 20, "state_shipped": 21, "state_fba": 22}}),
        (["--create-states", "--invoices-by", "other"], [False], {"invoices": {"mode": "never"}}),
        (["--no-create-states", "--invoices-by", "shipped"], [], {"invoices": {"mode": "shipped"}}),
        (["--create-carrier", "fba"], ["carrier"], {"carriers": {"fba": 30}}),
        (["--create-carrier", "all"], ["carrier"], {"carriers": {"fba": 30, "default": 30}}),
        (
            ["--create-carrier", "all", "--set", "carriers.default=5"],
            ["carrier"],
            {"carriers": {"fba": 30, "default": 5}},
        ),
        (["--create-carrier", "none"], [], {"carriers": {}}),
        (["--create-taxes"], [{"FR": (Decimal(20),)}], {}),
        (["--no-create-taxes"], [], {}),
        (
            ["--invoices-by", "amazon"],
            [],
            {"marketplace": {"IT": {"vat_by_amazon": True}, "DE": {"vat_by_amazon": True}}},
        ),
        (["--no-vcs"], [], {"marketplace": {"IT": {"vat_by_amazon": False}, "DE": {"vat_by_amazon": False}}}),
        (["--invoices-by", "amazon", "--no-vcs"], [], {"invoices": {"mode": "never"}}),
        (["--mails", "amazon"], [], {"customers": {"email": "amazon"}}),
        (["--set", "customers.email=amazon", "--set", "invoices.mode=shipped"], [], {"customers": {"email": "amazon"}}),
        (["--since", "2026-11-01"], [], {"orders": {"since": datetime(2026, 11, 1, tzinfo=UTC)}}),
        (["--region", "eu"], [], {}),
    ],
)
def test_what_a_script_asks_for(
    words: list[str], created: list[Any], changes: dict[str, Any], script: Script, init: Init, shop: Shop
) -> None:
    shop.missing = {"FR": (Decimal(20),)}
    code, _, err = script(*words)
    assert (code, err) == (0, "")
    assert shop.created == created
    for table, values in changes.items():
        found = init.written[table]
        assert {**found, **values} == found
        assert table != "carriers" or found.keys() - {"map"} == values.keys()


def test_without_trying_neither_shop_nor_amazon_is_asked_and_nothing_is_created(
    script: Script, shop: Shop, amazon: Amazon
) -> None:
    code, out, _ = script("--no-try", "--create-states", "--create-carrier", "all", "--create-taxes")
    assert (code, shop.asked_for, amazon.logins, shop.created) == (0, [], [], [])
    assert out.startswith("\nWritten: /FOLDER/config.toml")


def test_the_shop_is_asked_with_what_is_known_so_far_and_created_in_with_all(
    script: Script, shop: Shop, amazon: Amazon
) -> None:
    script("--create-states", "--set", "prestashop.table_prefix=x_")
    first, last = shop.asked_for[0], shop.asked_for[-1]
    assert (first.prestashop.location, first.prestashop.table_prefix) == ("db.example:3306/d", "x_")
    assert (first.amazon.client_id, last.amazon.client_id) == ("i", "i")
    assert [settings.amazon.refresh_token.reveal() for settings in amazon.logins] == ["the-token"]


@pytest.mark.parametrize(
    "answer", [ShopUnavailable("It is away.", hint="Start it."), ShopUnfit("It is none.", hint="Look.")]
)
def test_a_script_ends_with_what_is_wrong_with_the_shop(
    answer: Exception, script: Script, init: Init, shop: Shop
) -> None:
    shop.answers = [answer]
    code, _, err = script()
    assert code == 5
    assert err.splitlines()[0] == f"orderferry: {answer}"
    assert not init.config.exists()


@pytest.mark.parametrize(("error", "code"), [(AmazonRefused("No."), 7), (AmazonUnavailable("Away."), 4)])
def test_a_script_ends_with_what_amazon_says(
    error: Exception, code: int, script: Script, init: Init, amazon: Amazon
) -> None:
    amazon.refusals = [error]
    assert script()[0] == code
    assert not init.config.exists()


def test_a_state_or_carrier_that_can_t_be_created_ends_a_script(script: Script, init: Init, shop: Shop) -> None:
    shop.refusal = ShopUnfit("INSERT is refused.")
    for words in (["--create-states"], ["--create-carrier", "fba"], ["--create-taxes"]):
        shop.missing = {"FR": (Decimal(20),)}
        assert script(*words)[0] == 5
        assert not init.config.exists()


def test_a_person_who_may_create_nothing_keeps_the_answers(init: Init, shop: Shop) -> None:
    shop.refusal = ShopUnfit("INSERT is refused.", hint="GRANT it.")
    code, out, _ = init(answers=[*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:], "", "y", "y", "", "", "", "", ""])
    assert code == 0
    refused = "orderferry: INSERT is refused.\n  GRANT it.\n"
    assert f"{refused}No state was created; the configuration uses the shop's own states.\n" in out
    assert f"{refused}No carrier was created; the configuration uses the shop's own.\n" in out
    assert "state_paid" not in init.written["orders"]
    assert init.written["carriers"] == {"map": {}}
