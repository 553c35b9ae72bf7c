"""Texts of strangers, made harmless before they reach the back office."""

from __future__ import annotations


def harmless(text: str) -> str:
    """Given a text, return it without angle brackets and control characters: nothing in it is markup any more, and
    the letters, line breaks apart, are all printable (lone surrogates and NUL are not)."""
    swapped = text.replace("<", "‹").replace(">", "›")
    if swapped.replace("\n", "").isprintable():
        return swapped
    return "".join(character for character in swapped if character == "\n" or character.isprintable())
