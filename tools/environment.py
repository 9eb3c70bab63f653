"""Makes ``.venv`` hold exactly what a lock says, and says in one line why where it cannot.

Run by ``tools/setup``, which has found a Python new enough: ``environment.py run|dev|web …``. Standard
library only. uv installs where it is present, venv and pip otherwise (and where uv fails, because pip knows the proxies
and indexes of ``pip.conf``, which uv does not).

What is installed is remembered in a stamp inside ``.venv``, written last: locks by their SHA-256, and the Python it was
made for. A current stamp is all that is looked at when nothing changed. While packages are being changed there is no
stamp, so an environment that was interrupted half-way is made anew, never trusted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ENVIRONMENT = Path(".venv")
STAMP = ENVIRONMENT / "aftershock.json"
MARKER = ENVIRONMENT / "unfinished"
"""In ``.venv`` from before anything else is: says that the folder is ours to remove."""
LOG = ENVIRONMENT / "setup.log"

LOCKS = {
    "run": "requirements.lock",
    "dev": "requirements-dev.lock",
    "web": "requirements-web.lock",
    "parquet": "requirements-parquet.lock",
    "apprise": "requirements-apprise.lock",
    "server": "requirements-server.lock",
}
ALSO_HOLDS = {"dev": ("run",), "web": ("run",), "parquet": ("run",), "apprise": ("run",), "server": ("run",)}
"""The locks a lock includes pin by pin, as ``make lock`` compiles them; a test keeps it true."""


class SetupError(Exception):
    """Why the environment cannot be made, and what to do about it, in one line."""


def main(arguments: Sequence[str]) -> int:
    """Bring ``.venv`` up to the locks named; 0 where it is, 1 where it cannot be, 2 for a lock nobody knows."""
    wanted = list(arguments) or ["run"]
    if unknown := [name for name in wanted if name not in LOCKS]:
        print(
            f"aftershock: no such set of packages: {', '.join(unknown)}; there are {', '.join(LOCKS)}", file=sys.stderr
        )
        return 2
    try:
        if missing(wanted):
            with alone():
                for name in missing(wanted):
                    if name in missing(wanted):  # an earlier one may have brought it along
                        install(name)
    except SetupError as error:
        print(f"aftershock: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        from explain import explain_os_error

        print(f"aftershock: {explain_os_error(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("aftershock: setting up was interrupted; run make again to finish", file=sys.stderr)
        return 130
    return 0


# ------------------------------------------------------------------------------------------------------------- stamp


def this_python() -> str:
    """What compiled packages depend on: implementation, minor version, system, machine."""
    return f"{sys.implementation.cache_tag}-{sys.platform}-{os.uname().machine}"


def digest(name: str) -> str:
    """SHA-256 of the lock called ``name``."""
    try:
        return hashlib.sha256(Path(LOCKS[name]).read_bytes()).hexdigest()
    except FileNotFoundError:
        raise SetupError(
            f"{LOCKS[name]} is missing from the checkout; restore it (git checkout {LOCKS[name]})"
        ) from None


def installed() -> dict[str, str]:
    """Name of each lock ``.venv`` holds, with its digest; empty where there is no sound environment for this Python."""
    try:
        stamp = json.loads(STAMP.read_bytes())
        locks: dict[str, str] = stamp["locks"]
        sound = stamp["python"] == this_python() and os.access(ENVIRONMENT / "bin" / "python", os.X_OK)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(locks) if sound else {}


def missing(wanted: Sequence[str]) -> list[str]:
    """Those of ``wanted`` that ``.venv`` does not hold as the locks now are; the widest first."""
    have = installed()
    return [name for name in sorted(wanted, key=lambda n: n == "run") if have.get(name) != digest(name)]


def write_stamp(locks: dict[str, str]) -> None:
    """Remember what ``.venv`` holds. All or nothing, and on the disk before the name is."""
    fresh = STAMP.with_suffix(".new")
    with fresh.open("w") as file:
        json.dump({"python": this_python(), "locks": locks}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(STAMP)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One set-up at a time in this checkout; the second waits for the first and then finds its work done."""
    with Path(LOCKS["run"]).open("rb") as held:
        # installers inherit it, so that one that outlives us is waited for as well
        os.set_inheritable(held.fileno(), True)
        with contextlib.suppress(OSError):  # a file system without locks: then as it would be without this
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another set-up is under way in this checkout; waiting for it")
                fcntl.flock(held, fcntl.LOCK_EX)
        yield


