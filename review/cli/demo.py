# SPDX-License-Identifier: Apache-2.0
"""``relecture demo``: the main job from footage to proof, on sample footage, with the embedded models.

It types the very commands that an officer would type, shows each one, and keeps all it makes in one folder; operator
and keys of the demo live in that folder too and never among the workstation's own.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import click

from models.errors import AlreadyThere, Defect, RelectureError
from review.cli._run import progress, say
from review.demo import DemoCase, prepare_footage

__all__ = ["command"]

OPERATOR: Final = "demo"
PURPOSE: Final = "Démonstration : véhicule rouge et personne à la veste noire"


@click.command(name="demo")
@click.option("--into", type=click.Path(path_type=Path), help="Folder to make; relecture-demo by default.")
@click.option("--minutes", type=click.FloatRange(0.5, 600), default=10.0, show_default=True, help="Footage in all.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another street, other passers-by.")
def command(into: Path | None, minutes: float, seed: int) -> None:
    """Make sample footage and do the whole job on it: case, index, search, synopsis, exhibits, bundle, proof."""
    folder = _free_folder(into)
    started = time.perf_counter()
    with progress() as bar:
        task = bar.add_task("Making sample footage", total=1.0)
        demo = prepare_footage(
            folder, minutes=minutes, seed=seed, progress=lambda share, words: bar.update(task, completed=share)
        )
    with _surroundings(folder):
        _whole_job(demo)
    say("")
    say(f"All of it lies in {folder} and took {time.perf_counter() - started:.0f} s:")
    for name, meaning in (
        ("footage", "the recordings and their ground truth (truth.json)"),
        ("case", "the encrypted case and its audit log"),
        ("exhibits", "still and clip of the red car"),
        ("synopsis.mp4", "the synopsis film, with its map beside it"),
        ("bundle", "what would be joined to the procedure; report in data/report"),
    ):
        say(f"  {folder / name}: {meaning}")
    say(f"Look at the case in the window: RELECTURE_HOME={folder / 'home'} RELECTURE_OPERATOR={OPERATOR} \\")
    say(f"  RELECTURE_PASSPHRASE=demo relecture gui {folder / 'case'}")
    say("")
    with _surroundings(folder):
        _type("verify", str(demo.bundle))


def _whole_job(demo: DemoCase) -> None:
    today = date.today()  # Reason: an empowerment runs from a local calendar day.
    _type(
        "operator", "new", OPERATOR, "--name", "Camille Exemple", "--matricule", "000000",
        "--service", "Service de démonstration", "--quality", "OPJ", "--empowerment", "DEMO-1",
        "--issued", str(today), "--issuer", "Démonstration", "--expires", str(today + timedelta(days=365)),
    )  # fmt: skip
    _type("case", "new", str(demo.case), "--from", str(demo.requisition))
    for item in demo.files:
        offset = ("--clock-offset=" + item.offset,) if item.offset != "0ms" else ()
        _type("import", str(demo.case), str(item.path), "--camera", item.camera, "--start", item.start, *offset)
    _type("index", str(demo.case))
    red = _find(
        "red cars", demo, "--class", "car", "--colour", "red", "--from", demo.search_from, "--to", demo.search_to
    )
    _find("dark jackets", demo, "--class", "person", "--upper", "black")
    _type("synopsis", str(demo.case), "--out", str(demo.folder / "synopsis.mp4"))
    for hit in red[:1]:
        track = str(hit["track_id"])
        _type("judge", str(demo.case), track, "validated", "--note", "véhicule rouge vérifié à l’œil")
        _type("still", str(demo.case), track, "--out", str(demo.folder / "exhibits" / "red-car.png"))
        _type("clip", str(demo.case), track, "--out", str(demo.folder / "exhibits" / "red-car.mp4"))
    if not red:
        say("No red car was found in this street; the bundle will be without exhibits.")
    _type("export", str(demo.case), "--out", str(demo.bundle))
    _type("audit", "show", str(demo.case), "--last", "6")
    _type("verify", str(demo.case))


def _find(what: str, demo: DemoCase, *filters: str) -> list[dict[str, Any]]:
    """Search twice: once shown to the person, once for the identifiers."""
    arguments = ("search", str(demo.case), "--purpose", PURPOSE, *filters)
    _type(*arguments)
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink):
        _run((*arguments, "--json"))
    hits: list[dict[str, Any]] = json.loads(sink.getvalue())["hits"]
    say(f"{len(hits)} {what}.")
    return hits


def _type(*arguments: str) -> None:
    """Show a command as it would be typed, then run it."""
    shown = " ".join(f"'{item}'" if " " in item else item for item in arguments)
    say("")
    say(f"$ relecture {shown}")
    _run(arguments)


def _run(arguments: Sequence[str]) -> None:
    from review.cli import group  # noqa: PLC0415  # Reason: the group names this module; a top import would be a circle.

    try:
        group.main(list(arguments), standalone_mode=False)
    except click.exceptions.Exit as ending:
        if ending.exit_code:
            raise Defect(f"relecture {arguments[0]} ended with {ending.exit_code} in the demo.") from ending
    except SystemExit as ending:
        if ending.code:
            raise Defect(f"relecture {arguments[0]} ended with {ending.code} in the demo.") from ending
    except RelectureError:
        say(f"The demo stopped at: relecture {arguments[0]}")
        raise


def _free_folder(into: Path | None) -> Path:
    if into is not None:
        if into.exists() and any(into.iterdir()):
            raise AlreadyThere(f"{into} holds something already.", hint="Name a folder that is empty or not there.")
        return into.resolve()
    for number in range(1, 1000):
        folder = Path("relecture-demo" if number == 1 else f"relecture-demo-{number}")
        if not folder.exists():
            return folder.resolve()
    raise AlreadyThere("There are a thousand demos here already.", hint="Remove some, or use --into DIR.")


@contextlib.contextmanager
def _surroundings(folder: Path) -> Iterator[None]:
    """Operator and keys of the demo stay in its folder."""
    wanted = {
        "RELECTURE_HOME": str(folder / "home"),
        "RELECTURE_OPERATOR": OPERATOR,
        "RELECTURE_PASSPHRASE": "demo",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
