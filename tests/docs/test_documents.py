# SPDX-License-Identifier: Apache-2.0
"""The documents are true of the code: links, names, pins and commands are looked up, not believed."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from models.errors import UsageProblem
from review.cli import COMMANDS, group

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("models", "indexer", "review", "gui", "samples")
MUST_BE_IN_GLOSSARY = ("models", "indexer", "review")
TOP_FOLDERS = (*PACKAGES, "tests", "docs", "tools", "benchmarks", ".ci")
TEXT_SUFFIXES = frozenset(".md .py .toml .txt .typ .sh .cfg .ini .json .yml .yaml .svg .in .csv .tsv .po".split())
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.DOTALL | re.MULTILINE)
MODULE = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.[A-Za-z_]\w*)+")
ADR_NAME = re.compile(r"(\d{4})-[a-z0-9-]+\.md")

# The patterns are put together from pieces, so that this file does not find itself.
ADDRESS_OF_AN_INDEX = re.compile(
    "|".join(
        (
            "py" + r"pi\.org",
            "python" + r"hosted\.org",
            "anaconda" + r"\.org",
            "index" + r"[-_]url",
            "pytorch" + r"\.org/whl",
        )
    )
)
PLACE_ON_A_MACHINE = re.compile(
    r"(?<![\w.~-])/(?:"
    + "|".join(("wo" + "rk", "ro" + "ot", "ho" + r"me/\w+", "Us" + r"ers/\w+", "t" + "mp/w"))
    + r")/"
)
TALK_OF_HOW_IT_WAS_WRITTEN = re.compile(
    "|".join(
        (
            r"\bL" + r"LMs?\b",
            "large " + "language model",
            r"\bAI " + r"(?:agent|assistant|session|helper)s?\b",
            r"\bcoding " + r"(?:agent|assistant)s?\b",
            r"\bsub-?" + r"agents?\b",
            "chat" + "gpt",
            r"\bcop" + r"ilot\b",
            r"\bclau" + r"de\b",
            "anthro" + "pic",
            r"\bas an " + "AI\\b",
            r"\b(?:the|my|our) " + r"brief (?:asks|says|of this)",
            r"\bthe " + r"lead (?:engineer|writes|does|will)\b",
            r"\bhelper " + r"session",
        )
    ),
    re.IGNORECASE,
)


@cache
def tracked_files() -> tuple[Path, ...]:
    """Files of the repository; without git, those of the folders that we know."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return tuple(path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file())
    below = [path for folder in TOP_FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return tuple(sorted([*(path for path in ROOT.glob("*") if path.is_file()), *below]))


def documents() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def texts() -> list[tuple[str, str]]:
    named = [
        path for path in tracked_files() if path.suffix in TEXT_SUFFIXES or path.name in {"Makefile", "run", "LICENSE"}
    ]
    return [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in named]


def plain(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


@cache
def names_in_code() -> frozenset[str]:
    """Every class, function, field and constant that the packages define."""
    found: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    found.add(node.name)
                elif isinstance(node, ast.arg):
                    found.add(node.arg)
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    found.add(node.id)
    return frozenset(found)


def public_classes(package: str) -> set[str]:
    """Public classes of public modules; training scripts are left out."""
    found: set[str] = set()
    for path in (ROOT / package).rglob("*.py"):
        is_private = path.name.startswith("_") and path.name != "__init__.py"
        if is_private or "training" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}
    return found


def commands_shown() -> list[tuple[str, str]]:
    """Every ``relecture …`` line of a console block, continued lines joined, comments and shell redirections off."""
    found = []
    for path in documents():
        for block in CONSOLE.findall(path.read_text(encoding="utf-8")):
            for line in re.sub(r"\\\n\s*", " ", block).splitlines():
                words = line.strip().removeprefix("$ ")
                if words.startswith("relecture "):
                    found.append((path.relative_to(ROOT).as_posix(), words))
    return found


def arguments_of(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="<>|&;")
    lexer.whitespace_split = True
    words = list(lexer)
    ends = [i for i, word in enumerate(words) if word and set(word) <= set("<>|&;")]
    return words[1 : min(ends, default=len(words))]


def parse(arguments: list[str]) -> None:
    """Parse as click does, down to the subcommand, without running anything; raises what a person would be shown."""
    command: click.Command = group
    context = click.Context(command, info_name="relecture")
    while isinstance(command, click.Group):
        name, *arguments = arguments
        found = command.get_command(context, name)
        if found is None:
            raise click.UsageError(f"No such command: {name}")
        command = found
        context = click.Context(command, info_name=name, parent=context)
    command.parse_args(context, arguments)


def test_there_are_documents_and_commands_to_look_at() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in documents()}

    assert {"docs/glossary.md", "docs/adr/README.md", "docs/manual/fr.md", "THIRD_PARTY.md", "CHANGELOG.md"} <= names
    assert len(commands_shown()) > 30
    assert len(names_in_code()) > 1000


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_to_a_file(path: Path) -> None:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    targets = [target.partition("#")[0] for target in LINK.findall(text) if not re.match(r"[a-z]+:", target)]

    missing = sorted({target for target in targets if target and not (path.parent / target).exists()})

    assert missing == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_and_module_that_a_document_names_exists(path: Path) -> None:
    missing = []
    for quoted in QUOTED.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        name = quoted.partition("::")[0].rstrip(".,;:")
        if re.fullmatch(r"[\w.*/-]+", name) and name.split("/")[0] in TOP_FOLDERS and "/" in name:
            if not list(ROOT.glob(name)):
                missing.append(quoted)
        elif MODULE.fullmatch(name) and not name.endswith((".py", ".toml", ".md")):
            missing += [] if is_module_or_name(name) else [quoted]

    assert missing == []


