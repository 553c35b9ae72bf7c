"""What can be wrong with a field of an answer: named mutations by kind of field, and random mixtures of them."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, count, islice
from typing import Any

from support.payload_model import Path, full_order, kind_of, paths

GONE = object()
THOUSANDS = 3000
HOSTILE = {
    "html": "<script>alert(1)</script>",
    "sql": "'; DROP TABLE ps_orders; -- ",
    "control characters": "a\x01\x1b[31mb\x7f\x85",
    "NUL": "a\x00b",
    "lone surrogate": "a\ud800b\udc00",
    "right to left": "\u202eabc\u202c مرحبا",
    "emoji": "👩‍👩‍👧‍👦🇮🇹😀",
    "combining": "Z" + "\u0301" * 40,
    "format string": "%s%n{0}{order_id}",
}

Change = Callable[[Any, random.Random], Any]


def _to(value: Any) -> Change:
    return lambda _old, _chance: value if value is GONE else copy.deepcopy(value)


def _numbered(old: list[Any], number: int) -> Any:
    entry = copy.deepcopy(old[0]) if old else {}
    if isinstance(entry, dict) and "orderItemId" in entry:
        entry["orderItemId"] = f"{number:014}"
    return entry


def _nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"deeper": [value]}
    return value


def _without_one(old: Mapping[str, Any], chance: random.Random) -> Any:
    lost = chance.choice(sorted(old)) if old else ""
    return {key: value for key, value in old.items() if key != lost}


ANY: dict[str, Change] = {
    "missing": _to(GONE),
    "null": _to(None),
    "empty text": _to(""),
    "blank text": _to(" \t\n "),
    "empty list": _to([]),
    "empty object": _to({}),
    "true": _to(True),
    "zero": _to(0),
    "negative": _to(-1),
    "whole number": _to(7),
    "huge number": _to(10**40),
    "fraction": _to(1.5),
    "huge fraction": _to(1e308),
    "NaN": _to(float("nan")),
    "infinity": _to(float("-inf")),
    "long text": _to("ä" * 70_000),
    "in a list": lambda old, _chance: [old],
    "in an object": lambda old, _chance: {"value": old},
    "nested deeply": lambda _old, _chance: _nested(60),
    "as text": lambda old, _chance: json.dumps(old)[:200],
    **{name: _to(text) for name, text in HOSTILE.items()},
}
BY_KIND: dict[str, dict[str, Change]] = {
    "object": {
        "extra fields": lambda old, _chance: {**old, "orderIds": [1], "__proto__": {}, "": None, "new": "field"},
        "without one field": _without_one,
    },
    "list": {
        "thousands": lambda old, _chance: (old * THOUSANDS)[:THOUSANDS] if old else [{}] * THOUSANDS,
        "thousands with ids of their own": lambda old, _chance: [_numbered(old, n) for n in range(THOUSANDS)],
        "twice": lambda old, _chance: old + old,
        "with null": lambda old, _chance: [None, *old],
        "with another type": lambda old, _chance: [*old, 5, "x", []],
    },
    "time": {
        name: _to(text)
        for name, text in {
            "without zone": "2026-11-22T18:30:00",
            "only a day": "2026-11-22",
            "year 9999": "9999-12-31T23:59:59Z",
            "year 1": "0001-01-01T00:00:00+14:00",
            "year 1970": "1970-01-01T00:00:00Z",
            "hour 24": "2026-11-22T24:00:00Z",
            "second 60": "2026-12-31T23:59:60Z",
            "day 31 of a short month": "2026-11-31T00:00:00Z",
            "odd offset": "2026-11-22T18:30:00+25:99",
            "far offset": "2026-11-22T18:30:00-14:00",
            "long fraction": "2026-11-22T18:30:00.123456789012Z",
            "epoch": 1_763_836_200,
            "digits of another script": "٢٠٢٦-11-22T18:30:00Z",
        }.items()
    },
    "count": {
        name: _to(value)
        for name, value in {
            "as text": "2",
            "as a whole fraction": 2.0,
            "a million": 1_000_000,
            "a billion": 10**9,
            "false": False,
            "NaN as text": "NaN",
        }.items()
    },
    "amount": {
        name: _to(value)
        for name, value in {
            "NaN as text": "NaN",
            "infinity as text": "-Infinity",
            "with exponent": "1e5",
            "with comma": "1,50",
            "minus nought": "-0.00",
            "below nought": "-24.40",
            "nought": "0",
            "leading noughts": "00012.50",
            "fifteen digits": "999999999999999.99",
            "thirty digits": "1" * 30,
            "many decimals": "1.0000000001",
            "endless decimals": "0." + "3" * 60,
            "digits of another script": "١٢",
            "with space": " 1.00 ",
            "with plus": "+1.00",
            "a cent more": "24.41",
            "as a number": 24.4,
        }.items()
    },
    "currency": {
        name: _to(value)
        for name, value in {
            "another": "USD",
            "unknown": "XXX",
            "small letters": "eur",
            "a sign": "€",
            "too long": "EURO",
            "without decimals": "JPY",
        }.items()
    },
    "word": {
        name: _to(value)
        for name, value in {
            "unknown": "SOMETHING_NEW",
            "shipped": "SHIPPED",
            "cancelled in another spelling": "Canceled",
            "pending": "PENDING",
            "for Amazon": "AMAZON",
            "another type of money": "OTHER",
        }.items()
    },
    "text": {"a word": _to("x"), "many lines": _to("a\r\nb\u2028c\n" * 50), "digits": _to("1234567890" * 30)},
}


def mutations_of(path: Path, value: Any) -> dict[str, Change]:
    """All that can happen to a field."""
    return {**ANY, **BY_KIND[kind_of(path, value)]}


def at(order: Any, path: Path) -> Any:
    """The value at a place; GONE where earlier mutations have taken it away."""
    for key in path:
        there = key in order if isinstance(order, dict) else isinstance(order, list) and isinstance(key, int)
        if not there or (isinstance(order, list) and isinstance(key, int) and key >= len(order)):
            return GONE
        order = order[key]
    return order


def put(order: Any, path: Path, value: Any) -> None:
    """Set, or with GONE take out, the value at a place that is there."""
    parent = at(order, path[:-1]) if path[:-1] else order
    if value is GONE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value


def pairs() -> list[tuple[Path, str]]:
    """Every field with every mutation of its kind."""
    order = full_order("402-0000000-0000000")
    return [(path, name) for path in paths(order) for name in mutations_of(path, at(order, path))]


def mutated(order: dict[str, Any], path: Path, name: str, chance: random.Random) -> bool:
    """Mutate a place in an order; False where it is not there any more."""
    old = at(order, path)
    if old is GONE:
        return False
    put(order, path, mutations_of(path, old)[name](old, chance))
    return True


def payloads(number: int, seed: int) -> Iterator[tuple[dict[str, Any], str]]:
    """Given a number and a seed, yield so many orders, each with a note of what is wrong with it: every field with
    every mutation alone, in a seeded order, then mixtures."""
    return islice(chain(single_payloads(seed), mixed_payloads(seed)), number)


def single_payloads(seed: int) -> Iterator[tuple[dict[str, Any], str]]:
    """One mutation of one field each."""
    chance = random.Random(seed)
    singles = pairs()
    chance.shuffle(singles)
    for number, (path, name) in enumerate(singles):
        order = full_order(_order_id(number, chance))
        mutated(order, path, name, chance)
        yield order, _note(path, name)


def mixed_payloads(seed: int) -> Iterator[tuple[dict[str, Any], str]]:
    """Two to six mutations each, of orders in several states of both channels; without end."""
    chance = random.Random(-seed)
    places = list(paths(full_order("402-0000000-0000000")))
    for number in count(1_000_000):
        channel = chance.choice(["MERCHANT", "MERCHANT", "AMAZON"])
        status = chance.choice(["UNSHIPPED", "UNSHIPPED", "SHIPPED", "PARTIALLY_SHIPPED", "PENDING", "CANCELLED"])
        order = full_order(_order_id(number, chance), channel=channel, status=status)
        notes: list[str] = []
        for path in chance.choices(places, k=chance.randint(2, 6)):
            old = at(order, path)
            if old is not GONE:
                name = chance.choice(sorted(mutations_of(path, old)))
                mutated(order, path, name, chance)
                notes.append(_note(path, name))
        yield order, "; ".join(notes)


def _order_id(number: int, chance: random.Random) -> str:
    return f"{chance.choice('123')}{chance.randrange(100):02}-{chance.randrange(10**7):07}-{number % 10**7:07}"


def _note(path: Path, name: str) -> str:
    return f"{'.'.join(map(str, path))}: {name}"
