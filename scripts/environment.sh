# Sourced by scripts/demo and scripts/test: makes .venv with Python 3.11 or newer and this checkout in it.
# Usage: make_environment FOLDER EXTRAS [PIP OPTIONS…]      (EXTRAS: "", or "[dev]": without options what is locked)

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    say "orderferry needs Python 3.11 or newer, and none was found."
    say "On Debian 12 or newer: apt-get install python3 python3-venv   Elsewhere: https://docs.astral.sh/uv/ (uv python install)"
    return 1
}

install_packages() {
    # Debian packages, where we may: as root, or with a sudo that asks for no password.
    if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else return 1; fi
    command -v apt-get >/dev/null 2>&1 || return 1
    say "Installing $* …"
    $as_root apt-get update -qq >/dev/null && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null 2>&1
}

install_servers() {
    # What the tests start themselves: a MariaDB server (a private one on a temporary folder) and PHP for the bridge.
    if ! command -v mariadbd >/dev/null 2>&1 && [ ! -x /usr/sbin/mariadbd ]; then
        install_packages mariadb-server || {
            say "The tests need a MariaDB server, and it could not be installed from here."
            say "Install it, it need not run:   sudo apt-get install mariadb-server   (then start this command again)"
            return 1
        }
    fi
    if ! php -m 2>/dev/null | grep -qx pdo_mysql; then
        install_packages php-cli php-mysql || {
            say "The tests of the PHP bridge need PHP's command line with pdo_mysql, and it could not be installed from here."
            say "Install it:   sudo apt-get install php-cli php-mysql   (then start this command again)"
            return 1
        }
    fi
}

make_environment() {
    folder=$1 extras=$2
    shift 2
    python=$(find_python) || return 1
    # pip takes a package whose unpacking was cut off for installed: an installation that did not end begins anew.
    if [ -e "$folder/.unfinished" ]; then rm -rf "$folder"; fi
    if ! has_pip; then
        # A Debian without python3-venv has no ensurepip: venv fails half-way and leaves a folder behind.
        if ! "$python" -m venv "$folder" >/dev/null 2>&1; then
            rm -rf "$folder"
            install_packages python3-venv || { say "Python's venv module is missing: apt-get install python3-venv"; return 1; }
        fi
        has_pip || "$python" -m venv --clear "$folder" || return 1
    fi
    stamp="$folder/.installed-$(cat pyproject.toml scripts/environment.sh requirements/dev.txt | cksum | tr ' ' '-')$(printf '%s' "$extras$*" | cksum | tr ' ' '-')"
    if [ ! -e "$stamp" ]; then
        say "Installing orderferry and what it needs into $folder (once) …"
        touch "$folder/.unfinished"
        if [ "$extras" = "[dev]" ] && [ $# = 0 ]; then
            # The tests: what scripts/lock has locked, file by file; nothing that is not listed there comes in.
            pip_install --require-hashes --requirement requirements/dev.txt &&
                pip_install --no-deps --no-build-isolation --editable . && finish && return 0
        else
            pip_install "$@" --editable ".$extras" && finish && return 0
        fi
        rm -f "$folder/.unfinished"  # pip has taken back what it began
        say "pip could not install the dependencies: is the package index reachable from here?"
        return 1
    fi
}

has_pip() {
    [ -x "$folder/bin/python" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1
}

finish() {
    touch "$stamp" && rm -f "$folder/.unfinished"
}

pip_install() {
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}