def is_module_or_name(dotted: str) -> bool:
    parts = dotted.split(".")
    for n_parts in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:n_parts])
        if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
            return all(part in names_in_code() for part in parts[n_parts:])
    return False


def test_every_test_that_a_document_names_exists() -> None:
    known = {path.name for path in (ROOT / "tests").rglob("*.py")}
    missing = [
        (path.name, name)
        for path in documents()
        for name in re.findall(r"\btest_\w+\.py\b", path.read_text(encoding="utf-8"))
        if name not in known
    ]

    assert missing == []


def test_every_name_of_the_glossary_is_in_the_code() -> None:
    missing = []
    for row in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in row.split("|")]
        if len(cells) == 7 and not cells[1].startswith("-"):
            names = [name for name in QUOTED.findall(cells[4]) if "/" not in name]
            missing += [name for name in names if name not in names_in_code()]

    assert missing == []


@pytest.mark.parametrize("package", MUST_BE_IN_GLOSSARY)
def test_every_public_class_is_in_the_glossary(package: str) -> None:
    known = set(QUOTED.findall((ROOT / "docs/glossary.md").read_text(encoding="utf-8")))

    assert sorted(public_classes(package) - known) == []


def test_decisions_have_one_number_each_and_are_all_listed() -> None:
    names = [path.name for path in sorted((ROOT / "docs/adr").glob("*.md")) if path.name != "README.md"]
    listed = LINK.findall((ROOT / "docs/adr/README.md").read_text(encoding="utf-8"))
    numbers = [match[1] for name in names if (match := ADR_NAME.fullmatch(name))]

    assert len(numbers) == len(names)
    assert len(set(numbers)) == len(numbers)
    assert sorted(listed) == names
    for name in names:
        assert (ROOT / "docs/adr" / name).read_text(encoding="utf-8").startswith(f"# {name[:4]} — ")


def test_no_address_of_a_package_index_is_tracked() -> None:
    assert [name for name, text in texts() if ADDRESS_OF_AN_INDEX.search(text)] == []


def test_no_place_of_one_machine_is_tracked() -> None:
    found = [(name, match[0]) for name, text in texts() for match in PLACE_ON_A_MACHINE.finditer(text)]

    assert found == []


def test_the_repository_speaks_of_the_product_alone() -> None:
    found = [(name, match[0]) for name, text in texts() for match in TALK_OF_HOW_IT_WAS_WRITTEN.finditer(text)]

    assert found == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (ADDRESS_OF_AN_INDEX, "--extra-index" + "-url x"),
        (PLACE_ON_A_MACHINE, "see /ho" + "me/alex/notes"),
        (TALK_OF_HOW_IT_WAS_WRITTEN, "written by an AI" + " agent"),
    ],
)
def test_the_forbidden_patterns_find_what_they_forbid(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_third_party_lists_every_pinned_package_with_its_version() -> None:
    pins = dict(
        line.strip().split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    rows = re.findall(
        r"^\| ([\w.-]+) \| ([^|\s]+) \|", (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    listed = {plain(name): version for name, version in rows}

    wrong = sorted(f"{name}=={version}" for name, version in pins.items() if listed.get(plain(name)) != version)

    assert wrong == []


def test_the_manual_shows_every_command() -> None:
    shown = {arguments_of(line)[0] for name, line in commands_shown() if name == "docs/manual/fr.md"}

    assert shown == set(COMMANDS)


@pytest.mark.parametrize(("document", "line"), commands_shown(), ids=lambda value: value if " " in value else None)
def test_every_command_shown_is_understood(document: str, line: str) -> None:
    name = arguments_of(line)[0]
    if name in COMMANDS and find_spec(COMMANDS[name]) is None:
        pytest.fail(f"{document} shows a command whose module is missing: {line}")

    try:
        parse(arguments_of(line))
    except click.exceptions.Exit:
        pass  # --help prints and leaves
    except (click.ClickException, UsageProblem) as problem:
        pytest.fail(f"{document}: {line}: {problem}")


def test_a_command_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(click.ClickException):
        parse(["search", "CASE", "--purpose", "x", "--face", "y"])


def test_the_manual_explains_every_finding_and_every_exit_code() -> None:
    manual = (ROOT / "docs/manual/fr.md").read_text(encoding="utf-8")
    kinds = re.findall(
        r'^    [A-Z_]+ = "(\w+)"', (ROOT / "indexer/findings.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    errors = (ROOT / "models/errors.py").read_text(encoding="utf-8")
    codes = set(re.findall(r"exit_code = (\d+)", errors))

    assert len(kinds) > 20
    assert [kind for kind in kinds if f"`{kind}`" not in manual] == []
    assert sorted(code for code in codes if not re.search(rf"^\| {code} \|", manual, re.MULTILINE)) == []
