"""All that is wrong with a configuration is said at once: file, line, key, what was expected and what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderferry.config.load import load_settings
from orderferry.errors import ConfigError, ExitCode
from support.configuration import AMAZON, DATABASE, MINIMAL, load, problems

# What stands below MINIMAL (7 lines), and the one problem that it makes.
LINES = [
    (
        "[observation]\nwindw = '1d'",
        "config.toml, line 9: observation.windw is no key of orderferry (did you mean observation.window?)",
    ),
    (
        "[observation]\n\nwindow = 36",
        'config.toml, line 10: observation.window must be a duration such as "36h" (from 10m to 365d), not 36',
    ),
    (
        "[observation]\nwindow = '5m'",
        'config.toml, line 9: observation.window must be a duration such as "36h" (from 10m to 365d), not "5m"',
    ),
    (
        "[observation]\nwindow = '30m'",
        "config.toml, line 9: observation.window does not fit: observation.overlap must be less than "
        "observation.window",
    ),
    (
        "observation = { overlap = '1d' }",
        "config.toml, line 8: prestashop.observation.overlap is no key of orderferry "
        "(did you mean observation.overlap?)",
    ),
    (
        "[observation]\noverlap = '1d'",
        "config.toml, line 9: observation.overlap does not fit: observation.overlap must be less than "
        "observation.window",
    ),
    (
        "[obsrvation]\nwindow = '1d'",
        "config.toml, line 9: obsrvation.window is no key of orderferry (did you mean observation.window?)",
    ),
    ("[zzzz]", "config.toml, line 8: zzzz is no key of orderferry"),
    ("[[logging]]\nlevel = 'info'", "config.toml, line 8: logging must be a table, not [a table]"),
    (
        "[orders.date]\nimport = true",
        'config.toml, line 8: orders.date must be "import" or "purchase", not a table (a name with dots needs quotes)',
    ),
    (
        "[products.map]\nAB.12 = 'B-1'",
        "config.toml, line 9: products.map.AB must be a name in quotes or an id, not a table "
        "(a name with dots needs quotes)",
    ),
    (
        '[products.map]\n"AB.12" = true',
        'config.toml, line 9: products.map."AB.12" must be a name in quotes or an id, not true',
    ),
    (
        "[products]\nunknown = 'placeholder'",
        'config.toml, line 9: products.unknown = "placeholder" needs products.placeholder',
    ),
    ("[customers]\nmode = 'fixed'", 'config.toml, line 9: customers.mode = "fixed" needs customers.account'),
    (
        "[marketplace.IT.customers]\nmode = 'fixed'",
        'config.toml, line 9: marketplace.IT.customers.mode = "fixed" needs customers.account',
    ),
    (
        "[taxes]\nXQ = 19",
        "config.toml, line 9: taxes.XQ is no key of orderferry (XQ is not a country code of ISO 3166-1)",
    ),
    (
        "[taxes]\nmising = 'zero'",
        "config.toml, line 9: taxes.mising is no key of orderferry (mising is not a country code of ISO 3166-1; "
        "did you mean taxes.missing?)",
    ),
    ("[taxes]\nUK = 20\nGB = 20", "config.toml, line 10: taxes.GB is given twice: taxes.UK is the same key"),
    (
        "[taxes]\nDE = 119",
        "config.toml, line 9: taxes.DE must be a rate in percent such as 19, or the name or id of a tax in quotes, "
        "not 119",
    ),
    (
        "[marketplace.XX]\nshop = 1",
        "config.toml, line 9: marketplace.XX.shop is no key of orderferry (XX is not a "
        "marketplace's country code or id)",
    ),
    (
        "[marketplace.IT]\norder.state_paid = 2",
        "config.toml, line 9: marketplace.IT.order.state_paid is no key of orderferry "
        "(did you mean marketplace.IT.orders.state_paid?)",
    ),
    (
        "[marketplace.IT]\nvat_by_amazon = 'yes'",
        'config.toml, line 9: marketplace.IT.vat_by_amazon must be true, false or "auto", not "yes"',
    ),
    (
        "[carrier.map]\nEXPEDITED = 'DHL'",
        "config.toml, line 9: carrier.map.EXPEDITED is no key of orderferry (did you mean carriers.map.EXPEDITED?)",
    ),
    ("password = 5", "config.toml, line 8: prestashop.password must be text in quotes"),
    (
        "passwort = 'canary'",
        "config.toml, line 8: prestashop.passwort is no key of orderferry (did you mean prestashop.password?)",
    ),
    ("host = 'db'", "config.toml, line 8: prestashop.host can't stand beside prestashop.url: keep one of them"),
    ("from = 'shop'", "config.toml, line 8: prestashop.from can't stand beside prestashop.url: keep one of them"),
    ("ssl_ca = 'ca.pem'", "config.toml, line 8: prestashop.ssl_ca names no file that can be read: ca.pem"),
    ("ssl_cert = '/'", "config.toml, line 8: prestashop.ssl_cert names no file that can be read: /"),
    ("ssl_key = 'key.pem'", "config.toml, line 8: prestashop.ssl_key names no file that can be read: key.pem"),
    ("ssl_ca = 5", "config.toml, line 8: prestashop.ssl_ca must be a path in quotes, not 5"),
    ("user = 'me'", "config.toml, line 8: prestashop.user can't stand beside prestashop.url: keep one of them"),
    (
        "[stock]\nwindow = '1d'",
        "config.toml, line 9: stock.window is no key of orderferry (did you mean observation.window?)",
    ),
    ("[order]\nfba = 'none'", "config.toml, line 9: order.fba is no key of orderferry (did you mean carriers.fba?)"),
    (
        "[ledger]\npath = 'a'\nurl = 'mysql://h/l'",
        "config.toml, line 9: ledger.path can't stand beside ledger.url: keep one of them",
    ),
    (
        "[ledger]\nurl = 'sqlite:///canary'",
        "config.toml, line 9: ledger.url must be a database address in quotes such as "
        '"mysql+pymysql://user:password@127.0.0.1:3306/database"',
    ),
    (
        "[alerts]\nping_url = 'http://canary.example/uuid'",
        "config.toml, line 9: alerts.ping_url must be an https address in quotes (plain http only to this machine: "
        "127.0.0.1, ::1 or localhost)",
    ),
    (
        "[logging]\nlevel = 'loud'",
        'config.toml, line 9: logging.level must be "debug", "info", "warning" or "error", not "loud"',
    ),
]


@pytest.mark.parametrize(("text", "problem"), LINES, ids=[text.replace("\n", " ") for text, _ in LINES])
def test_a_mistake_has_one_exact_line(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, MINIMAL + text + "\n") == [problem]


def test_all_mistakes_come_at_once_and_in_order(tmp_path: Path) -> None:
    text = (
        '[amazon]\nregion = "na"\nmarketplaces = ["US", "UK"]\nquota_share = 2\nendpoint = "http://example.com"\n'
        '[prestashop]\nuser = "shop"\n[stock]\nfba = "sell"\n'
    )
    assert problems(tmp_path, text) == [
        'config.toml, line 3: amazon.marketplaces must all be of amazon.region "na" (US, CA, MX, BR), and GB is of '
        '"eu": each region needs a configuration of its own',
        "config.toml, line 4: amazon.quota_share must be a number above 0 and at most 1, not 2",
        "config.toml, line 5: amazon.endpoint must be an https address in quotes (plain http only to this machine: "
        '127.0.0.1, ::1 or localhost), not "http://example.com"',
        'config.toml, line 9: stock.fba must be "move" or "none", not "sell"',
        'config.toml: amazon.client_id is missing: write for example "amzn1.application-oa2-client.0123456789abcdef" '
        "(or $ORDERFERRY_AMAZON_CLIENT_ID)",
        'config.toml: amazon.client_secret is missing: write for example "amzn1.oa2-cs.v1.your-client-secret" '
        "(or amazon.client_secret_file or $ORDERFERRY_AMAZON_CLIENT_SECRET)",
        'config.toml: amazon.refresh_token is missing: write for example "Atzr|your-refresh-token" '
        "(or amazon.refresh_token_file or $ORDERFERRY_AMAZON_REFRESH_TOKEN)",
        "config.toml: prestashop.database is missing: without prestashop.url, the user and the database are needed",
    ]


def test_an_empty_configuration_names_all_that_is_required(tmp_path: Path) -> None:
    missing = [problem.split(" is missing")[0].split(": ")[1] for problem in problems(tmp_path, "")]
    assert missing == [
        "amazon.marketplaces",
        "amazon.client_id",
        "amazon.client_secret",
        "amazon.refresh_token",
        "prestashop.url",
    ]


def test_what_may_stand_instead_of_a_missing_key_is_said(tmp_path: Path) -> None:
    assert problems(tmp_path, AMAZON) == [
        'config.toml: prestashop.url is missing: write for example "mysql+pymysql://user:password@127.0.0.1:3306/'
        'prestashop" (or prestashop.url_file or $ORDERFERRY_PRESTASHOP_URL or prestashop.from)',
    ]
    missing = "without prestashop.url, the user and the database are needed"
    for part in ("host = 'h'", "port = 3306", "socket = '/s'"):
        assert problems(tmp_path, f"{AMAZON}[prestashop]\n{part}\n") == [
            f"config.toml: prestashop.user is missing: {missing}",
            f"config.toml: prestashop.database is missing: {missing}",
        ]
    assert problems(tmp_path, f"{AMAZON}[prestashop]\ndatabase = 'd'\n") == [
        f"config.toml: prestashop.user is missing: {missing}"
    ]


def test_a_table_in_the_place_of_a_key_without_a_table(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{MINIMAL}[include]\na = 1\n") == [
        "config.toml, line 8: include must be a path in quotes or a list of paths, not a table "
        "(a name with dots needs quotes)"
    ]


def test_a_socket_and_a_server_exclude_each_other(tmp_path: Path) -> None:
    text = f"{AMAZON}[prestashop]\nuser = 'u'\ndatabase = 'd'\nsocket = '/s'\nport = 3306\nhost = 'h'\n"
    assert problems(tmp_path, text) == [
        "config.toml, line 10: prestashop.port can't stand beside prestashop.socket: keep one of them",
        "config.toml, line 11: prestashop.host can't stand beside prestashop.socket: keep one of them",
    ]


def test_the_error_says_how_many_and_where_to_read_on(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as one:
        load(tmp_path, MINIMAL + "[stock]\nfba = 1\n")
    assert one.value.message == f"{tmp_path / 'config.toml'} has one mistake."
    assert "config.example.toml" in one.value.hint
    assert one.value.exit_code is ExitCode.USAGE
    with pytest.raises(ConfigError, match=r"has 5 mistakes\.$"):
        load(tmp_path, "")


SYNTAX = [
    ("a = \n", "config.toml, line 1, column 5: this is no TOML: invalid value."),
    ("[amazon]\nregion = eu\n", "config.toml, line 2, column 10: this is no TOML: invalid value."),
    ("a = 1\na = 2\n", "config.toml, line 2, column 6: this is no TOML: cannot overwrite a value."),
    ('a = """\n\n', "config.toml, line 3: this is no TOML: unterminated string."),
    ("a = " + "9" * 5000, "config.toml: this is no TOML: a number is too long."),
    ("a = " + "[" * 3000 + "]" * 3000, "config.toml is nested too deeply."),
    (".".join("a" * 3000) + " = 1", "config.toml is nested too deeply."),
]


