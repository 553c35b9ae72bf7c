"""Why no connection to the shop's database could be made: a sentence for each cause that a webmaster can mend."""

from __future__ import annotations

import socket
import ssl

from orderferry.errors import ShopError, ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.error_numbers import error_number
from orderferry.prestashop.database.rights import Access

_ACCESS_DENIED = (1045, 1698)
_UNKNOWN_DATABASE = 1049
_HOST_NOT_ALLOWED = 1130
_NO_TLS = 2026
_AUTHENTICATION = (2061, 1251)


def connection_sentence(original: BaseException, access: Access) -> ShopError:
    """Given the error of a failed connection, return the sentence for it. Passwords never appear."""
    error = _sentence(original, access, error_number(original))
    if access.shop_file and not error.hint.startswith(access.shop_file):
        error.hint += f" What the configuration does not give itself is read from {access.shop_file} (prestashop.from)."
    return error


def _sentence(original: BaseException, access: Access, number: int) -> ShopError:
    if number in _ACCESS_DENIED:
        return ShopUnfit(
            f"The shop's database at {access.location} refuses the user {access.user!r} or its password "
            f"(error {number}).",
            hint=_password_hint(access),
            keys=("prestashop.user", "prestashop.password"),
        )
    if number == _UNKNOWN_DATABASE:
        return ShopUnfit(
            f"The database server at {access.location} has no database {access.database!r}.",
            hint="Check prestashop.database; the shop's own parameters.php names it.",
            keys=("prestashop.database",),
        )
    if number == _HOST_NOT_ALLOWED:
        return ShopUnfit(
            f"The database server at {access.location} takes no connections from this host.",
            hint="Add this host's address to the addresses that the hosting panel allows for remote MySQL.",
            keys=("prestashop.host", "prestashop.port"),
        )
    if number in _AUTHENTICATION:
        return ShopUnfit(
            f"The database server at {access.location} asks for a way of logging in that can't be used here.",
            hint="Configure TLS (prestashop.ssl_ca), or give the user mysql_native_password or caching_sha2_password.",
        )
    return _network(original, access, number)


def _password_hint(access: Access) -> str:
    if access.shop_file:
        return (
            f"{access.shop_file} (prestashop.from) has this password: does the shop itself still work? If it does, the "
            "user may not connect from this host; give orderferry a user of its own (docs/database-rights.md)."
        )
    return (
        "Check prestashop.user and prestashop.password (a password with @ : / % must be percent-encoded in "
        "prestashop.url), and that the user may connect from this host."
    )


def _network(original: BaseException, access: Access, number: int) -> ShopError:
    cause = getattr(original, "original_exception", original)
    keys: tuple[str, ...] = ("prestashop.host", "prestashop.port")
    if isinstance(cause, ssl.SSLError) or number == _NO_TLS:
        return _tls(cause, access)
    if isinstance(cause, socket.gaierror):
        sentence, hint = "is unknown: its name can't be resolved", "Check prestashop.host."
        keys = ("prestashop.host",)
    elif isinstance(cause, ConnectionRefusedError):
        sentence = "refuses connections"
        hint = "Check prestashop.host and prestashop.port, and that the database server runs."
    elif isinstance(cause, TimeoutError):
        sentence = "did not answer in time"
        hint = "Check prestashop.host and the firewall, or raise prestashop.timeout."
    elif isinstance(cause, FileNotFoundError):
        sentence = "can't be reached: there is no such socket"
        hint = "Check prestashop.socket, and that the database server runs."
    elif isinstance(cause, PermissionError):
        sentence = "can't be reached: the socket may not be opened by this user"
        hint = "Run orderferry as a user that may open prestashop.socket."
    else:
        sentence = "can't be reached"
        hint = "Check [prestashop] in the configuration, and the network; the next run tries again."
    return ShopUnavailable(f"The shop's database at {access.location} {sentence}.", hint=hint, keys=keys)


def _tls(cause: BaseException, access: Access) -> ShopError:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ShopUnfit(
            f"The certificate of the database server at {access.location} can't be trusted: {cause.verify_message}",
            hint="prestashop.ssl_ca must be the authority that signed it, and prestashop.host the name in it.",
        )
    return ShopUnfit(
        f"No TLS connection to the database server at {access.location} could be made.",
        hint="prestashop.ssl_ca demands TLS: turn it on at the server, or take ssl_ca out for a local database.",
    )
