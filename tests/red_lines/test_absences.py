# SPDX-License-Identifier: Apache-2.0
"""What the product refuses is absent from its code: not switched off, absent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.registry import Registry
from models.roles import Role
from models.selfcheck import verify_models
from review.cli import COMMANDS, group

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("models", "indexer", "review", "gui", "samples")

NETWORK_MODULES = frozenset(
    "socket ssl http urllib requests urllib3 ftplib smtplib xmlrpc socketserver asyncio aiohttp httpx telnetlib "
    "websockets zeroconf paramiko grpc".split()
)
FACE_AND_BODY_NAMES = re.compile(
    r"CascadeClassifier|FaceDetector|FaceRecognizer|facenet|arcface|face_recognition|gait_recog|emotion|"
    r"landmark_detect|age_estim|gender|ethnic|VideoCapture|VideoWriter",
    re.IGNORECASE,
)
STREAM_ADDRESS = re.compile(r"\b(rtsp|rtmp|rtp|udp|tcp|mms|srt|onvif)://", re.IGNORECASE)
PRODUCT_ADDRESSES = re.compile(r"https?://[^\s\"'<>)]+", re.IGNORECASE)


def _sources() -> Iterator[tuple[Path, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "training" not in path.parts:
                yield path, path.read_text(encoding="utf-8")


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {
            "import_module",
            "__import__",
        }:
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def _names_in_code(tree: ast.AST) -> Iterator[str]:
    """Identifiers and attribute names; prose in docstrings and comments may name what is refused."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name


def test_the_scan_sees_the_product() -> None:
    names = {path.relative_to(ROOT).as_posix() for path, _ in _sources()}

    assert {"indexer/pipeline.py", "review/session.py", "gui/app.py", "models/registry.py"} <= names
    assert len(names) > 100


def test_one_module_alone_knows_the_network() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path, text in _sources()
        if any(name.split(".")[0] in NETWORK_MODULES for name in _imported(ast.parse(text)))
    }

    assert users == {"models/fetch.py"}


def test_nothing_of_face_gait_emotion_sex_or_age_is_called_or_defined() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path, text in _sources()
        for name in _names_in_code(ast.parse(text))
        if FACE_AND_BODY_NAMES.search(name)
    }

    assert found == set()


def test_no_stream_address_stands_in_the_code() -> None:
    found = {path.relative_to(ROOT).as_posix() for path, text in _sources() if STREAM_ADDRESS.search(text)}

    assert found == set()


def test_an_address_is_not_footage() -> None:
    from indexer.media import container_facts  # noqa: PLC0415
    from models.errors import UnreadableInput  # noqa: PLC0415

    with pytest.raises(UnreadableInput):
        container_facts("rtsp" + "://127.0.0.1/live")


def test_roles_that_are_refused_do_not_exist() -> None:
    roles = {role.value for role in Role}

    assert roles == {
        "detector",
        "crop_classifier",
        "person_attributes",
        "vehicle_attributes",
        "appearance",
        "clothing_mask",
        "vehicle_make",
    }


def test_the_self_check_of_models_passes_on_what_ships(tmp_path: Path) -> None:
    report = verify_models(Registry.load(folder=tmp_path))

    assert report.is_sound, [check for check in report.checks]


def test_there_is_no_command_that_watches_alerts_or_searches_several_cases() -> None:
    assert set(COMMANDS) == {
        *("demo", "operator", "case", "import", "index", "tracks", "search", "similar", "synopsis", "judge", "still"),
        *("clip", "export", "verify", "audit", "purge", "models", "gui", "zones", "frames"),
    }
    for name in ("search", "similar", "synopsis", "tracks", "frames"):
        command = group.get_command(None, name)  # type: ignore[arg-type]  # Reason: the group does not read it.
        assert command is not None
        cases = [parameter for parameter in command.params if parameter.name == "folder"]
        assert len(cases) == 1
        assert cases[0].nargs == 1


def test_opencv_never_opens_a_film() -> None:
    users = {path.name for path, text in _sources() if re.search(r"cv2\.(VideoCapture|VideoWriter)", text)}

    assert users == set()
