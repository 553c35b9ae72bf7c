"""Finding what a configuration names by id or by name, and the sentence when it names nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from orderferry.errors import ShopUnfit

_LISTED = 15


def choose(word: str, choices: Mapping[int, Collection[str]], key: str, what: str) -> int:
    """Given an id or a name, what there is (ids with their names), the configuration's key and a word for the kind of
    thing, return the id.

    A name is taken as written, else in any case. Raise ShopUnfit naming the key and what there is when nothing, or
    more than one thing, is meant.
    """
    word = word.strip()
    if word.isdecimal() and int(word) in choices:
        return int(word)
    exact = [id_ for id_, names in choices.items() if word in names]
    folded = word.casefold()
    found = exact or [id_ for id_, names in choices.items() if folded in {name.casefold() for name in names}]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(map(str, sorted(found)))
        raise ShopUnfit(f"{key} = {word!r} names several {what}s of the shop.", hint=f"Write one of their ids: {ids}.")
    raise unknown_choice(word, choices, key, what)


def unknown_choice(word: str, choices: Mapping[int, Collection[str]], key: str, what: str) -> ShopUnfit:
    """The sentence for a configured thing that the shop does not have, with those that it has."""
    listed = [f"{id_} {next(iter(names), '')}".strip() for id_, names in sorted(choices.items())]
    more = ", …" if len(listed) > _LISTED else ""
    there = ", ".join(listed[:_LISTED]) + more if listed else "none"
    return ShopUnfit(f"{key} = {word!r}: the shop has no such {what}.", hint=f"There are: {there}.")
