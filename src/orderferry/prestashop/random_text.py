"""Texts that nobody can guess."""

from __future__ import annotations

import secrets


def random_text(alphabet: str, length: int) -> str:
    """Given an alphabet, return so many of its letters, each as likely as any other.

    One number is drawn from the system's source for the whole text: a call for each letter is what costs.
    """
    base = len(alphabet)
    number = secrets.randbelow(base**length)
    letters = []
    for _ in range(length):
        number, letter = divmod(number, base)
        letters.append(alphabet[letter])
    return "".join(letters)
