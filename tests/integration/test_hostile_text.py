"""What strangers type, through the whole import into MariaDB: PrestaShop takes the rows, and nothing that can be read
is lost.

The rules of the validators are written here once more, from the facts alone (prestashop-order-writing, "Rejected
characters"), so that they judge the program's own.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orderferry.amazon.decode_values import clean_text as decoded
from orderferry.config.model import CustomersSettings, OrdersSettings, ProductsSettings
from orderferry.domain.orders import Address, Buyer, Channel, Order, OrderStatus, Package, TaxRegistration
from support.shop_database import ShopDatabase
from support.writing import Importer, Sold, amazon_order, importer

TEXTS = {
    "plain": "Mario Rossi",
    "markup": '<script>alert("x")</script><img src=x onerror=alert(1)>',
    "sql": "Robert'); DROP TABLE ps_orders; -- \\",
    "template": "{$smarty.version} {{7*7}} %s ${jndi:ldap://x/a} #{x}",
    "right to left": "محمد بن عبد الله \u202e\u2066abc\u2069\u202c",
    "hebrew with marks": "שָׁלוֹם",
    "devanagari": "क्षत्रिय श्री",
    "combining": "Z" + "\u0301\u0327" * 30 + "oe",
    "decomposed": unicodedata.normalize("NFD", "Ångström Żółć Ñandú"),
    "chinese": "王小明 北京市海淀区中关村大街一号",
    "chinese beyond the basic plane": "𠮷野家 𡈽屋",
    "japanese": "東京都千代田区丸の内１－１－１ ｶﾀｶﾅ",
    "korean": "김철수 서울특별시",
    "thai": "กรุงเทพมหานคร",
    "emoji": "Anna 👩‍👩‍👧‍👦🇮🇹👍🏽❤️ Verdi",
    "only emoji": "😀😀😀",
    "mathematical letters": "𝓜𝓪𝓻𝓲𝓸 𝐑𝐨𝐬𝐬𝐢",
    "control characters": "A\x00B\x01C\x1b[31mD\x7fE\x85F\tG\r\nH",
    "lone surrogates": "A\ud800B\udc00C",
    "invisible": "\u200b\ufeff\u00ad\u2060A\u200bB",
    "only spaces": " \u00a0\u3000\t ",
    "noncharacters": "A\ufffeB\U0001ffffC",
    "signs": '!<>,;?=+()@#"°{}_$%:|[]*^`~\\/&§€',
    "long": "Wilhelmine Donaudampfschifffahrtsgesellschaft " * 40,
    "long without spaces": "Ä" * 3000,
    "long emoji": "👩‍👩‍👧‍👦" * 200,
    "many lines": "a\nb\r\nc\u2028d\x0be" * 100,
    "digits": "12345 67890",
    "full width": "＜ｓｃｒｉｐｔ＞ｘ＝１",
    "events": "onclick = x javascript:alert(1) ONLOAD=1 vbscript : y",
    "formula": '=HYPERLINK("http://x","y")',
}

_NOTHING_ELSE = re.compile(r"[^<>={}]*", re.DOTALL)
RULES: Mapping[tuple[str, str], re.Pattern[str]] = {
    **dict.fromkeys(
        [("customer", "firstname"), ("customer", "lastname")],
        re.compile(r'(?:[^0-9!<>,;?=+()@#"°{}_$%:.]|\.(?=\s|$))+'),
    ),
    **dict.fromkeys([("address", "firstname"), ("address", "lastname")], re.compile(r'[^0-9!<>,;?=+()@#"°{}_$%:]+')),
    **dict.fromkeys([("address", "address1")], re.compile(r"[^!<>?=+@{}_$%]+")),
    **dict.fromkeys([("address", "address2")], re.compile(r"[^!<>?=+@{}_$%]*")),
    ("address", "city"): re.compile(r'[^!<>;?=+@#"°{}_$%]+'),
    ("address", "postcode"): re.compile(r"[a-zA-Z0-9 -]*"),
    **dict.fromkeys([("address", "phone"), ("address", "phone_mobile")], re.compile(r"[0-9+ .()/-]*")),
    ("address", "dni"): re.compile(r"[0-9A-Za-z.-]{0,16}"),
    **dict.fromkeys(
        [
            ("address", "company"),
            ("address", "alias"),
            ("address", "vat_number"),
            ("customer", "company"),
            ("orders", "payment"),
            ("order_payment", "payment_method"),
            ("order_detail", "product_name"),
        ],
        _NOTHING_ELSE,
    ),
    **dict.fromkeys([("orders", "gift_message"), ("cart", "gift_message")], re.compile(r"[^<>{}]*", re.DOTALL)),
    **dict.fromkeys(
        [("order_carrier", "tracking_number"), ("orders", "shipping_number")],
        re.compile(r"[~:#,%&_=()\[\].? +@/a-zA-Z0-9-]*"),
    ),
    ("order_detail", "product_reference"): re.compile(r"[^<>;={}]*"),
    ("customer", "email"): re.compile(r"[a-z0-9._-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+"),
    **dict.fromkeys(
        [
            ("orders", "note"),
            ("customer_message", "message"),
            ("customer_thread", "email"),
        ],
        re.compile(r"[^<>]*", re.DOTALL),
    ),
}
ACTIVE = re.compile(r"<\s*script|\bon[a-z]{3,}\s*=|script\s*:", re.IGNORECASE)
HTML = {"gift_message"}  # isMessage or isCleanHtml, by version: looked at whenever PrestaShop saves the order
TABLES = sorted({table for table, _ in RULES})
FREE: dict[str, Any] = {
    "products": ProductsSettings(unknown="line"),
    "orders": OrdersSettings(payment_label="Amazon {marketplace}"),
}


def hostile(text: str, number: int) -> Order:
    """An order with this text in every field that a stranger fills, and in those that Amazon fills, as decoded."""
    text = decoded(text)
    home = Address(text, text, (text, text, text), text, text, text, text, text, "IT", text, "RESIDENTIAL")
    order = amazon_order(Sold("NOT-THERE", 1, "14.52", "2.62", gift_message=text), order_id=f"402-0000000-{number:07}")
    return replace(
        order,
        marketplace_name=text,
        buyer=Buyer(text, text, text, text),
        delivery_address=home,
        delivery_instructions=(text, text),
        tax_registrations=(TaxRegistration("BUYER", "VAT", text, text, replace(home, name=f"{text} 2")),),
        items=tuple(
            replace(
                item,
                title=text,
                sku=text,
                customized_url=text,
                cancel_requested_by="BUYER",
                cancel_request_reason=text,
                ioss_number=text,
            )
            for item in order.items
        ),
        packages=(Package("1", carrier=text, tracking_number=text), Package("2", tracking_number=f"{text} 2")),
    )


def check_rows(shop: ShopDatabase) -> int:
    """Every text that the import wrote obeys the validator of its field; return how many there were."""
    judged = 0
    for table in TABLES:
        for row in shop.rows(f"SELECT * FROM {{p}}{table}"):
            for column, value in row.items():
                if not isinstance(value, str):
                    continue
                judged += 1
                rule = RULES.get((table, column))
                assert rule is None or rule.fullmatch(value), f"{table}.{column}: {value!r}"
                active = column in HTML and ACTIVE.search(value)
                assert not active, f"{table}.{column}: {value!r}"
                odd = {c for c in value if unicodedata.category(c) in {"Cc", "Cs", "Cn"} and c != "\n"}
                assert not odd - {"\r"}, f"{table}.{column}: {odd!r}"
    return judged


def letters(text: str) -> set[str]:
    """What can be read of a text, in the form in which it may be written."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return {character for character in unicodedata.normalize("NFC", whole) if character.isalpha()}