@pytest.mark.parametrize(("text", "message"), SYNTAX, ids=[text[:20].replace("\n", " ") for text, _ in SYNTAX])
def test_what_is_no_toml_is_said_with_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    assert problems(tmp_path, text) == [message]


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'a = 1\nb = "caf\xe9"\n')
    with pytest.raises(ConfigError, match=r"latin\.toml, line 2: this is not UTF-8\."):
        load_settings(tmp_path / "latin.toml", {})
    (tmp_path / "latin.toml").write_bytes(b'\nb = "caf\xe9"\n')
    with pytest.raises(ConfigError, match=r"latin\.toml, line 2: this is not UTF-8\."):
        load_settings(tmp_path / "latin.toml", {})
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match=r"large\.toml can't be read: File too large\."):
        load_settings(tmp_path / "large.toml", {})
    with pytest.raises(ConfigError, match=r"^\x00 can't be read: no path\."):
        load_settings(Path("\x00"), {})
    with pytest.raises(ConfigError, match=r"missing\.toml can't be read: No such file or directory\."):
        load_settings(tmp_path / "missing.toml", {})
    with pytest.raises(ConfigError, match=r"can't be read: Is a directory\."):
        load_settings(tmp_path, {})


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistakes(tmp_path: Path) -> None:
    assert problems(tmp_path, "\ufeff" + MINIMAL.replace("\n", "\r\n")) == []


SECRET_LINES = [
    f'{AMAZON.replace("the-client-secret", "canary")}client_secre = "canary"\n{DATABASE}',
    AMAZON + DATABASE.replace("shop:the-password@db.example:3307/shop", "shop:canary@db.example:port/shop"),
    AMAZON + DATABASE.replace('"mysql', '"oracle').replace("the-password", "canary"),
    AMAZON + '[prestashop]\nurl = ["mysql://u:canary@h/d"]\n',
    AMAZON + '[prestashop]\nurl = "mysql+pymysql://u:canary@h/d\n',
    f'{MINIMAL}password = ["canary"]\n[ledger]\nurl = "canary"\n[alerts]\nwebhook_url = "canary"\n',
    AMAZON.replace('"the-client-secret"', '{ canary = "canary" }').replace("{ canary", "{ x") + DATABASE,
]


@pytest.mark.parametrize("text", SECRET_LINES, ids=range(len(SECRET_LINES)))
def test_no_error_shows_a_secret(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    error = caught.value
    assert "canary" not in " ".join((str(error), error.hint, repr(error), *error.problems))
    assert error.__cause__ is None
