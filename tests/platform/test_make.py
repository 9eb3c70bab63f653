"""``make run``, ``make test`` and ``make demo``: where all is well, where it was interrupted, where something fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platform.checkouts import Checkout
from tests.processes import Processes, run
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed here")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Checkout:
    """A checkout whose environment was set up by ``make run``; to be copied, not changed."""
    checkout = Checkout.create(tmp_path_factory.mktemp("ready") / "a checkout with spaces", repository)
    result = checkout.make("run")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "main run alpha 1.0\n"
    return checkout


@pytest.fixture
def checkout(ready: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the one that is ready, with its own wheels."""
    shutil.copytree(ready.root.parent, tmp_path / "copy", symlinks=True)
    return Checkout(tmp_path / "copy" / ready.root.name)


@pytest.fixture
def fresh(tmp_path: Path, repository: Path) -> Checkout:
    """A checkout nothing was set up in, with a quick installer in uv's place."""
    fresh = Checkout.create(tmp_path / "fresh checkout", repository)
    return Checkout(fresh.root, {"UV": fresh.quick_installer()})


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """The single line, apart from progress and make's own, that says what is wrong."""
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    progress = ("aftershock: setting up", "aftershock: uv could not", "make: ")
    lines = [line for line in result.stderr.splitlines() if not line.startswith(progress)]
    assert len(lines) == 1, result.stderr
    return lines[0]


# ------------------------------------------------------------------------------------------------------ what it does


def test_each_command_hands_its_arguments_on(checkout: Checkout) -> None:
    assert (
        checkout.make("run", "ARGS=--config 'other one.yaml'").stdout == "main run --config other one.yaml alpha 1.0\n"
    )
    assert checkout.make("demo", "ARGS=--speed 600x").stdout == "main replay deepseek-2025-01 --speed 600x alpha 1.0\n"


