"""Whatever stands in a configuration: it loads, or it is a ConfigError; never another exception."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from orderferry.config.example import render_example
from orderferry.config.keys import KEYS, OVERRIDES
from orderferry.config.load import load_settings
from orderferry.config.model import Settings
from orderferry.errors import ConfigError
from support.configuration import MINIMAL, write

EXAMPLE = render_example()
# What the mutations begin with: a good one, the example, and the example with every key in force.
BASES = (MINIMAL, EXAMPLE, EXAMPLE.replace("\n#", "\n").replace("\n ", "\n# "))
VALUES = st.sampled_from(
    [
        *(
            '""',
            '"x"',
            "0",
            "-1",
            "1.5",
            "nan",
            "-inf",
            "1e999999999999999999999",
            "true",
            "[]",
            "{}",
            "[[]]",
            "07:32:00",
        ),
        *("[1]", '["IT", "US"]', "{ a = 1 }", "1979-05-27", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
        *(
            '"https://[::1"',
            '"http://127.0.0.1"',
            '"mysql://u:p@[h/d"',
            '"sqlite:///x"',
            '"\\u0000"',
            '"~/x"',
            '"~nobody-x"',
        ),
        *('"36h"', '"999999999999w"', '"."', '"/"', '"/dev/null"', '"' + "x" * 300 + '"', "0x" + "f" * 4000),
    ]
)
NAMES = st.sampled_from(
    [
        *(key.name.replace("<", "").replace(">", "") for key in (*KEYS, *OVERRIDES)),
        *(key.file_key for key in KEYS if key.file_key),
        *("amazon", "marketplace", "marketplace.IT", "marketplace.GB.taxes.fr", "products.map", "x", '""', '"a.b"'),
    ]
)
MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, len(EXAMPLE)),
        st.integers(0, 12),
        st.one_of(
            st.sampled_from(['"', "'", "=", "[", "]", "\n", ".", "{", "}", "#", ",", "\\", '"""', "\x00"]),
            st.text(max_size=3),
        ),
    ),
    min_size=1,
    max_size=6,
)


def load_or_refuse(text: str, environ: dict[str, str]) -> Settings | None:
    """Load a text; a ConfigError must be one that a person can read."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), "")
        with suppress(UnicodeEncodeError):  # lone surrogates can't stand in a file
            path.write_text(text, encoding="utf-8", newline="")
        error: ConfigError
        try:
            return load_settings(path, environ)
        except ConfigError as caught:
            error = caught
        for sentence in (error.message, *error.problems):
            assert "config.toml" in sentence
            assert "\n" not in sentence
            assert len(sentence) < 700
        return None


@given(st.sampled_from(BASES), MUTATIONS)
def test_a_mutated_configuration_loads_or_is_refused(text: str, mutations: list[tuple[int, int, str]]) -> None:
    for anywhere, removed, inserted in mutations:
        position = anywhere % len(text)
        text = text[:position] + inserted + text[position + removed :]
    load_or_refuse(text, {})


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.booleans())
@example([("prestashop.from", '"/"')], False)
@example([("include", '"config.toml"')], True)
def test_any_values_of_any_keys_load_or_are_refused(pairs: list[tuple[str, str]], complete: bool) -> None:
    """As dotted keys before the tables of a good configuration, which they may collide with."""
    text = "".join(f"{name} = {value}\n" for name, value in pairs)
    load_or_refuse(text + (MINIMAL if complete else ""), {})


@given(st.text(max_size=200))
def test_any_text_loads_or_is_refused(text: str) -> None:
    load_or_refuse(text, {})


@given(st.dictionaries(st.sampled_from([key.variable for key in KEYS if key.variable]), st.text(max_size=30)))
def test_any_environment_loads_or_is_refused(environ: dict[str, str]) -> None:
    load_or_refuse(MINIMAL, environ)
