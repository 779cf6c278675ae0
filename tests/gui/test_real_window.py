# SPDX-License-Identifier: Apache-2.0
"""The program as a person starts it, on a real X display: what offscreen tests cannot see."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest

from tests.gui.real_case import OPERATOR, PASSPHRASE, make_real_case

pytestmark = pytest.mark.window
COMMAND = (sys.executable, "-c", "from review.cli import main; main()", "gui")


def needed(program: str) -> str:
    """Path of a program; skips the test at a desk without it, fails it in CI."""
    found = shutil.which(program)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {program}")
        # Reason: a desk may have no virtual display; the offscreen tests still run there.
        pytest.skip(f"no {program} on this machine")
    return found


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A virtual X display of its own, so that no window appears on a person's screen."""
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [needed("Xvfb"), "-displayfd", str(write_end), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
        pass_fds=(write_end,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as answers:
        number = answers.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait(10)


@dataclass(frozen=True)
class Desk:
    """A machine with a display, a home and a real case."""

    case: Path
    environment: dict[str, str]

    def acts(self) -> list[str]:
        text = (self.case / "audit" / "log.jsonl").read_text(encoding="utf-8")
        # Why: the program may be writing the last line just now.
        lines = text.split("\n")[:-1]
        bodies = [json.loads(line)["body"] for line in lines]
        return [body["act"] for body in bodies if body.get("phase") == "intent"]


@pytest.fixture(scope="module")
def machine(display: str, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    home = tmp_path_factory.mktemp("home")
    before = os.environ.get("RELECTURE_HOME")
    os.environ["RELECTURE_HOME"] = str(home)
    try:
        case = make_real_case(tmp_path_factory.mktemp("made"))
    finally:
        os.environ.pop("RELECTURE_HOME")
        if before is not None:
            os.environ["RELECTURE_HOME"] = before
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}
    environment |= {
        "DISPLAY": display,
        "RELECTURE_HOME": str(home),
        "RELECTURE_OPERATOR": OPERATOR,
        "RELECTURE_PASSPHRASE": PASSPHRASE,
    }
    environment.pop("WAYLAND_DISPLAY", None)
    return Desk(case=case, environment=environment)


def wait_until(condition: Callable[[], bool], *, limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_the_command_draws_its_window_on_a_real_display(machine: Desk, tmp_path: Path) -> None:
    path = tmp_path / "window.png"

    done = subprocess.run(
        [*COMMAND, str(machine.case), "--screenshot", str(path), "--size", "1280x800"],
        env=machine.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    picture = cv2.imread(str(path))
    assert picture.shape == (800, 1280, 3)
    assert picture.std() > 20
    assert "plugin" not in done.stderr


def test_a_person_searches_judges_and_leaves_with_the_keyboard(machine: Desk) -> None:
    xdotool = needed("xdotool") if not os.environ.get("CI") else shutil.which("xdotool")
    if xdotool is None:
        # Reason: CI has the virtual display; typing into it from outside is a desk's extra.
        pytest.skip("no xdotool on this machine")
    window = subprocess.Popen([*COMMAND, str(machine.case)], env=machine.environment, stderr=subprocess.PIPE, text=True)
    n_before = len(machine.acts())

    def type_in(*arguments: str) -> None:
        subprocess.run([xdotool, *arguments], env=machine.environment, check=True, capture_output=True)

    try:
        wait_until(lambda: "show.case" in machine.acts()[n_before:])
        type_in("search", "--sync", "--onlyvisible", "--name", "Relecture", "windowfocus", "--sync")
        type_in("type", "--delay", "20", "essai au clavier")
        type_in("key", "Tab")
        # Why: what walks through the made clip is a painted doll; whatever it is taken for, it is among these.
        type_in("type", "--delay", "20", "autre personne voiture camion bus velo moto camionnette")
        type_in("key", "Return")
        wait_until(lambda: "view.frames" in machine.acts()[n_before:])
        type_in("key", "d")
        wait_until(lambda: "verdict.add" in machine.acts()[n_before:])
        window.send_signal(signal.SIGINT)
        code = window.wait(30)
    finally:
        window.kill()
        errors = window.communicate()[1]

    assert code == 0, errors
    assert "search.run" in machine.acts()[n_before:]
    assert "Traceback" not in errors