def test_make_works_from_another_folder(checkout: Checkout, tmp_path: Path) -> None:
    command = ["make", "--no-print-directory", "-C", str(checkout.root), "run"]
    environment = checkout.environment()
    assert subprocess.check_output(command, cwd=tmp_path, env=environment, text=True) == "main run alpha 1.0\n"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stopping_make_stops_the_program_in_its_own_way(
    checkout: Checkout, processes: Processes, stop: signal.Signals
) -> None:
    (checkout.root / "main.py").write_text(
        "import os, signal, sys, time\n"
        "def end(number, frame):\n    os.write(1, b'ended %d\\n' % number)\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nsignal.signal(signal.SIGINT, end)\n"
        "os.write(1, b'up\\n')\ntime.sleep(600)\n"
    )
    running = processes.start(
        ["make", "run"],
        cwd=checkout.root,
        env=checkout.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "up\n"
    if stop is signal.SIGINT:  # a terminal's Ctrl-C goes to make and to what it runs
        os.killpg(running.pid, stop)
    else:
        running.send_signal(stop)
    out, _ = running.communicate(timeout=PATIENCE)
    assert out == f"ended {stop.value}\n"


def test_nothing_is_done_when_nothing_changed(checkout: Checkout) -> None:
    environment = checkout.environment(PIP_FIND_LINKS="")  # an installer would fail
    command = ["make", "--no-print-directory", "setup"]
    took = []
    for _ in range(5):
        begun = sum(os.times()[2:4])
        result = run(command, cwd=checkout.root, env=environment, capture_output=True, text=True, check=True)
        took.append(sum(os.times()[2:4]) - begun)  # of a processor: of the clock it is as much on an idle machine
        assert result.stderr == ""
    assert min(took) < 0.2


def test_tests_add_to_the_environment_and_running_afterwards_changes_nothing(checkout: Checkout) -> None:
    result = checkout.make("test", "ARGS=-k hold")
    assert result.stdout == "pytest 9.0 -k hold\n"
    assert "requirements-dev.lock" in result.stderr
    again = checkout.make("run")
    assert (again.stdout, again.stderr) == ("main run alpha 1.0\n", "")
    assert checkout.make("test").stderr == ""


def test_testing_first_leaves_nothing_to_do_for_running(fresh: Checkout) -> None:
    assert fresh.make("test").stdout == "pytest 9.0\n"
    assert fresh.make("run").stderr == ""


def test_a_changed_lock_is_installed_and_forgets_what_was_built_on_the_old_one(checkout: Checkout) -> None:
    assert checkout.make("test").returncode == 0
    newer = checkout.wheel("alpha", "1.1")
    checkout.lock("requirements.lock", newer)
    assert checkout.make("run").stdout == "main run alpha 1.1\n"
    checkout.lock("requirements-dev.lock", newer, checkout.root.parent / "wheels/pytest-9.0-py3-none-any.whl")
    assert "requirements-dev.lock" in checkout.make("test").stderr
    assert checkout.make("run").stderr == ""


def test_an_extra_stays_beside_the_rest(checkout: Checkout) -> None:
    assert "requirements-web.lock" in checkout.make("setup", "EXTRAS=web").stderr
    assert checkout.make("setup", "EXTRAS=web").stderr == ""
    assert checkout.make("run").stderr == ""


def test_variables_that_would_mislead_pip_do_not(checkout: Checkout, tmp_path: Path) -> None:
    constraint = tmp_path / "constraint.txt"
    constraint.write_text("pytest<1\n")
    misleading = {
        "PIP_USER": "1",
        "PIP_TARGET": str(tmp_path),
        "PIP_CONSTRAINT": str(constraint),
        "PYTHONPATH": "/nowhere",
    }
    assert checkout.make("test", **misleading).stdout == "pytest 9.0\n"


def test_help_names_every_command(checkout: Checkout) -> None:
    result = checkout.make()
    listed = {line.split()[1] for line in result.stdout.splitlines()}
    assert listed >= {"run", "test", "test-fast", "demo", "lint", "types", "lock", "clean", "help"}


def test_clean_removes_the_environment_and_keeps_databases(checkout: Checkout) -> None:
    (checkout.root / "history.db").write_text("kept")
    assert checkout.make("clean").returncode == 0
    assert not (checkout.root / ".venv").exists()
    assert (checkout.root / "history.db").exists()


# --------------------------------------------------------------------------------------------------------- interrupted


def test_a_set_up_killed_half_way_is_done_again_from_the_start(fresh: Checkout, processes: Processes) -> None:
    environment = fresh.environment(STALL="yes")
    command = ["make", "--no-print-directory", "run"]
    setup = processes.start(command, cwd=fresh.root, env=environment, stderr=subprocess.DEVNULL)
    wait_until((fresh.root / "stalled").exists, "the installer is half-way")
    os.killpg(setup.pid, signal.SIGKILL)
    setup.wait(PATIENCE)
    assert list(fresh.root.glob(".venv/lib/python*/site-packages/alpha")), "it was half-way"
    assert fresh.stamp is None
    result = fresh.make("run")
    assert result.stdout == "main run alpha 1.0\n", result.stderr


def test_a_sound_environment_changed_half_way_is_not_trusted_either(fresh: Checkout, processes: Processes) -> None:
    assert fresh.make("run").returncode == 0
    setup = processes.start(
        ["make", "--no-print-directory", "test"],
        cwd=fresh.root,
        env=fresh.environment(STALL="yes"),
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((fresh.root / "stalled").exists, "the installer is half-way")
    os.killpg(setup.pid, signal.SIGINT)
    _, said = setup.communicate(timeout=PATIENCE)
    assert "aftershock: setting up was interrupted; run make again to finish" in said
    assert "Traceback" not in said
    assert fresh.stamp is None
    assert fresh.make("test").stdout == "pytest 9.0\n"


def test_two_set_ups_at_once_end_in_one_sound_environment(checkout: Checkout, processes: Processes) -> None:
    command = ["make", "--no-print-directory", "test"]
    both = [
        processes.start(
            command,
            cwd=checkout.root,
            env=checkout.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    results = [process.communicate(timeout=PATIENCE) for process in both]
    assert [out for out, _ in results] == ["pytest 9.0\n"] * 2
    assert sum("is ready" in err for _, err in results) == 1


def test_a_python_that_went_away_makes_a_new_environment(fresh: Checkout) -> None:
    assert fresh.make("run").returncode == 0
    python = fresh.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert fresh.make("run").stdout == "main run alpha 1.0\n"


# ---------------------------------------------------------------------------------------------------- what goes wrong


def test_an_index_that_cannot_be_reached_is_named_in_one_line(checkout: Checkout) -> None:
    index: dict[str, str] = {
        "PIP_NO_INDEX": "0",
        "PIP_FIND_LINKS": "",
        "PIP_INDEX_URL": "http://me:secret@127.0.0.1:9/simple",
    }
    line = one_line(checkout.make("test", PIP_RETRIES="1", **index))
    assert "the package index 127.0.0.1:9 cannot be reached" in line
    assert "secret" not in line
    # nothing was changed by it: running still works, without an index
    assert checkout.make("run", **index).stdout == "main run alpha 1.0\n"


def test_a_wheel_that_is_not_what_the_lock_says_is_refused(checkout: Checkout) -> None:
    checkout.wheel("pytest", "9.0").write_bytes(checkout.wheel("beta", "1.0").read_bytes())
    line = one_line(checkout.make("test"))
    assert "pytest==9.0" in line
    assert "does not have the hash the lock says" in line
    assert checkout.make("run").returncode == 0


def test_a_package_the_index_does_not_have_is_named(checkout: Checkout) -> None:
    (checkout.root.parent / "wheels/pytest-9.0-py3-none-any.whl").unlink()
    assert "the package index has no pytest==9.0" in one_line(checkout.make("test"))


def test_a_python_too_old_is_said_with_what_to_do(checkout: Checkout, old_python: str) -> None:
    line = one_line(checkout.make("run", PYTHON=old_python))
    assert "needs Python 3.11 to 3.14" in line
    assert "PYTHON=" in line
    assert checkout.stamp is not None


def test_a_python_that_is_not_there_is_said(checkout: Checkout) -> None:
    assert "there is no python3.11-of-nowhere" in one_line(checkout.make("run", PYTHON="python3.11-of-nowhere"))


def test_where_python3_is_too_old_a_newer_one_is_found(fresh: Checkout, tmp_path: Path, old_python: str) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(old_python)
    (programs / f"python3.{sys.version_info[1]}").symlink_to(Path(sys.executable).resolve())
    for name in ("sh", "make", "dirname", "uname"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    result = fresh.make("run", PATH=str(programs))
    assert result.stdout == "main run alpha 1.0\n", result.stderr


def test_a_python_without_its_venv_module_is_said(fresh: Checkout, tmp_path: Path) -> None:
    # Debian without python3-venv: the module venv is there, ensurepip is not
    hidden = tmp_path / "hidden.py"
    hidden.write_text(
        "import sys, runpy\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'ensurepip': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "sys.argv = ['tools/environment.py', 'run']\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda n, p=None: None if n == 'ensurepip' else real(n, p)\n"
        "runpy.run_path('tools/environment.py', run_name='__main__')\n"
    )
    result = run(
        [sys.executable, "-I", str(hidden)],
        cwd=fresh.root,
        env=fresh.environment(UV=""),
        capture_output=True,
        text=True,
    )
    line = one_line(result)
    assert "came without its venv module" in line
    assert f"apt install python3.{sys.version_info[1]}-venv" in line


def test_a_folder_that_is_no_environment_is_not_removed(fresh: Checkout) -> None:
    (fresh.root / ".venv").mkdir()
    (fresh.root / ".venv/thesis.txt").write_text("the only copy")
    assert "is not a virtual environment; move it away" in one_line(fresh.make("run"))
    assert (fresh.root / ".venv/thesis.txt").read_text() == "the only copy"


def test_a_missing_lock_is_said(checkout: Checkout) -> None:
    (checkout.root / "requirements-dev.lock").unlink()
    assert "requirements-dev.lock is missing from the checkout" in one_line(checkout.make("test"))


def test_locking_without_uv_is_said(checkout: Checkout) -> None:
    assert "needs uv" in one_line(checkout.make("lock", UV="uv-of-nowhere"))


# ------------------------------------------------------------------------------------------------------------------ uv


def test_uv_is_used_where_it_is_present(checkout: Checkout, tmp_path: Path) -> None:
    # a stand-in that installs nothing but notes how it was called
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "$@" index "$UV_DEFAULT_INDEX" >"$(dirname "$0")/called"\n')
    uv.chmod(0o755)
    checkout.make("test", UV=str(uv), PIP_INDEX_URL="https://mirror.example/simple")
    called = (tmp_path / "called").read_text()
    assert called.startswith("pip install --python .venv/bin/python --require-hashes")
    assert "-r requirements-dev.lock index https://mirror.example/simple" in called


def test_pip_takes_over_where_uv_fails(checkout: Checkout, tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho error: error sending request\nexit 2\n")
    uv.chmod(0o755)
    result = checkout.make("test", UV=str(uv))
    assert result.stdout == "pytest 9.0\n"
    assert "uv could not; trying pip" in result.stderr


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed here")
def test_uv_itself_sets_up(fresh: Checkout) -> None:
    result = fresh.make("test", UV="uv", UV_OFFLINE="1")
    assert result.stdout == "pytest 9.0\n"
    assert "trying pip" not in result.stderr
