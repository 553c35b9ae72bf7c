"""PHP literals as PHP reads them, and nothing that PHP would have to compute."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.config.php_parameters import PhpError, read_array_entries, read_defines

LITERALS = [
    (r"'plain'", "plain"),
    (r"'it\'s \\ \n $x'", r"it's \ \n $x"),
    (r"'ends with \\'", "ends with \\"),
    (r'"a\tb\n\"\\\$x"', 'a\tb\n"\\$x'),
    (r'"\r\v\e\f"', "\r\v\x1b\f"),
    (r'"\x41\101\u{20AC}\q\x"', "AA€\\q\\x"),
    (r'"\777\7\x7\x410"', "\xff\x07\x07A0"),
    (r'"\u{D7FF}\u{D800}\u{DFFF}\u{E000}"', "\ud7ff\\u{D800}\\u{DFFF}\ue000"),
    (r'"\u{10FFFF}\u{110000}\u{0}"', "\U0010ffff\\u{110000}\x00"),
    ("-3.5", "-3.5"),
    (r'"costs 5$ or $ 5"', "costs 5$ or $ 5"),
    ("'# not // a /* comment'", "# not // a /* comment"),
    ("'),\n('", "),\n("),
    ("3306", "3306"),
    ("NULL", ""),
    ('"pa$word"', None),
    ('"pa{$word}"', None),
    (r'"pa\\$word"', None),
    ('"pa${word}"', None),
    ("getenv('DB')", None),
    ("'a' . 'b'", None),
    ("$password", None),
    ("PHP_EOL", None),
    ("'a' ?: 'b'", None),
]


@pytest.mark.parametrize(("literal", "value"), LITERALS, ids=[literal for literal, _ in LITERALS])
def test_a_literal_is_read_as_php_reads_it(literal: str, value: str) -> None:
    entries = read_array_entries(f"<?php return array('a' => array( 'key'=>{literal}, 'z' => 'end'));")
    assert entries["key"] == value
    assert type(entries["key"]) is type(value)
    assert entries["z"] == "end"
    defines = read_defines(f"<?php define( 'KEY' , {literal} ) ; define('Z', 'end');")
    assert defines["KEY"] == value
    assert defines["Z"] == "end"


def test_comments_are_no_code() -> None:
    source = """<?php # 'a' => 'x',
    // 'a' => 'x', define('A', 'x'); it's
    /* 'a' => 'x', define('A', 'x'); */
    $config = ['a' /* key */ => // value
      'y', ]; define('A', 'y'); ?>"""
    assert read_array_entries(source) == {"a": "y"}
    assert read_defines(source) == {"A": "y"}


def test_the_last_entry_and_the_first_constant_win() -> None:
    assert read_array_entries("<?php return ['a' => 'x', 'a' => 'y'];")["a"] == "y"
    assert read_defines("<?php define('A', 'x'); define('A', 'y');")["A"] == "x"


def test_arrays_are_left_out() -> None:
    assert read_array_entries("<?php return ['a' => ['b' => 'c'], 'd' => array('e')];") == {"b": "c"}


def test_a_string_without_end_is_named_by_its_line() -> None:
    with pytest.raises(PhpError, match="begins in line 2 has no end"):
        read_defines("<?php\ndefine('A, 'x');")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_what_var_export_writes_is_read_back(text: str) -> None:
    """PrestaShop writes parameters.php with var_export: single quotes, with \\ and ' escaped."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    assert read_array_entries(f"<?php return array (\n  'k' => '{escaped}',\n);") == {"k": text}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_array_entries, read_defines):
        with suppress(PhpError):
            assert all(isinstance(value, str) for value in read(text).values())


def test_a_constant_may_be_said_to_be_the_same_in_small_letters() -> None:
    assert read_defines("<?php define('A', 'x', true); define('B', 'x' . 'y', true);") == {"A": "x", "B": None}


def test_what_ends_too_early_sets_nothing() -> None:
    assert read_array_entries("<?php return ['a' => 'x'") == {"a": None}
    assert read_array_entries("<?php return ['a' =>") == {}
    assert read_defines("<?php define('A', 'x'") == {"A": None}
    assert read_defines("<?php define('A',") == {}
    assert read_defines("<?php DEFINE('A', 'x') . define ('B', 'y')") == {"A": "x", "B": "y"}
    assert read_defines("<?php undefine('A', 'x'); define['B', 'x']; define('C'; 'x');") == {}