# ----------------------------------------------------------------------------------------------------------- install


def install(name: str) -> None:
    """Make ``.venv`` hold the lock ``name``; raises SetupError with the reason where that cannot be."""
    import time

    begun = time.monotonic()
    lock = LOCKS[name]
    want = digest(name)
    have = installed()
    covered = {other: digest(other) for other in ALSO_HOLDS.get(name, ())}
    # a lock installed earlier stays true only where this one agrees with it, which is known where they share a base
    keep = {
        other: found for other, found in have.items() if have.get("run") == digest("run") and found == digest(other)
    }
    say(f"setting up {ENVIRONMENT} for Python {sys.version.split()[0]} from {lock}; this is done once")
    if not have:
        start_afresh()
    STAMP.unlink(missing_ok=True)
    try:
        fill(lock)
    except (SetupError, KeyboardInterrupt):
        if have and not touched():
            write_stamp(have)  # the download failed, nothing was changed: what was there still is
        raise
    write_stamp({**keep, **covered, name: want})
    MARKER.unlink(missing_ok=True)
    say(f"{ENVIRONMENT} is ready ({time.monotonic() - begun:.0f} s)")


def start_afresh() -> None:
    """An empty ``.venv`` with only the marker in it. What was there goes, if it was an environment."""
    import shutil

    if ENVIRONMENT.is_symlink():
        ENVIRONMENT.unlink()
    elif ENVIRONMENT.is_dir():
        ours = (ENVIRONMENT / "pyvenv.cfg").exists() or MARKER.exists() or not any(ENVIRONMENT.iterdir())
        if not ours:
            raise SetupError(f"{ENVIRONMENT.resolve()} exists and is not a virtual environment; move it away")
        shutil.rmtree(ENVIRONMENT)
    ENVIRONMENT.mkdir()
    MARKER.touch()


def fill(lock: str) -> None:
    """Install ``lock`` by uv, else by pip."""
    import shutil

    from explain import explain

    named = os.environ.get("UV", "uv")  # the variable uv sets for its own children; empty means: without uv
    uv = shutil.which(named) if named else None
    LOG.write_bytes(b"")
    if uv:
        make_environment(with_pip=False)
        try:
            if run([uv, "pip", "install", "--python", ".venv/bin/python", *STRICT, "-r", lock], uv_variables()) == 0:
                return
        except KeyboardInterrupt:
            note("killed by the keyboard")  # uv does not tell how far it was
            raise
        if touched() or not has_ensurepip():
            raise SetupError(explain(logged()))
        say("uv could not; trying pip")
    make_environment(with_pip=True)
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    if run([".venv/bin/python", "-I", "-m", "pip", "install", *options, *STRICT, "-r", lock], pip_variables()) != 0:
        raise SetupError(explain(logged()))


STRICT = ("--require-hashes", "--only-binary", ":all:")
"""Nothing unhashed, and nothing that would need a compiler (or unhashed build tools)."""


def has_ensurepip() -> bool:
    """Whether this Python can put pip into an environment; Debian's cannot without python3-venv."""
    import importlib.util

    return importlib.util.find_spec("ensurepip") is not None


