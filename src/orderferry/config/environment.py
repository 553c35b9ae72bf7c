"""Environment variables that look like orderferry's own and are none: a misspelled secret would silently not count."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from orderferry.config.find import VARIABLE
from orderferry.config.keys import KEYS

_OURS = "ORDERFERRY_"
KNOWN_VARIABLES = frozenset({VARIABLE, *(key.variable for key in KEYS if key.variable)})


def unknown_variables(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Given names of environment variables, return those that begin like ours and are not, each with the nearest
    one that is ('' when none is near)."""
    strange = sorted(name for name in names if name.upper().startswith(_OURS) and name not in KNOWN_VARIABLES)
    return tuple((name, _nearest(name)) for name in strange)


def _nearest(name: str) -> str:
    """What all of them begin with would make any two look alike: only the rest is compared."""
    rests = {known.removeprefix(_OURS): known for known in sorted(KNOWN_VARIABLES)}
    near = difflib.get_close_matches(name.upper().removeprefix(_OURS), rests, n=1, cutoff=0.6)
    return rests[near[0]] if near else ""
