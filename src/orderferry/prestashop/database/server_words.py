"""What a server says of a row that it refuses, fit to be shown: names of tables and the module author's own sentence
stay, values of the row go. Pure.

Servers quote values ("Duplicate entry 'mario@…' for key 'email'"), and a trigger's author may put any column into the
text of a SIGNAL.

The triggers that other programs have put on the shop's tables, as far as this database user may see them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache

import sqlalchemy as sa

from orderferry.domain.orders import Order
from orderferry.domain.text import plain_name
from orderferry.prestashop.database.values import as_text

MASK = "…"
_LONGEST = 200
# Errors whose text quotes names only: of columns, tables, constraints, triggers, accounts.
_NAMES_ONLY = frozenset(
    (
        *(1048, 1054, 1136, 1142, 1143, 1146, 1227, 1235, 1305, 1364, 1370, 1415, 1422, 1442, 1449, 1451, 1452),
        *(1906, 3105, 3819, 4025),
    )
)
_SIGNAL = (0, 1644)  # the text is the author's own; SQLite's RAISE has no number
_DUPLICATE = re.compile(r"(Duplicate entry )'.*'( for key '[\w.$-]+')", re.DOTALL)
_QUOTED = re.compile(r"['\"].*['\"]", re.DOTALL)
_EMAIL = re.compile(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+")
_LONG_NUMBER = re.compile(r"(?<![\w-])\+?\d(?:[ ./()-]{0,2}\d){6,}(?![\w-])")
# What stands between two quoted names in the texts of servers.
_BETWEEN = frozenset("for key column at row in of on from table trigger constraint and".split())  # noqa: SIM905
_NOBODYS = frozenset({"kind", "entity", "country"})  # words of Amazon's, in addresses and registrations
_TELLING = 4  # letters from which a word is looked for within others, too
# Chinese, Japanese and Korean letters, between which words need no space; as `plain_name` leaves them.
_UNSPACED = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MASKS = re.compile(rf"{MASK}(?:[\s,;.:'\"-]*{MASK})+")
_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")


def server_words(text: str, number: int, order: Order, names: Collection[str]) -> str:
    """Given a server's text about a refused row and its error number, the order whose row it was, and the names of the
    shop's tables, columns and triggers, return the text without anything of the buyer's; '' for none.

    Masked are what the order says of people and places, word by word and however it is spelled, e-mail addresses, long
    numbers, and, but in a module author's own sentence, whatever is quoted and is no name of the shop's.
    """
    told = _DUPLICATE.sub(rf"\1'{MASK}'\2", " ".join(text.split()))
    told = "".join(letter for letter in told if letter.isprintable())
    if number not in _SIGNAL and number not in _NAMES_ONLY and not _DUPLICATE.search(told):
        known = {name.casefold() for name in names} | _BETWEEN
        told = _QUOTED.sub(lambda match: _only_names(match[0], known), told)
    kept = frozenset() if number in _SIGNAL else frozenset(name.casefold() for name in names)
    if number not in _NAMES_ONLY:
        told = _EMAIL.sub(MASK, told)
    told = _LONG_NUMBER.sub(lambda match: match[0] if _ORDER_ID.fullmatch(match[0]) else MASK, told)
    told = _without_words(told, personal_words(order), kept)
    told = _MASKS.sub(MASK, told).strip()
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1].rstrip() + MASK


def personal_words(order: Order) -> frozenset[str]:
    """Return every word that the order says of its buyer and of where it goes, in the form of `plain_name`."""
    people = (order.buyer, order.delivery_address, order.tax_registrations)
    texts = [*_texts(people), *(item.gift_message for item in order.items)]
    words = [word for text in texts for word in plain_name(text).split()]
    return frozenset(word for word in words if len(word) > 1 or _UNSPACED.search(word))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list | frozenset | set):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in _NOBODYS:
                yield from _texts(getattr(value, field.name))


def _only_names(quoted: str, known: Collection[str]) -> str:
    pieces = re.split(r"([\w$]+)", quoted)
    return "".join(
        piece if number % 2 == 0 or piece.casefold() in known else MASK for number, piece in enumerate(pieces)
    )


def _without_words(text: str, personal: frozenset[str], kept: frozenset[str]) -> str:
    telling = [word for word in personal if len(word) >= _TELLING or _UNSPACED.search(word)]

    @cache
    def is_personal(word: str) -> bool:
        """Return whether a word, or a part of it, is the buyer's."""
        plain = plain_name(word)
        return word.casefold() not in kept and (plain in personal or any(part in plain for part in telling))

    return re.sub(r"[^\W_]+", lambda match: MASK if is_personal(match[0]) else match[0], text)


_MYSQL = sa.text("""
    SELECT trigger_name AS name, event_object_table AS on_table, event_manipulation AS event,
           action_timing AS timing, definer AS definer
    FROM information_schema.triggers
    WHERE event_object_schema = DATABASE() AND event_object_table IN :names
    ORDER BY event_object_table, trigger_name
""").bindparams(sa.bindparam("names", expanding=True))

_SQLITE = sa.text("""
    SELECT name AS name, tbl_name AS on_table, '' AS event, '' AS timing, '' AS definer
    FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :names ORDER BY tbl_name, name
""").bindparams(sa.bindparam("names", expanding=True))


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger. `event` is INSERT, UPDATE or DELETE ('' where the database does not say), `definer` user@host."""

    name: str
    table: str
    event: str = ""
    timing: str = ""
    definer: str = ""

    def __str__(self) -> str:
        when = f" {self.timing} {self.event}".rstrip()
        return f"{self.name} ({when.strip()} on {self.table})" if when else f"{self.name} (on {self.table})"


def read_triggers(connection: sa.Connection, names: Iterable[str]) -> list[Trigger]:
    """Given table names with their prefix, return the triggers on them. A MySQL user without the right TRIGGER on a
    table sees none of its triggers."""
    statement = _SQLITE if connection.dialect.name == "sqlite" else _MYSQL
    rows = connection.execute(statement, {"names": sorted(names)}).mappings()
    return [
        Trigger(*(as_text(row[column]) for column in ("name", "on_table", "event", "timing", "definer")))
        for row in rows
    ]
