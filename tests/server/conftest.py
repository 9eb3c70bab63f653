"""One server for a test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.server_address import ServerAddress
from tests.command import run_command
from tests.histories import server
from tests.server.cluster import Cluster, cluster
from tests.week import replayed

__all__ = ["replayed", "server"]


@pytest.fixture
def own_server(server: Cluster) -> Iterator[Cluster]:
    """A server that this test alone uses, and may stop."""
    with cluster() as started:
        yield started


@pytest.fixture(scope="session")
def on_server(server: Cluster) -> ServerAddress:
    """The DeepSeek week, replayed by the command that anybody runs. Nobody writes to it."""
    address = server.address("week")
    run_command("replay", "deepseek-2025-01", "--notify", "console", "--database", f"{server.url}#week")
    return address
