#!/bin/sh
# Makes this project's own environment in .venv, from requirements.lock, and does nothing where it is already made.
#
#   sh scripts/setup.sh         fetch uv into .tools, make .venv, install what the lock names and then the project itself
#   sh scripts/setup.sh tools   only fetch uv into .tools
#
# Every file that is fetched is checked against a hash in setup.lock or requirements.lock. Nothing is installed outside
# this folder. PYTHON=… chooses the Python to use. A step counts as done once its mark in .venv holds the hash of what it
# was done from; whatever was left half-done before that is done again.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/.."
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX 2>/dev/null || :

log=.tools/setup.log
packages_mark=.venv/.packages
project_mark=.venv/.project
uv=.tools/py/bin/uv
need='3.11'

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then printf ''; else printf 'sudo '; fi; }

# The version of a Python, such as 3.12.3; the status says whether it is new enough.
version_of() {
    "$1" -I -c 'import sys; print("%d.%d.%d" % sys.version_info[:3]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# One hash of the files named, of the Python in .venv, and of where it is: it cannot be moved.
fingerprint() {
    .venv/bin/python -I -S -c '
import hashlib, os, sys
h = hashlib.sha256(os.getcwdb() + b"\0%d.%d" % sys.version_info[:2])
for name in sys.argv[1:]:
    with open(name, "rb") as f:
        h.update(hashlib.sha256(f.read()).digest())
print(h.hexdigest())' "$@" 2>/dev/null
}

# marked MARK FILE…: was this step done, from these files as they are now?
marked() {
    mark=$1
    shift
    [ -f "$mark" ] && [ "$(cat "$mark")" = "$(fingerprint "$@")" ]
}

set_mark() {
    mark=$1
    shift
    fingerprint "$@" >"$mark.new"
    mv "$mark.new" "$mark"
}

packages_made() { marked "$packages_mark" requirements.lock scripts/setup.sh; }
project_made() { marked "$project_mark" requirements.lock scripts/setup.sh pyproject.toml && [ -x .venv/bin/ci-analysis ]; }

# Whatever Python made .venv is kept, unless PYTHON asks for another.
python_is_right() {
    [ -n "${PYTHON:-}" ] && asked=$(version_of "$PYTHON") && has=$(version_of .venv/bin/python) || return 0
    [ "${asked%.*}" = "${has%.*}" ]
}

# PYTHON where it is new enough, else the first that is and has pip, else the first that is; sets python and version.
find_python() {
    python='' version='' newest='' newest_name=''
    for name in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        path=$(command -v "$name" 2>/dev/null) || continue
        if found=$(version_of "$path"); then
            if [ "$name" = "${PYTHON:-}" ] || has_pip "$path"; then
                python=$path version=$found
                return
            fi
            [ -n "$python" ] || { python=$path version=$found; }
        elif [ -n "$found" ] && [ -z "$newest" ]; then
            newest=$found newest_name=$name
        fi
    done
    [ -z "$python" ] || return 0
    if [ -n "$newest" ]; then
        said="The Python found here is $newest ($newest_name); this project needs Python $need or newer."
    else
        said="No Python was found here; this project needs Python $need or newer."
    fi
    fail "$said Install it, then run the same command again:
  Debian, Ubuntu:  $(as_root)apt-get install -y $(debian_python) python3-pip
  macOS:           brew install python@3.13"
}

# The newest suitable Python that this Debian or Ubuntu offers.
debian_python() {
    for name in python3.13 python3.12 python3.11; do
        if apt-cache show "$name" >/dev/null 2>&1; then
            printf '%s' "$name"
            return
        fi
    done
    printf 'python3'
}

has_pip() { "$1" -I -m pip --version >/dev/null 2>&1; }

how_to_install_pip() {
    if command -v apt-get >/dev/null 2>&1; then
        printf '%sapt-get install -y python3-pip' "$(as_root)"
    elif command -v dnf >/dev/null 2>&1; then
        printf '%sdnf install -y python3-pip' "$(as_root)"
    else
        printf '"%s" -m ensurepip --upgrade' "$python"
    fi
}

# Runs a command with its output in the log; says in a sentence what stopped it.
quietly() {
    what=$1
    shift
    printf '\n== %s\n' "$what" >>"$log"
    : >"$log.step"
    if "$@" >"$log.step" 2>&1; then
        cat "$log.step" >>"$log"
        rm -f "$log.step"
        return
    fi
    cat "$log.step" >>"$log"
    if grep -qiE 'NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|name resolution|name or service not known|nodename nor servname|network is unreachable|no route to host|connection (refused|reset|timed out)|dns error|error sending request|operation timed out|network connectivity is disabled|network was disabled' "$log.step" ||
        { [ -n "${PIP_NO_INDEX:-}" ] && grep -q 'No matching distribution' "$log.step"; }; then
        rm -f "$log.step"
        fail "No network: $what could not be fetched. Connect this machine, then run the same command again; the details are in $log."
    fi
    if grep -qiE 'do not match the hashes|hash mismatch' "$log.step"; then
        rm -f "$log.step"
        fail "Setting up stopped: a file fetched for $what is not the one that the lock names, so it was not used. The details are in $log."
    fi
    say "Setting up stopped: $what could not be installed. The last lines of $log:" >&2
    grep -v '^ *$' "$log.step" | tail -n 8 | sed 's/^/  /' >&2
    rm -f "$log.step"
    exit 1
}

# uv, into .tools/py by pip: allowed where Debian refuses pip, and without the venv module.
fetch_tools() {
    wanted=$(cat setup.lock)
    if [ -f .tools/py/.made ] && [ "$(cat .tools/py/.made)" = "$wanted" ] && "$uv" --version >/dev/null 2>&1; then
        return
    fi
    has_pip "$python" || fail "Python $version ($python) has no pip. Install it, then run the same command again:  $(how_to_install_pip)"
    rm -rf .tools/py .tools/py.new
    quietly 'uv, the installer,' env PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_ROOT_USER_ACTION=ignore \
        PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 \
        "$python" -I -m pip install --quiet --retries 2 --target .tools/py.new --no-deps --only-binary :all: \
        --require-hashes -r setup.lock
    cp setup.lock .tools/py.new/.made
    mv .tools/py.new .tools/py
}

# What was fetched before is taken from uv's own store, without asking the network; else everything is asked for anew.
install_packages() {
    set -- "$uv" pip install --python .venv/bin/python --no-build --require-hashes -r requirements.lock
    "$@" --offline >/dev/null 2>&1 || "$@"
}

start_log() {
    mkdir -p .tools
    printf 'Python %s (%s)\n' "$version" "$python" >"$log"
}

if [ "${1:-}" = tools ]; then
    find_python
    start_log
    fetch_tools
    exit
fi
[ $# = 0 ] || fail "scripts/setup.sh takes 'tools' or nothing, not '$*'."

if project_made && python_is_right; then
    exit
fi

find_python
start_log
say "Setting up: 1 of 3, the installer, with Python $version ($python) …"
fetch_tools

export UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_NO_PROGRESS=1
if ! { packages_made && python_is_right; }; then
    say 'Setting up: 2 of 3, the packages, a minute or less …'
    rm -f "$packages_mark" "$project_mark"
    quietly 'the environment' "$uv" venv --no-project --clear --python "$python" .venv
    quietly 'the packages' install_packages
    set_mark "$packages_mark" requirements.lock scripts/setup.sh
fi

say 'Setting up: 3 of 3, this project …'
quietly 'this project' "$uv" pip install --python .venv/bin/python --no-deps --no-build-isolation --offline --editable .
set_mark "$project_mark" requirements.lock scripts/setup.sh pyproject.toml
say 'Setting up is done.'
