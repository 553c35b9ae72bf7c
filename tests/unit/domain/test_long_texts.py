"""Texts of 20,000 characters, made to be slow: what is done with one takes time by its length, not by its square.

Measured is the processor's time, which other programs don't change. A text takes a tenth of a second; each of them
took a quarter of a minute and more when it took the square.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from orderferry.domain.orders import Address
from orderferry.domain.postal_address import postal_address, split_name
from orderferry.domain.text import Field, clean_text, cut_text

LENGTH = 20_000
SECONDS = 6.0
PIECES = (
    "on",
    " ",
    ",",
    ";",
    "; ",
    "x",
    "x.",
    "x: ",
    "#",
    "ext ",
    "1",
    "script ",
    "a\n",
    "provincia di ",
    "\u0301",
    "🇮",
    "王",
    "A. ",
)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Within, raise TimeoutError after so much of the processor's time."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def in_an_address(text: str) -> None:
    for address in (
        Address(phone=text),
        Address(lines=(text,)),
        Address(lines=tuple(text[at : at + 4] for at in range(0, len(text), 4))),
        Address(name=text, company=text, city=text, country=text, region=text, postal_code=text),
    ):
        postal_address(address, fallback_name=text, marketplace_country="IT")


USES: dict[str, Callable[[str], object]] = {
    "an address": in_an_address,
    "a message": lambda text: clean_text(text, Field.MESSAGE),
    "a name": split_name,
    "a cut": lambda text: cut_text(text, len(text) - 1),
}


@pytest.mark.sample(18)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_takes_no_square_of_time(use: Callable[[str], object], piece: str) -> None:
    with at_most(SECONDS):  # raises when it is over
        use((piece * LENGTH)[:LENGTH])


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("onclick=x", "onclick-x"),
        ("xonclick =x", "xonclick -x"),
        ("ON LOAD=1 ONLOAD\n=1", "ON LOAD=1 ONLOAD\n-1"),
        ("on=1 ona=1 onab=1 onabc=1", "on=1 ona=1 onab=1 onabc-1"),
        ("éonclick=x, monday=off, reason=why", "éonclick-x, monday-off, reason=why"),
        ("onclick5=x", "onclick5=x"),
    ],
)
def test_what_looks_like_an_event_of_html_is_none_any_more(text: str, cleaned: str) -> None:
    assert clean_text(text, Field.MESSAGE) == cleaned
