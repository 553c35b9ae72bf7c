"""A comparison on paper: the page, the table, the terminal. Nothing that comes from outside is taken for markup."""

from __future__ import annotations

import csv
import io
import os
import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orderferry.cli.compare import as_csv, print_comparison
from orderferry.cli.html_pages import as_page, daily_chart, strip
from orderferry.domain.compared_orders import RateShare
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Channel
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable, ExitCode
from orderferry.run.compare.result import Comparison, Difference, OneSided
from orderferry.run.compare.totals import totals_of
from orderferry.run.status import Status
from orderferry.safe_files import write_whole
from support.compared import DAY, DE, ID, NOW, SPAN, entry, in_shop, reported

EVIL = "<script>alert('x')</script>\"&=1+1"

COLUMNS = """
amazon_order_id id_order found purchased shop_date marketplace channel country amazon_status shop_state amazon_gross
amazon_tax gross net tax tax_owed_by tax_scheme currency invoice_number invoice_date shipped conversion_rate
home_currency home_gross home_net home_tax credited_gross credited_tax tax_by_rate
"""


class Outline(HTMLParser):
    """Tags, attributes and whether each is closed."""

    VOID = frozenset({"meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def of_ledger() -> dict[str, object]:
    cell, gap = (DE, Channel.REGULAR), Span(NOW - 3 * DAY, NOW - 2 * DAY)
    covered = (Span(NOW - 9 * DAY, gap.start), Span(gap.end, NOW))
    held = entry(state=EntryState.HELD, code="unknown-sku", message=f"order {ID}: {EVIL}")
    status = Status(NOW, (), {cell: covered}, ((cell, gap),), {"held": 1}, (), None, {"getOrder": Decimal(30)})
    return {"status": status, "open_entries": [held]}


def comparison(**changes: object) -> Comparison:
    pairs = [(reported(), in_shop(state=EVIL, invoice_number=12)), (reported("302-2"), None)]
    facts: dict[str, object] = {
        "span": SPAN,
        "amazon_orders": 2,
        "shop_orders": 1,
        "missing": (OneSided("302-2", EVIL, "do `orderferry import --order 302-2`"),),
        "surplus": (OneSided("302-3", "doubled: orders 7 and 9 in the shop", "cancel one"),),
        "different": (Difference(ID, "state", "shipped", EVIL, "why"),),
        "orders": {pair[0].order_id: pair for pair in pairs},
        "totals": totals_of(pairs),
        "notes": [EVIL],
        **of_ledger(),
    }
    return Comparison(NOW, **(facts | changes))  # type: ignore[arg-type]


def test_the_page_is_one_file_without_scripts_links_or_markup_of_strangers() -> None:
    text = as_page(comparison(errors=[AmazonUnavailable(EVIL, hint=EVIL)]))
    outline = Outline(text)
    assert outline.open == []
    assert not {"script", "link", "img", "iframe", "form", "a"} & set(outline.tags)
    assert outline.links == outline.handlers == []
    assert "http" not in re.sub(r"http-equiv", "", text)
    assert "default-src 'none'" in text
    assert 'name="viewport"' in text
    assert "@media print" in text


def test_the_page_says_what_was_found() -> None:
    text = as_page(comparison())
    for words in ("1 missing, 1 surplus or doubled, 1 different", "Missing in the shop (1)", "302-2"):
        assert words in text
    assert "<code>orderferry import --order 302-2</code>" in text
    assert "#b3261e" in text  # the gap
    assert "not observed 2026-11-20 06:00 to 2026-11-21 06:00 UTC" in text
    assert "DE regular" in text
    assert "getOrder 30.0" in text


def test_a_difference_has_its_remedy_on_the_page_and_in_json_and_tax_that_amazon_does_not_tell_is_told() -> None:
    result = comparison()
    (difference,) = result.as_json()["different"]
    assert f"orderferry show {ID} --refresh" in difference["hint"]
    assert f"<code>orderferry ignore {ID} --reason …</code> ends this report" in as_page(result)
    untaxed = comparison(totals=totals_of([(reported(shares=(RateShare(None, Decimal(119), Decimal(0)),)), None)]))
    assert "Amazon tells no tax, or 0, for 119.00 EUR" in as_page(untaxed)
    assert "Amazon tells no tax" not in as_page(comparison(totals=totals_of([])))


def test_orders_with_one_cause_are_one_row_of_the_page_and_no_id_is_broken() -> None:
    many = tuple(OneSided(f"302-{number}", "held: SKU X is unknown", f"map it for 302-{number}") for number in range(3))
    text = as_page(comparison(missing=many))
    assert "<h2>Missing in the shop (3)</h2>" in text
    assert text.count("held: SKU X is unknown") == 1
    assert "map it for ORDER_ID" in text
    assert '<span class="id">302-0</span>, <span class="id">302-1</span>, <span class="id">302-2</span>' in text


def test_a_page_without_findings_and_without_a_ledger() -> None:
    nothing = comparison(missing=(), surplus=(), different=(), totals=None, notes=[], status=None, open_entries=())
    text = as_page(nothing)
    assert "nothing is missing, surplus or different" in text
    assert "<h2>Missing" not in text
    assert "Observed" not in text


def test_the_chart_has_two_bars_a_day_and_marks_those_that_differ() -> None:
    days = [((NOW - number * DAY).date(), number, number // 2 * 2) for number in range(5, -1, -1)]
    text = daily_chart(days)
    assert text.count("<rect") == 12
    assert text.count('<g stroke="#b3261e"') == 3
    assert "2026-11-18: Amazon 5, shop 4" in text
    assert "svg" in daily_chart([])


@pytest.mark.parametrize("number", [1, 7, 13, 31])
def test_no_date_below_the_chart_is_cut_off_at_its_edge(number: int) -> None:
    days = [((NOW - back * DAY).date(), 1, 1) for back in range(number - 1, -1, -1)]
    labels = re.findall(r'<text x="([\d.]+)" y="194" text-anchor="(\w+)">', daily_chart(days))
    assert labels
    for place, anchor in labels:
        half = 36  # six characters as a phone shows them
        right = float(place) + {"middle": half, "end": 0}[anchor]
        assert right <= 720, (place, anchor)
        assert float(place) - {"middle": half, "end": 2 * half}[anchor] >= 0


def test_missing_orders_have_their_day_and_amount_and_the_page_the_shop_s_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # the next day in Rome
    missing = (OneSided("302-2", "no import has seen it", "do", late, "49.90 EUR"),)
    result = comparison(missing=missing, shop_name="Bottega <b>", zone=ZoneInfo("Europe/Rome"), amazon_orders=1)
    text = as_page(result)
    assert '<span class="id">302-2 (2026-11-21 49.90 EUR)</span>' in text
    assert "<title>Bottega &lt;b&gt;: Amazon and the shop</title>" in text
    assert '<p class="shop">Bottega &lt;b&gt;</p>' in text
    assert "1 order at Amazon, " in text
    assert "UTC" not in text
    assert "302-2 (2026-11-21 49.90 EUR): no import has seen it" in printed(capsys, result)[0]


def test_the_strip_begins_with_the_comparison_and_shows_the_shortest_gap() -> None:
    whole = Span(NOW - 30 * DAY, NOW)
    text = strip(whole, [Span(NOW - 60 * DAY, NOW - 40 * DAY), Span(NOW - 50 * DAY, NOW)], [Span(NOW - DAY, NOW - DAY)])
    rectangles = re.findall(r'<rect x="([\d.]+)" y="0" width="([\d.]+)"', text)
    assert rectangles == [("0", "720"), ("0.0", "720.0"), ("696.0", "3.0")]


def test_the_table_has_a_row_an_order_and_is_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(comparison()))))
    assert list(rows[0]) == COLUMNS.split()
    first, second = rows
    assert first["amazon_order_id"] == ID
    assert (first["gross"], first["net"], first["tax"], first["currency"]) == ("119.00", "100.00", "19.00", "EUR")
    assert (first["invoice_number"], first["marketplace"], first["country"]) == ("12", "DE", "DE")
    assert (second["id_order"], second["gross"], second["amazon_gross"]) == ("", "", "119.00")
    evil = comparison(orders={ID: (None, in_shop(state="=cmd|' /C calc'!A0", total=Decimal(-5)))})
    (row,) = csv.DictReader(io.StringIO(as_csv(evil)))
    assert row["shop_state"].startswith("'=")
    assert row["gross"] == "-5.00"
    minus = comparison(orders={ID: (None, in_shop(state="-2+3+cmd|' /C calc'!A0"))})
    (row,) = csv.DictReader(io.StringIO(as_csv(minus)))
    assert row["shop_state"].startswith("'-")


def printed(capsys: pytest.CaptureFixture[str], result: Comparison, name: str = "", **how: bool) -> tuple[str, str]:
    print_comparison(result, **{"on_terminal": False, "quiet": False, "silent": False, **how}, name=name)
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_of_several_shops_the_one_with_findings_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = comparison(missing=(), surplus=(), different=(), totals=None, notes=[])
    assert printed(capsys, nothing, name="/etc/a.toml") == ("", "")
    assert printed(capsys, comparison(), name="/etc/a.toml")[0].splitlines()[0] == "/etc/a.toml:"


def test_without_a_terminal_only_what_was_found_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = comparison(missing=(), surplus=(), different=(), totals=None, notes=[])
    assert printed(capsys, nothing) == ("", "")
    assert "Nothing is missing" in printed(capsys, nothing, on_terminal=True)[0]
    out, err = printed(capsys, comparison())
    assert "1 order missing in the shop" in out
    assert err == ""
    assert printed(capsys, comparison(), silent=True) == ("", "")
    assert printed(capsys, comparison(), quiet=True) == ("", "")


def test_orders_with_the_same_cause_share_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    hint = "do `orderferry import --order {}`"
    many = tuple(OneSided(f"302-{n}", "no import has seen it", hint.format(f"302-{n}")) for n in range(12))
    out, _ = printed(capsys, comparison(missing=many, surplus=(), different=(), totals=None, notes=[]))
    lines = out.splitlines()
    assert len(lines) == 4
    assert lines[2].endswith("and 2 more: no import has seen it")
    assert lines[3].strip() == "do `orderferry import --order ORDER_ID`"


def test_an_error_that_heals_by_itself_is_printed_when_it_is_news(capsys: pytest.CaptureFixture[str]) -> None:
    broken = Comparison(NOW, errors=[AmazonUnavailable("Amazon does not answer.", hint="Later.")])
    assert printed(capsys, broken) == ("", "")
    broken.announced = ((ExitCode.AMAZON_UNAVAILABLE, "…"),)
    assert printed(capsys, broken)[1] == "orderferry: Amazon does not answer.\n  Later.\n"
    assert broken.as_json()["problems"][0]["code"] == "amazon-unavailable"
    assert broken.exit_code is ExitCode.AMAZON_UNAVAILABLE


def test_a_file_is_written_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, "one")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    write_whole(path, "two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o644)
    with pytest.raises(OSError, match="No such file"):
        write_whole(tmp_path / "nowhere" / "page.html", "three")
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_nothing_is_written_through_a_link_or_into_a_pipe(tmp_path: Path) -> None:
    page, link, pipe = tmp_path / "page.html", tmp_path / "link.html", tmp_path / "pipe"
    page.write_text("old")
    link.symlink_to(page)
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for path, said in ((link, "it is a link, not"), (pipe, "it is a named pipe, not"), (tmp_path, "Is a directory")):
        with pytest.raises(OSError, match=said):
            write_whole(path, "new")
    assert (link.is_symlink(), page.read_text(), pipe.is_fifo()) == (True, "old", True)
    assert os.read(reader, 100) == b""
    os.close(reader)
