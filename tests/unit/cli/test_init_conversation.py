"""`init`: a whole conversation, what its answers make, and what a script gets; with a shop that is made of facts."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
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
from orderferry.safe_files import UnsafePlace
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
        assert settings.path.name == "config.toml"
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
        "  Mind: 'Bottega' (id 2) looks like a pick-up point, and Amazon's buyers are delivered to. Another one is "
        "named as carriers.default.\n"
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


def test_what_amazon_refuses_is_asked_again_and_the_rest_is_offered(init: Init, amazon: Amazon) -> None:
    amazon.refusals = [
        AmazonRefused("It refuses the token.", hint="Copy it.", keys=frozenset({"amazon.refresh_token"}))
    ]
    again = ["another-token"]
    code, out, _ = init(answers=[*SERVER, "", "IT", "i", "s", "wrong", *again, "", *["none"] * 12])
    assert code == 0
    assert "orderferry: It refuses the token.\n  Copy it.\n  Once more:\nRefresh token (not shown): \n" in out
    assert out.count("Refresh token") == 2
    assert out.count("Client secret (not shown)") == 1
    assert init.written["amazon"]["refresh_token"] == "another-token"


def test_an_error_that_names_no_key_asks_for_all_again(init: Init, amazon: Amazon) -> None:
    amazon.refusals = [AmazonRefused("It refuses.")]
    account = ["", "IT", "i", "s", "t"]
    code, out, _ = init(answers=[*SERVER, *account, "", "", "", "s2", "t2", "", *["none"] * 12])
    assert code == 0
    assert "Countries of the marketplaces that you sell on, such as IT, DE, FR [IT]: \n" in out
    assert "Client identifier [i]: \n" in out
    assert out.count("Client secret (not shown): \n") == 2, "secrets are not offered again"
    assert init.written["amazon"]["refresh_token"] == "t2"


def test_a_mistake_of_an_answer_is_said_with_what_is_meant(init: Init) -> None:
    answers = ["none", "db", "many", "70000", "3306", "", "none", "shop", "u", "", ""]
    account = ["mars", "eu", "XX", "IT", "i", "s", "t", "yesterday", "2026-06-01"]
    named = ["maybe", "no", "Nowhere", "none", "none", "none"]  # states
    code, out, _ = init(answers=[*answers, *account, *named, "no", *["none"] * 7])
    assert code == 0
    for told in (
        "Its port [3306]: many\n  It must be a number, such as 3306.\nIts port [3306]: 70000\n",
        "  It must be a port number from 1 to 65535.\nIts port [3306]: 3306\n",
        "database: \n  It is needed (Ctrl-C ends; nothing is written).\nName of the shop's database: none\n",
        '[eu]: mars\n  It must be "eu", "na" or "fe".\nRegion',
        "(YYYY-MM-DD) [none]: yesterday\n  It must be a date such as 2026-11-23.\nDay",
        "Create these order states? [yes]: maybe\n  yes or no.\nCreate these order states? [yes]: no\n",
        "by number or name (none: the shop's own, 2) [none]: Nowhere\n  orders.state_paid = 'Nowhere': ",
        "       2  Payment accepted  (invoice, mail)\n       4  Shipped  (shipped)\n       6  Canceled\n",
    ):
        assert told in out, told
    assert "  There are: " in out, "the mend stands below"


def test_the_input_ends_before_the_last_answer(init: Init) -> None:
    code, _, err = init(answers=[])
    assert code == 2
    assert err.splitlines()[-1] == (
        "orderferry: init asks, and the input ended before the last answer: nothing was written. Start it at a "
        "terminal, or with --non-interactive and options."
    )
    assert not init.config.exists()


def test_ctrl_c_is_no_end_of_input(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
    code, _, err = init()
    assert (code, err.splitlines()[-1]) == (130, "orderferry: stopped.")


def test_a_list_of_more_than_forty_is_cut_off(init: Init, shop: Shop) -> None:
    for number, more in ((40, ""), (41, "    … and 1 more\n")):
        shop.answers = [replace(FACTS, groups={place: f"Group {place}" for place in range(1, number + 1)})]
        init.config.unlink(missing_ok=True)
        _, out, _ = init(answers=[*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:], "no", *["none"] * 3, "no", *["none"] * 7])
        assert f"      40  Group 40\n{more}Customer group" in out


def test_a_shop_elsewhere_of_which_nothing_can_be_listed(init: Init, shop: Shop) -> None:
    shop.answers = [replace(FACTS, version="", groups={}, taxes={})]
    _, out, _ = init(answers=[*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:], "no", *["none"] * 3, "no", *["none"] * 7])
    assert "  PrestaShop (version unknown) is there.\n" in out
    assert "Customer groups:" not in out
    assert "Taxes of the shop:" not in out


def test_modules_that_can_t_be_asked_for_are_left_to_check(init: Init, shop: Shop) -> None:
    shop.modules = ShopUnfit("SELECT is refused.")
    code, out, _ = init(answers=[*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:], "no", *["none"] * 3, "no", *["none"] * 7])
    assert (code, "Modules that wait" in out) == (0, False)


def test_rates_of_the_home_country_alone_are_created_only_on_request(script: Script, shop: Shop) -> None:
    shop.missing = {"IT": (Decimal(4),)}
    assert "The shop has no tax" not in script()[1]
    assert shop.created == []


def test_home_rates_alone_are_not_asked_about(init: Init, shop: Shop) -> None:
    shop.missing = {"IT": (Decimal(4),)}
    code, out, _ = init(answers=[*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:], "no", *["none"] * 3, "no", *["none"] * 7])
    assert (code, "The shop has no tax" in out) == (0, False)
    init.config.unlink()
    words = ["--create-taxes", "--no-create-states", "--create-carrier", "none"]
    code, out, _ = init(*words, answers=[*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:], *["none"] * 10])
    assert (code, shop.created) == (0, [{"IT": (Decimal(4),)}])
    assert "The shop has no tax of its own for these rates:\n  IT: 4 %\n" in out


def test_a_carrier_and_states_that_are_there(init: Init, shop: Shop) -> None:
    there = Carrier(9, 9, " AMAZON ", True)
    shop.answers = [replace(FACTS, carriers=(*FACTS.carriers, there))]
    shop.carrier = (9, False)
    code, out, _ = init(
        answers=[*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:], "no", *["none"] * 3, "", "yes", *["none"] * 5]
    )
    assert code == 0
    assert "Use the carrier “Amazon” (id 9) for orders that Amazon ships (FBA)? [yes]: \n" in out
    assert ("The carrier “Amazon” (id 9) is there already, and stays as it is; `check` says whether it keeps.\n") in out
    assert init.written["carriers"] == {"fba": 9, "default": 9, "map": {}}


@pytest.mark.parametrize(
    ("answer", "tax"),
    [("19", 19), ("5.5 %", 5.5), ("20%", 20), ("MwSt DE 7%", "MwSt DE 7%"), ("3", 3)],
)
def test_a_tax_abroad_is_a_rate_or_a_name(answer: str, tax: object, init: Init, shop: Shop) -> None:
    code, out, _ = init(
        "--no-create-taxes",
        answers=[*SERVER, *ACCOUNT, "no", *["none"] * 3, "no", *["none"] * 5, answer, "none", "none"],
    )
    assert code == 0, out
    assert init.written["taxes"] == {"DE": tax}


@pytest.mark.parametrize(("answer", "tax"), [("5", "Amazon paga"), ("amazon PAGA", "Amazon paga"), ("6", "6")])
def test_a_tax_that_amazon_pays_is_named_unless_several_have_its_name(
    answer: str, tax: str, init: Init, shop: Shop
) -> None:
    twice = {**FACTS.tax_names, 6: "Twice", 7: "Twice"}
    shop.answers = [replace(FACTS, tax_names=twice, taxes={**FACTS.taxes, 6: Decimal(9), 7: Decimal(9)})]
    named = ["no", *["none"] * 3, "no", *["none"] * 5, "Twice", answer, "none"]
    _, out, _ = init(answers=[*SERVER, *ACCOUNT[:1], "IT", *ACCOUNT[2:], *named])
    assert " of the shop.\n  Write one of their ids: 6, 7.\n" in out
    assert init.written["taxes"] == {"collected_by_amazon": tax}


def test_which_tax_is_proposed_for_a_country(init: Init, shop: Shop) -> None:
    words = ["--non-interactive", "--no-try"]
    assert init(*words)[0] == 2, "nothing is asked and nothing known"
    for rules, told in (((0,), False), ((3,), False), ((1,), True)):
        shop.answers = [replace(FACTS, tax_rules={(1, 10): (TaxRule(1),), (1, 1): tuple(map(TaxRule, rules))})]
        init.config.unlink(missing_ok=True)
        _, out, _ = init(answers=[*SERVER, *ACCOUNT, "no", *["none"] * 3, "no", *["none"] * 8])
        assert ("The shop's tax rules apply IVA IT 22% to deliveries to DE." in out) is told
        assert ("the shop's tax rules) [MwSt DE 19%]" in out) is told


@pytest.mark.parametrize("name", ["config.toml", "other.toml"])
def test_a_file_that_is_there_is_left_as_it_is(name: str, init: Init, tmp_path: Path) -> None:
    write(tmp_path, "mine", name)
    code, _, err = init("--non-interactive", config=name)
    assert code == 2
    told = f"orderferry: There is a configuration /FOLDER/{name} already; it is left as it is."
    assert err.splitlines()[-1] == told


def test_where_the_configuration_goes(
    script: Script, init: Init, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("-c", "a.toml", "-c", "b.toml", "init") == 2
    assert capsys.readouterr().err.splitlines()[-1] == "orderferry: init writes one configuration: give one -c FILE."
    assert call("-c", str(tmp_path / "none" / "a.toml"), "init") == 2
    told = f"orderferry: The folder {tmp_path / 'none'} is not there, or can't be written to."
    assert capsys.readouterr().err.splitlines()[-1] == told
    (tmp_path / "etc").mkdir()
    words = ["--non-interactive", *AMAZON_BY_OPTIONS, "--no-try", "--set", "prestashop.url=mysql://u@h/d"]
    monkeypatch.setenv("ORDERFERRY_AMAZON_CLIENT_SECRET", "s")
    monkeypatch.setenv("ORDERFERRY_AMAZON_REFRESH_TOKEN", "t")
    monkeypatch.setenv("ORDERFERRY_PRESTASHOP_URL", "mysql://u@h/d")
    assert init(*words[:-2], config="etc")[0] == 0
    assert (tmp_path / "etc" / "config.toml").is_file()
    monkeypatch.chdir(tmp_path)
    assert call("init", *words[:-2]) == 0
    assert init.written["amazon"]["client_id"] == "i"


def test_a_folder_of_another_user_s_is_refused_before_anything_is_asked(
    init: Init, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise UnsafePlace("it is not safe", "/FOLDER", "Take another.")

    monkeypatch.setattr("orderferry.cli.init.refuse_unsafe_folder", refuse)
    code, _, err = init()
    assert (code, err) == (2, "orderferry: /FOLDER/config.toml is not written: it is not safe.\n  Take another.\n")


@pytest.fixture
def existing(tmp_path: Path, init: Init, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that is there, in the folder that the program is started in."""
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, MINIMAL)


