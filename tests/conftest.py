"""What every test shares: the development data folder, and a guard that keeps the tests off the network."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.processes import Processes

# No deadlines: machines are shared and noisy, and speed is measured in bench/. In CI the same examples every time.
settings.register_profile("shared", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "shared")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


WAITING = ("e2e", "web")
"""Folders whose tests mostly wait."""

# ------------------------------------------------------------------------------------------------------- shared data


@pytest.hookimpl(optionalhook=True)  # where tests run without xdist nobody asks
def pytest_xdist_auto_num_workers() -> int | None:
    """Two processes more than processors: many tests wait, for a poll to come round or a process to end."""
    return None if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") else (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for the shared data is marked so; all marked ones skip where the folder is absent."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)
        if item.get_closest_marker("shared") and not SHARED_DATA.is_dir():
            item.add_marker(pytest.mark.skip(reason="needs ../shared/data beside the checkout, which is absent here"))
    _spread(items)


def _spread(items: list[pytest.Item]) -> None:
    """Files whose tests mostly wait, for a bot or a page, between those that work: all at once they would leave the
    processors idle, and the others would queue for them. None of them is among the last."""
    files = list(dict.fromkeys(item.path for item in items))
    waiting = [file for file in files if file.parent.name in WAITING]
    working = [file for file in files if file.parent.name not in WAITING]
    place = {file: float(number) for number, file in enumerate(working)}
    each = 0.8 * len(working) / max(len(waiting), 1)
    place |= {file: number * each - 0.5 for number, file in enumerate(waiting)}
    items.sort(key=lambda item: place[item.path])


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development data folder; tests that ask for it skip where it is absent."""
    return SHARED_DATA


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Starts child processes; what still runs at the end of the test is killed."""
    from tests.processes import Processes  # here: this file is also tried alone, as a project's only one

    with Processes() as started:
        yield started


def pytest_collection_finish() -> None:
    """Thousands of tests and all that was imported live to the end: not looked through again at every collection."""
    gc.enable()  # it was of no use as long as nothing could be let go
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


# ----------------------------------------------------------------------------------------------------- network guard


class NetworkReachedError(RuntimeError):
    """A test tried to reach something other than this machine."""


class NetworkGuard:
    """Refuses every connection, datagram and name look-up that leaves the machine, and remembers each.

    An audit hook rather than patched functions: it sees what ``socket`` does whoever calls it. Libraries that bring
    their own network code (libcurl in yfinance) and child processes are held by the proxy variables set below.
    """

    def __init__(self) -> None:
        self.reached: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not event.startswith("socket."):
            return
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            if isinstance(address, tuple) and address and not is_loopback(address[0]):
                self._refuse(f"{event} to {address[0]}")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
            host = arguments[0]
            name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
            if name.rstrip(".").endswith(".invalid"):
                # reserved (RFC 6761): never resolves, so the answer is given here without asking anyone
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            if not is_loopback(name):
                self._refuse(f"look-up of {name}")

    def _refuse(self, what: str) -> None:
        self.reached.append(what)
        raise NetworkReachedError(f"tests do not reach for the network: {what}")


def is_loopback(host: object) -> bool:
    """Whether ``host`` (a name or an address) is this machine; no name is looked up to tell."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    name = str(host or "").rstrip(".").lower()
    if name in ("", "localhost", "ip6-localhost") or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name in OWN_NAMES
    return address.is_loopback or address.is_unspecified


# http.server and smtpd ask for the machine's own name; that is not the network
OWN_NAMES = frozenset({socket.gethostname().lower()})

GUARD = NetworkGuard()
CLOSED_PROXY = "http://127.0.0.1:9"
"""Nobody listens on the discard port: what goes by way of a proxy is refused at once."""


def pytest_configure() -> None:
    """Before anything is imported by a test: close the ways out."""
    gc.disable()  # a fifth of the time to collect the tests, for nothing
    sys.addaudithook(GUARD)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ[name] = os.environ[name.lower()] = CLOSED_PROXY
    # in the background of a shell's script Ctrl-C is ignored, and children would inherit that
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # hundreds of child processes start in a run; where bytecode must not be kept each would compile the project anew
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # what the library of calendars says is asked once for all tests and their processes; the user's own is left alone
    os.environ["AFTERSHOCK_CACHE"] = str(REPOSITORY / ".pytest_cache" / "aftershock")
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1,::1"


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """Fails the test that reached out, even where its code swallowed the refusal."""
    GUARD.reached.clear()
    yield
    reached = tuple(dict.fromkeys(GUARD.reached))
    GUARD.reached.clear()
    if reached:
        pytest.fail(f"tests do not reach for the network: {'; '.join(reached)}", pytrace=False)
