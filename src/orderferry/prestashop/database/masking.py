"""Mask what a server says about a row that it refuses, so that it can be shown. Pure.

Names of tables and a module author's own sentence stay, values of the row go: servers quote values ("Duplicate entry
'mario@…' for key 'email'"), and a trigger's author may put any column into the text of a SIGNAL.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import fields, is_dataclass

from orderferry.domain.orders import Order
from orderferry.domain.text import plain_name

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
_IMPERSONAL = frozenset({"kind", "entity", "country"})  # fields of addresses and registrations with Amazon's own codes
_FOUND_WITHIN = 4  # letters: so long a personal word is masked within longer words, too
# Chinese, Japanese and Korean letters, between which words need no space; as `plain_name` leaves them.
_UNSPACED = (("\u1100", "\u11ff"), ("\u3040", "\u30ff"), ("\u3400", "\u9fff"), ("\uac00", "\ud7af"))
_MASKS = re.compile(rf"{MASK}(?:[\s,;.:'\"-]*{MASK})+")
_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")


def mask_server_text(text: str, number: int, order: Order, names: Collection[str]) -> str:
    """Return a server's text about a refused row without anything of the buyer's; '' for none.

    `number`: the error's; `order`: whose row it was; `names`: of the shop's tables, columns and triggers. Masked are
    the order's names and places, word by word and however they are spelled, e-mail addresses, long numbers, and, except
    in a module author's own sentence, all that is quoted and is no name of the shop's.
    """
    shown = _DUPLICATE.sub(rf"\1'{MASK}'\2", " ".join(text.split()))
    shown = "".join(letter for letter in shown if letter.isprintable())
    if number not in _SIGNAL and number not in _NAMES_ONLY and not _DUPLICATE.search(shown):
        known = {name.casefold() for name in names} | _BETWEEN
        shown = _QUOTED.sub(lambda match: _only_names(match[0], known), shown)
    kept = frozenset() if number in _SIGNAL else frozenset(name.casefold() for name in names)
    if number not in _NAMES_ONLY:
        shown = _EMAIL.sub(MASK, shown)
    shown = _LONG_NUMBER.sub(lambda match: match[0] if _ORDER_ID.fullmatch(match[0]) else MASK, shown)
    shown = _mask_personal(shown, _personal_words(order), kept)
    shown = _MASKS.sub(MASK, shown).strip()
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1].rstrip() + MASK


def _personal_words(order: Order) -> frozenset[str]:
    """Return every word of the order's buyer and addresses, in the form of `plain_name`."""
    people = (order.buyer, order.delivery_address, order.tax_registrations)
    texts = [*_texts(people), *(item.gift_message for item in order.items)]
    words = [word for text in texts for word in plain_name(text).split()]
    return frozenset(word for word in words if len(word) > 1 or _is_unspaced(word))


def _is_unspaced(word: str) -> bool:
    return any(first <= letter <= last for letter in word for first, last in _UNSPACED)


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list | frozenset | set):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in _IMPERSONAL:
                yield from _texts(getattr(value, field.name))


def _only_names(quoted: str, known: Collection[str]) -> str:
    pieces = re.split(r"([\w$]+)", quoted)
    return "".join(
        piece if number % 2 == 0 or piece.casefold() in known else MASK for number, piece in enumerate(pieces)
    )


def _mask_personal(text: str, personal: frozenset[str], kept: frozenset[str]) -> str:
    within = [word for word in personal if len(word) >= _FOUND_WITHIN or _is_unspaced(word)]

    def is_personal(word: str) -> bool:
        plain = plain_name(word)
        return word.casefold() not in kept and (plain in personal or any(part in plain for part in within))

    return re.sub(r"[^\W_]+", lambda match: MASK if is_personal(match[0]) else match[0], text)