def make_environment(*, with_pip: bool) -> None:
    """Create ``.venv``, or add pip to it where it lacks it."""
    if with_pip and list(ENVIRONMENT.glob("lib/python*/site-packages/pip/__main__.py")):
        return
    if not with_pip and (ENVIRONMENT / "pyvenv.cfg").exists():
        return
    minor = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if with_pip and not has_ensurepip():
        raise SetupError(
            f"Python {sys.version.split()[0]} came without its venv module; install it "
            f"(Debian: apt install {minor}-venv) and run make again, or install uv"
        )
    from explain import explain

    base = getattr(sys, "_base_executable", None) or sys.executable
    command = [base, "-I", "-m", "venv", str(ENVIRONMENT)]
    if run(command if with_pip else [*command, "--without-pip"], {}) != 0:
        log = logged()
        if "No module named venv" in log:
            raise SetupError(f"Python {sys.version.split()[0]} came without its venv module; install {minor}-venv")
        raise SetupError(explain(log, what=f"{minor} -m venv"))


def pip_variables() -> dict[str, str | None]:
    """What pip is told by the environment: the person's index and proxies stay, what would mislead it goes."""
    misleading = (
        "USER",
        "TARGET",
        "PREFIX",
        "ROOT",
        "CONSTRAINT",
        "REQUIREMENT",
        "NO_BINARY",
        "DRY_RUN",
        "PYTHON",
        "NO_DEPS",
    )
    patience = {
        "PIP_RETRIES": "2",
        "PIP_DEFAULT_TIMEOUT": "20",
    }  # five and fifteen by default; a dead index takes minutes
    chosen = {name: value for name, value in patience.items() if name not in os.environ}
    return {**{f"PIP_{name}": None for name in misleading}, "PIP_USER": "0", **chosen}


def uv_variables() -> dict[str, str | None]:
    """pip's variables in uv's words, where uv's own are not set."""
    same = {
        "UV_DEFAULT_INDEX": os.environ.get("PIP_INDEX_URL"),
        "UV_INDEX": os.environ.get("PIP_EXTRA_INDEX_URL"),
        "UV_FIND_LINKS": ",".join(os.environ.get("PIP_FIND_LINKS", "").split()) or None,
        "UV_NO_INDEX": os.environ.get("PIP_NO_INDEX"),
        "SSL_CERT_FILE": os.environ.get("PIP_CERT"),
    }
    return {
        "VIRTUAL_ENV": None,
        "UV_CONSTRAINT": None,
        **{name: value for name, value in same.items() if value and not os.environ.get(name)},
    }


def run(command: Sequence[str], variables: dict[str, str | None]) -> int:
    """Run ``command`` with its output going to the log, and a running count of packages on a terminal."""
    import subprocess

    cleared: dict[str, str | None] = {"PYTHONPATH": None, "PYTHONHOME": None, "LC_ALL": "C.UTF-8"}
    changed = {**cleared, **variables}
    kept = {name: value for name, value in os.environ.items() if name not in changed}
    environment = {**kept, **{name: value for name, value in changed.items() if value is not None}}
    watched = sys.stderr.isatty()
    packages = 0
    with (
        LOG.open("ab") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            close_fds=False,
        ) as child,
    ):
        assert child.stdout is not None
        log.write(f"$ {' '.join(command)}\n".encode())
        try:
            for line in child.stdout:
                log.write(line)
                packages += line.startswith(b"Collecting ")
                if watched and packages:
                    print(f"\r  {packages} packages", end="", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            child.terminate()
            raise
        finally:
            if watched and packages:
                print("\r", end="", file=sys.stderr)
    if child.returncode < 0:
        note(f"killed by signal {-child.returncode}")
    return child.returncode


def note(what: str) -> None:
    """Add a line of our own to the log."""
    with LOG.open("a") as log:
        log.write(f"{what}\n")


def touched() -> bool:
    """Whether the installer got as far as changing packages; downloads alone change nothing."""
    try:
        log = logged()
    except OSError:
        return True
    # pip announces the change; uv only says that it failed while making it
    return any(
        words in log
        for words in ("Installing collected packages", "Failed to install", "ailed to uninstall", "killed by")
    )


def logged() -> str:
    """The log so far."""
    return LOG.read_text(errors="replace")


def say(what: str) -> None:
    """One line for the person waiting."""
    print(f"aftershock: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    # python -I leaves out the script's own folder, where explain.py is
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.exit(main(sys.argv[1:]))