@pytest.mark.sample(1, always=("1.6.1.24",))
@pytest.mark.parametrize("version", ["8.2.1", "1.6.1.24"])
def test_prestashop_would_take_every_row_and_staff_can_read_all_of_it(
    version: str, shop_database_of: Callable[..., ShopDatabase], tmp_path: Path
) -> None:
    shop = shop_database_of(version)
    writing = importer(shop, tmp_path, customers=CustomersSettings(email="amazon"), **FREE)
    for number, text in enumerate(TEXTS.values()):
        writing.take(hostile(text, number))
    assert shop.count("orders") == len(TEXTS)
    assert check_rows(shop) > 30 * len(TEXTS)
    for number, (name, text) in enumerate(TEXTS.items()):
        message = shop.value(
            "SELECT m.message FROM {p}customer_message m JOIN {p}customer_thread t USING (id_customer_thread)"
            " JOIN {p}orderferry_order o ON o.id_order = t.id_order WHERE o.amazon_order_id = :id",
            id=f"402-0000000-{number:07}",
        )
        readable = letters(text)
        if version == "1.6.1.24":  # its columns take no more than the basic plane
            readable = {character for character in readable if character <= "\uffff"}
        assert readable <= letters(message), name


def words(first: str, count: int) -> str:
    """Words of letters, each of them another, that begin with the same letter."""
    return " ".join(f"{first}{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(count))


@pytest.mark.parametrize("version", ["8.2.1", "1.6.1.24"])
def test_what_a_column_cuts_stands_in_full_in_the_message(
    version: str, shop_database_of: Callable[..., ShopDatabase], tmp_path: Path
) -> None:
    shop = shop_database_of(version)
    name, company, city, street, title = (words(first, 150) for first in "NCTST")
    address = Address(name, company, (street,), city, postal_code="20121", country="IT")
    item = replace(ORDER.items[0], title=title.replace("T", "P"), sku="NOT-THERE")
    importer(shop, tmp_path, **FREE).take(replace(ORDER, delivery_address=address, items=(item,)))
    message = shop.value("SELECT message FROM {p}customer_message")
    row = shop.one("SELECT * FROM {p}address")
    for column in ("firstname", "company", "city", "address1"):
        assert len(row[column]) < len(name), f"{column} is cut"
    for text in (name.rpartition(" ")[0], company, city, street):
        assert text in message
    assert item.title in message + shop.value("SELECT product_name FROM {p}order_detail")
    assert row["lastname"] == name.rpartition(" ")[2]


SPELLINGS: list[tuple[str, str, str, str]] = [
    ("IT", "MI", "20121", "MI"),
    ("IT", "Milano", "20121", "MI"),
    ("IT", "Città Metropolitana di Milano", "20121", "MI"),
    ("IT", "IT-MI", "20121", "MI"),
    ("it", "milan", "20121", "MI"),
    ("IT", "Forlì-Cesena", "47121", "FC"),
    ("IT", "forli' cesena", "47121", "FC"),
    ("IT", "Monza e della Brianza", "20900", "MB"),
    ("IT", "BOLZANO/BOZEN", "39100", "BZ"),
    ("IT", "", "20121", ""),
    ("US", "New York", "10001", "NY"),
    ("US", "ny", "10001", "NY"),
    ("US", "District of Columbia", "20001", "DC"),
    ("CA", "Québec", "H2X", "QC"),
    ("CA", "British Columbia", "V5K", "BC"),
    ("JP", "Tokyo", "100-0001", "13"),
    ("JP", "東京都", "100-0001", "13"),
    ("IT", "Mailand", "20121", "MI"),
    ("IT", "Mediolan", "20121", "MI"),
    ("Italia", "Firenze", "50121", "FI"),
    ("MX", "Ciudad de México", "06000", "CMX"),
    ("MX", "CDMX", "06000", "CMX"),
]


@pytest.mark.sample(8)
@pytest.mark.parametrize(("country", "region", "postcode", "iso"), SPELLINGS)
def test_provinces_in_the_spellings_of_marketplaces(
    sqlite_shop: ShopDatabase, tmp_path: Path, country: str, region: str, postcode: str, iso: str
) -> None:
    away = Address("A B", "", ("Street 1",), "Somewhere", region=region, postal_code=postcode, country=country)
    importer(sqlite_shop, tmp_path).take(replace(ORDER, delivery_address=away))
    row = sqlite_shop.one(
        "SELECT c.iso_code AS country, s.iso_code AS state FROM {p}address a"
        " JOIN {p}country c USING (id_country) LEFT JOIN {p}state s ON s.id_state = a.id_state"
    )
    assert (row["country"], row["state"] or "") == ({"Italia": "IT"}.get(country, country.upper()), iso)


@pytest.mark.parametrize(("country", "dni"), [("IT", "00000"), ("ES", "00000"), ("DE", "")])
def test_a_number_stands_in_where_the_country_demands_one(
    sqlite_shop: ShopDatabase, tmp_path: Path, country: str, dni: str
) -> None:
    away = Address("A B", "", ("Street 1",), "Somewhere", postal_code="11111", country=country)
    importer(sqlite_shop, tmp_path, **NO_RATES).take(replace(ORDER, delivery_address=away))
    assert sqlite_shop.value("SELECT dni FROM {p}address") == dni


@pytest.mark.parametrize(
    ("form", "postcode"),
    [("", "00000"), ("NNNNN", "00000"), ("NNNN LL", "0000 AA"), ("NN-NNN", "00-000"), ("C-NNNN", "NL-0000")],
)
def test_a_missing_postcode_has_the_form_that_the_country_demands(
    sqlite_shop: ShopDatabase, tmp_path: Path, form: str, postcode: str
) -> None:
    sqlite_shop.execute(f"UPDATE {{p}}country SET zip_code_format = '{form}' WHERE iso_code = 'NL'")
    away = Address("A B", "", ("Street 1",), "Somewhere", country="NL")
    importer(sqlite_shop, tmp_path, **NO_RATES).take(replace(ORDER, delivery_address=away))
    assert sqlite_shop.value("SELECT postcode FROM {p}address") == postcode


ORDER = amazon_order(Sold("MUG-BLUE", 1, "14.52"))
NO_RATES: dict[str, Any] = {}
FBA = {"channel": Channel.FBA, "status": OrderStatus.SHIPPED}
SHAPES: dict[str, tuple[Address | None, Buyer, dict[str, Any]]] = {
    "one name": (Address("Madonna", "", ("Via Roma 1",), "Milano", country="IT"), Buyer(), {}),
    "no name": (Address("", "", ("Via Roma 1",), "Milano", country="IT"), Buyer(), {}),
    "a company in line 1": (
        Address("A B", "Rossi S.r.l.", ("ROSSI SRL", "Via 1"), "Milano", country="IT"),
        Buyer(),
        {},
    ),
    "three lines": (Address("A B", "", ("a" * 100, "b" * 100, "c" * 100), "Milano", country="IT"), Buyer(), {}),
    "no phone": (Address("A B", "", ("Via Roma 1",), "Milano", country="IT"), Buyer(), {}),
    "no postcode": (Address("A B", "", ("Via Roma 1",), "Milano", country="IT"), Buyer(), {}),
    "no street (FBA)": (Address("", "", (), "Milano", region="MI", country="IT"), Buyer(), FBA),
    "no address at all (FBA)": (None, Buyer(), FBA),
    "no city": (Address("A B", "", ("1-1-1",), "", region="Tokyo", country="JP"), Buyer(), {}),
}


@pytest.mark.sample(1, always=("1.6.1.24",))
@pytest.mark.parametrize("version", ["8.2.1", "1.6.1.24"])
def test_what_is_missing_is_recognisable_and_replaced_when_it_comes(
    version: str, shop_database_of: Callable[..., ShopDatabase], tmp_path: Path
) -> None:
    shop = shop_database_of(version)
    writing = importer(shop, tmp_path, customers=CustomersSettings(phone_fallback="+39 000 0000000"))
    for number, (address, buyer, more) in enumerate(SHAPES.values()):
        order = replace(ORDER, order_id=f"402-0000000-{number:07}", delivery_address=address, buyer=buyer, **more)
        writing.take(order)
    check_rows(shop)
    rows = {name: address_of(shop, number) for number, name in enumerate(SHAPES)}
    assert rows["one name"]["lastname"] == "Madonna"
    assert (rows["no name"]["firstname"], rows["no name"]["lastname"]) == ("Amazon", "Customer")
    assert (rows["a company in line 1"]["company"], rows["a company in line 1"]["address1"]) == (
        "Rossi S.r.l.",
        "Via 1",
    )
    assert "c" * 100 in rows["three lines"]["address1"] + rows["three lines"]["address2"] + rows["three lines"]["told"]
    assert rows["no phone"]["phone"] == "+39 000 0000000"
    assert rows["no postcode"]["postcode"] == "00000"
    assert rows["no street (FBA)"]["address1"] == "(no street given by Amazon)"
    assert "Placeholders stand for" in rows["no street (FBA)"]["told"]
    assert all(row["address1"] and row["city"] and row["id_country"] for row in rows.values())
    for number, (_, _, more) in enumerate(SHAPES.values()):
        known = replace(ORDER, order_id=f"402-0000000-{number:07}", updated=ORDER.updated.replace(minute=59), **more)
        writing.take(known)
    whole = ("Mario", "Rossi", "Via Roma 1", "20121", "Milano", "+390212345678")
    for name, row in zip(SHAPES, [address_of(shop, number) for number in range(len(SHAPES))], strict=True):
        columns = ("firstname", "lastname", "address1", "postcode", "city", "phone")
        assert tuple(row[column] for column in columns) == whole, name


def address_of(shop: ShopDatabase, number: int) -> Mapping[str, Any]:
    """The delivery address of an order, and what staff was told (`told`)."""
    order_id = f"402-0000000-{number:07}"
    row = shop.one(
        "SELECT a.*, o.id_order FROM {p}address a JOIN {p}orders o ON o.id_address_delivery = a.id_address"
        " JOIN {p}orderferry_order m ON m.id_order = o.id_order WHERE m.amazon_order_id = :id",
        id=order_id,
    )
    told = shop.rows(
        "SELECT m.message FROM {p}customer_message m JOIN {p}customer_thread t USING (id_customer_thread)"
        " WHERE t.id_order = :id",
        id=row["id_order"],
    )
    return {**row, "told": "\n".join(message["message"] for message in told)}


def mixtures(count: int, seed: int) -> Iterator[str]:
    """Texts made of pieces of all the others."""
    chance = random.Random(seed)
    pieces = [text[:40] for text in TEXTS.values()]
    for _ in range(count):
        yield "".join(chance.choices(pieces, k=chance.randint(2, 8)))


def test_mixtures_of_all_of_them(shop_database_of: Callable[..., ShopDatabase], tmp_path: Path) -> None:
    shop = shop_database_of("1.6.1.24")
    writing: Importer = importer(shop, tmp_path, **FREE)
    for number, text in enumerate(mixtures(40, seed=7)):
        writing.take(hostile(text, number))
    assert check_rows(shop) > 1000