@pytest.mark.parametrize("options", [(), ("-c", "config.toml"), ("-c", ".")])
def test_taxes_are_created_for_a_configuration_that_is_there(
    options: tuple[str, ...], existing: Path, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.missing = {"FR": (Decimal("20.000"), Decimal("5.5"))}
    assert call(*options, "init", "--create-taxes", "--non-interactive") == 0
    assert capsys.readouterr() == (
        "The shop has no tax of its own for these rates:\n"
        "  FR: 20 %, 5.5 %\n"
        "2 taxes created. The next run imports what was held for them.\n",
        "",
    )
    assert shop.created == [shop.missing]
    assert shop.asked_for[0].path == existing


@pytest.mark.parametrize(
    ("answer", "told", "created"),
    [
        ("yes", "1 tax created. The next run imports what was held for them.\n", 1),
        ("", "Nothing was created.\n", 0),
        ("no", "Nothing was created.\n", 0),
    ],
)
def test_a_person_is_asked_before_taxes_are_created(
    answer: str, told: str, created: int, existing: Path, init: Init, shop: Shop
) -> None:
    shop.missing = {"FR": (Decimal(20),)}
    code, out, _ = init("--create-taxes", answers=[answer])
    question = "Create them (International > Taxes shows them; no rule is made)? [no]: "
    assert (code, out) == (
        0,
        f"The shop has no tax of its own for these rates:\n  FR: 20 %\n{question}{answer}\n{told}",
    )
    assert len(shop.created) == created


def test_a_shop_that_lacks_no_tax(existing: Path, init: Init, shop: Shop) -> None:
    told = "The shop lacks no tax that its Amazon orders need: nothing was created.\n"
    assert init("--create-taxes", "--non-interactive") == (0, told, "")


def test_of_several_configurations_none_is_chosen(existing: Path, shop: Shop, tmp_path: Path) -> None:
    write(tmp_path, MINIMAL, "two.toml")
    assert call("-c", "config.toml", "-c", "two.toml", "init", "--create-taxes") == 2
    assert shop.asked_for == []
