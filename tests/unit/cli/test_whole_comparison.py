"""All that `compare` makes of one comparison: each word on the terminal, in the table and on the page."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from orderferry.cli.compare import as_csv, print_comparison
from orderferry.cli.html_pages import as_page, daily_chart
from orderferry.domain.compared_orders import CreditSlip, RateShare
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable, ExitCode
from orderferry.run.compare.result import Comparison, Difference, OneSided
from orderferry.run.compare.totals import totals_of
from orderferry.run.status import Status
from support.compared import DAY, DE, IT, NOW, SPAN, entry, in_shop, reported
from support.saved_output import body_of, saved

REGULAR, FBA = (DE, Channel.REGULAR), (IT, Channel.FBA)
FIVE_DAYS = Span(datetime(2026, 11, 17, 23, tzinfo=UTC), datetime(2026, 11, 22, 23, tzinfo=UTC))  # in Rome
PHONE = "; Amazon withdraws the buyer's phone after"


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, 30, tzinfo=UTC)


def everything() -> Comparison:
    """A comparison in which there is one of everything."""
    pairs = [
        (
            reported("302-1", purchased=at(18), shipped=at(20)),
            in_shop(
                "302-1",
                placed=at(18),
                invoice_number=12,
                invoiced=at(20),
                left=at(20, 13),
                tax_scheme="union-oss",
                channel=Channel.REGULAR,
                marketplace_id=DE,
                home_currency="EUR",
            ),
        ),
        (
            reported(
                "302-2",
                purchased=at(20, 23),
                marketplace_id=IT,
                channel=Channel.FBA,
                country="IT",
                currency="USD",
                gross=Decimal("50.00"),
                tax=Decimal(0),
                shares=(RateShare(None, Decimal("50.00"), Decimal(0)),),
            ),
            None,
        ),
        (
            None,
            in_shop(
                "302-3",
                ids=(8, 9),
                placed=at(22, 1),
                total=Decimal("60.000000"),
                net=Decimal("50.000000"),
                currency="GBP",
                home_currency="EUR",
                conversion_rate=Decimal("0.800000"),
                country="GB",
                shares=(RateShare(Decimal(20), Decimal(60), Decimal(10)), RateShare(None, Decimal(0), Decimal(0))),
                slips=(CreditSlip(at(22), Decimal("12.00"), Decimal("10.00")),),
                marketplace_id=IT,
                channel=Channel.FBA,
            ),
        ),
    ]
    cancelled = (
        reported("302-4", purchased=at(21), status=OrderStatus.CANCELLED),
        in_shop(
            "302-4",
            placed=at(21),
            invoice_number=13,
            invoiced=at(21),
            left=at(21, 13),
            slips=(CreditSlip(at(22), Decimal("100.00"), Decimal("84.034")),),
        ),
    )
    totals = totals_of(pairs)
    for amazon, shop in [*pairs, cancelled]:
        if shop is not None:
            totals.add_papers(amazon, shop, None)
    start = FIVE_DAYS.start
    status = Status(
        now=NOW,
        commands=(),
        coverage={REGULAR: (Span(start - DAY, at(19)), Span(at(20), NOW)), FBA: (Span(start, NOW),)},
        gaps=((REGULAR, Span(at(19), at(20))),),
        open={"waiting": 0, "held": 2, "given_up": 0},
        conditions=(),
        oldest_waiting=None,
        quota={"searchOrders": Decimal("17.96"), "getOrder": Decimal(30)},
    )
    held = [
        entry(
            f"302-{number}",
            EntryState.HELD,
            message=f"order 302-{number}: the SKU X is unknown{PHONE} 2026-11-2{number}",
            first_seen=NOW - number * DAY,
        )
        for number in (5, 6)
    ]
    return Comparison(
        NOW,
        FIVE_DAYS,
        zone=ZoneInfo("Europe/Rome"),
        shop_name="La <Bottega>",
        amazon_orders=3,
        shop_orders=4,
        missing=(
            OneSided("302-2", f"held{PHONE} 2026-11-24", "`do` 302-2", at(20, 23), "50.00 USD"),
            OneSided("302-8", f"held{PHONE} 2026-11-23", "`do` 302-8", at(20, 23)),
            OneSided("302-7", f"waiting{PHONE} 2026-11-25", "wait for 302-7"),
        ),
        surplus=(OneSided("302-3", "Amazon does not know it", "ignore 302-3", at(22, 1), "60.00 GBP"),),
        different=(
            Difference("302-1", "state", "shipped", "paid", "it is behind"),
            Difference("302-1", "tax", "19.00 EUR", "18.00 EUR", "nobody knows"),
            Difference("302-4", "state", "shipped", "paid", "it is behind"),
        ),
        orders={**{(amazon or shop).order_id: (amazon, shop) for amazon, shop in pairs}, "302-4": cancelled},
        totals=totals,
        notes=["a <note>"],
        status=status,
        open_entries=held,
    )


def printed(capsys: pytest.CaptureFixture[str], result: Comparison, name: str = "") -> str:
    print_comparison(result, on_terminal=True, quiet=False, silent=False, name=name)
    return capsys.readouterr().out


def test_all_that_a_terminal_shows(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, everything(), "/etc/it.toml")
    assert text == saved("comparison.txt", text)


def test_found_things_are_red_and_none_is_green(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    lines = printed(capsys, everything()).splitlines()
    assert [line for line in lines if "\x1b" in line] == [
        "\x1b[31m  3 orders missing in the shop:\x1b[0m",
        "\x1b[31m  1 order in the shop and not at Amazon, or there twice:\x1b[0m",
        "\x1b[31m  2 orders different:\x1b[0m",
    ]
    nothing = printed(capsys, Comparison(NOW, SPAN))
    assert nothing.splitlines()[1] == "\x1b[32m  Nothing is missing, surplus or different.\x1b[0m"


def test_a_comparison_that_could_not_be_finished_is_not_called_well(capsys: pytest.CaptureFixture[str]) -> None:
    broken = Comparison(NOW, SPAN, errors=[AmazonUnavailable("Amazon does not answer.")], amazon_orders=1)
    assert "Nothing is missing" not in printed(capsys, broken)
    page = as_page(broken)
    assert '<p class="verdict bad">1 order at Amazon, 0 in the shop: the comparison could not be finished.</p>' in page


def test_what_is_over_is_said_unless_only_errors_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    over = Comparison(
        NOW, announced=((ExitCode.DONE, "Over: Amazon did not answer."), (ExitCode.SHOP_UNAVAILABLE, "x"))
    )
    for quiet, told in ((False, "Over: Amazon did not answer.\n"), (True, "")):
        print_comparison(over, on_terminal=False, quiet=quiet, silent=False)
        assert capsys.readouterr() == ("", told)


def test_an_error_is_told_at_a_terminal_and_beside_json_whether_it_is_news_or_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = Comparison(NOW, errors=[AmazonUnavailable("Amazon does not answer.")])
    for on_terminal, silent, told in ((True, False, 1), (False, True, 1), (False, False, 0)):
        print_comparison(broken, on_terminal=on_terminal, quiet=False, silent=silent)
        assert capsys.readouterr().err.count("Amazon does not answer.") == told


def test_totals_of_a_month_are_printed_for_cron_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(Comparison(NOW, SPAN, totals=totals_of([])), on_terminal=False, quiet=False, silent=False)
    assert "Totals:" in capsys.readouterr().out


def test_forty_causes_and_ten_orders_of_each_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    forty = tuple(Difference(f"302-{number}", "state", "a", "b", f"cause {number}") for number in range(40))
    rest = "    … and 1 more; --json, --csv and --html list all.\n"
    assert rest not in printed(capsys, Comparison(NOW, SPAN, different=forty))
    text = printed(capsys, Comparison(NOW, SPAN, different=(*forty, Difference("302-40", "tax", "a", "b", "c"))))
    assert "302-39: state: Amazon a, shop b: cause 39" in text
    assert text.endswith(rest)
    missing = tuple(OneSided(f"302-{number}", f"cause {number}", "do") for number in range(41))
    text = printed(capsys, Comparison(NOW, SPAN, missing=missing))
    assert "cause 39" in text
    assert "cause 40" not in text
    assert text.endswith(rest)
    alike = tuple(Difference(f"302-{number:02}", "state", "a", "b", "c") for number in range(11))
    assert "302-09 and 1 more: state: Amazon a, shop b: c\n" in printed(capsys, Comparison(NOW, SPAN, different=alike))


def test_the_whole_table() -> None:
    table = as_csv(everything())
    assert table == saved("comparison.csv", table)


@pytest.mark.parametrize("state", ["=1", "+1", "@a", "\ta", "\ra", "-a", "-1a"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(state: str) -> None:
    table = as_csv(Comparison(NOW, orders={"302-1": (None, in_shop("302-1", state=state))}))
    assert f"'{state}" in table


@pytest.mark.parametrize("state", ["", "a-1", "-1.50"])
def test_other_words_stay_as_they_are(state: str) -> None:
    assert "'" not in as_csv(Comparison(NOW, orders={"302-1": (None, in_shop("302-1", state=state))}))


def test_the_words_of_an_order_that_one_side_alone_tells() -> None:
    only_amazon = reported("302-1", status=None, raw_status="Odd", marketplace_id="", channel=None, gross=None)
    row = as_csv(Comparison(NOW, orders={"302-1": (only_amazon, None)})).splitlines()[1]
    assert row == "302-1,,ok,2026-11-18T06:00:00Z,,,,DE,Odd,,,,,,,,,EUR,,,,,,,,,,,"
    told_by_shop = reported("302-1", marketplace_id="", channel=None, country="", currency="")
    shop = in_shop("302-1", marketplace_id=IT, channel=Channel.FBA, country="", currency="", left=at(20))
    row = as_csv(Comparison(NOW, orders={"302-1": (told_by_shop, shop)})).splitlines()[1].split(",")
    assert (row[5:8], row[20]) == (["IT", "fba", ""], "2026-11-20T12:30:00Z")


def test_the_whole_page() -> None:
    page = as_page(everything())
    assert page == saved("comparison.html", page)


def test_a_page_with_nothing_to_tell_says_so_and_is_green() -> None:
    page = body_of(as_page(Comparison(NOW, SPAN, by="shipped")))
    assert (
        '<p class="verdict good">0 orders at Amazon, 0 in the shop: nothing is missing, surplus or different.</p>'
        in page
    )
    assert "Orders shipped from" in page
    assert '<h1>Amazon and the shop</h1>\n<p class="quiet">Orders' in page, "no name of a shop"
    assert page.count("<h2>") == 1, "the chart alone"


def test_a_page_has_500_rows_and_names_200_orders_of_each() -> None:
    found = [OneSided(f"302-{number}", f"cause {number}", "do") for number in range(501)]
    differences = [Difference(f"303-{number}", "state", "a", "b", "c") for number in range(501)]
    more = '<p class="quiet">… and 1 more; --json and --csv list all.</p>'
    full = as_page(Comparison(NOW, SPAN, missing=tuple(found[:500]), different=tuple(differences[:500])))
    assert "cause 499<" in full
    assert "303-499<" in full
    assert more not in full
    over = as_page(Comparison(NOW, SPAN, missing=tuple(found), different=tuple(differences)))
    assert "cause 500" not in over
    assert "303-500<" not in over
    assert over.count(more) == 2
    alike = tuple(OneSided(f"302-{number}", "cause", "do") for number in range(201))
    assert '<span class="id">302-199</span></td>' in as_page(Comparison(NOW, SPAN, missing=alike[:200]))
    assert '<span class="id">and 1 more</span></td>' in as_page(Comparison(NOW, SPAN, missing=alike))


def test_days_of_the_chart_go_by_the_shops_calendar_and_its_last_day_is_in() -> None:
    rome = Comparison(NOW, FIVE_DAYS, zone=ZoneInfo("Europe/Rome"))
    titles = [f"<title>2026-11-{day}: Amazon 0, shop 0</title>" for day in (18, 19, 20, 21, 22)]
    page = as_page(rome)
    assert [title for title in titles if title in page] == titles
    assert page.count("Amazon 0, shop 0") == 5


def test_a_chart_without_days_and_one_with_more_days_than_labels() -> None:
    assert 'y="20" text-anchor="end">1</text>' in daily_chart([])
    days = [(at(day).date(), 3, 0) for day in range(1, 14)]
    chart = daily_chart(days)
    assert chart.count(" Nov</text>") == 5, "every third of thirteen days"
    assert 'y="20" text-anchor="end">3</text>' in chart
