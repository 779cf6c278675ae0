# SPDX-License-Identifier: Apache-2.0
"""The commands of the law side: exit codes, one clear line, JSON with a schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from review import evidence, search
from review.cli import group
from review.cli._run import run_group
from tests.review.law.kit import PASSPHRASE, FakeMaker, SoundCase, requisition_text

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``relecture`` with arguments; gives exit code, stdout and stderr."""
    monkeypatch.setenv("RELECTURE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("RELECTURE_OPERATOR", "martin")

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["relecture", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            run_group(group)
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return call


def test_a_new_operator_needs_every_option_where_nobody_can_be_asked(run: Run) -> None:
    code, _, err = run("operator", "new", "durand", "--name", "X")

    assert code == 2
    assert "Missing: --matricule, --service, --quality, --empowerment, --issued, --issuer, --expires." in err


def test_a_new_operator_is_made_and_listed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path))
    options = {
        "--name": "Zoé Durand",
        "--matricule": "77",
        "--service": "SD",
        "--quality": "APJ",
        "--empowerment": "H-1",
        "--issued": "2026-01-01",
        "--issuer": "DIPN",
        "--expires": "2027-01-01",
    }
    assert run("operator", "new", "durand", *[part for item in options.items() for part in item])[0] == 0

    code, out, _ = run("operator", "list", "--json")

    document = json.loads(out)
    assert (code, document["schema"]) == (0, "relecture/operators/1")
    assert document["operators"][0]["empowerment"]["expires"] == "2027-01-01"
    assert "certificate_pem" not in out
    assert "durand" in run("operator", "list")[1]


def test_a_case_is_made_from_a_requisition_and_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(requisition_text())
    assert run("case", "new", tmp_path / "c", "--from", tmp_path / "r.toml")[0] == 0

    code, out, _ = run("case", "show", tmp_path / "c", "--json")

    document = json.loads(out)
    assert (code, document["schema"]) == (0, "relecture/case/1")
    assert document["requisition"]["legal_basis"] == "60-1"
    assert [item["camera"] for item in document["scope"]] == ["cam1", "cam2"]
    assert "Réquisition     DEMO-2026-001" in run("case", "show", tmp_path / "c")[1]


def test_an_incomplete_requisition_exits_13_with_one_line_that_names_all(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(run("case", "template")[1])

    code, out, err = run("case", "new", tmp_path / "c", "--from", tmp_path / "r.toml")

    assert (code, out) == (13, "")
    assert len([line for line in err.splitlines() if line.startswith("relecture: ")]) == 1


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_requisition_that_cannot_be_read_exits_10(run: Run, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "r.toml").write_bytes(content)

    assert run("case", "new", tmp_path / "c", "--from", tmp_path / "r.toml")[0] == 10


def test_grant_extend_and_lock_change_what_show_says(run: Run, sound_case: SoundCase, tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text(requisition_text().replace('"cam2"', '"cam7"'))

    assert run("case", "grant", sound_case.folder, "dupont")[0] == 0
    assert run("case", "extend", sound_case.folder, "--from", tmp_path / "more.toml")[0] == 0
    assert run("case", "lock", sound_case.folder, "--decision", "D-1")[0] == 0

    document = json.loads(run("case", "show", sound_case.folder, "--json")[1])
    assert document["operators"] == ["dupont", "martin"]
    assert "cam7" in {item["camera"] for item in document["scope"]}
    assert document["locked_by"] == "D-1"
    assert "LOCKED" in run("case", "show", sound_case.folder)[1]


def test_verify_prints_numbered_lines_and_exits_0(run: Run, sound_case: SoundCase) -> None:
    code, out, _ = run("verify", sound_case.folder)

    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("✓  1 header of the case: case c-")
    assert lines[-2] == "– 11 purge certificate: the case was not purged (optional)"
    assert lines[-1] == "✓ 12 corrections of tracks: complete and logged: 0 corrections, 0 logged as done"


def test_verify_exits_1_and_names_file_and_check(
    run: Run, sound_case: SoundCase, flip: Callable[[Path, int], None]
) -> None:
    flip(sound_case.originals[0], 7)

    code, out, err = run("verify", sound_case.folder)

    assert code == 1
    assert "✗  6 originals" in out and "gare_nord.mp4" in out
    assert "NOT sound" in err


def test_verify_without_a_passphrase_says_what_was_not_run(
    run: Run, sound_case: SoundCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELECTURE_PASSPHRASE")

    code, out, _ = run("verify", sound_case.folder, "--json")

    document = json.loads(out)
    assert (code, document["sound"], document["schema"]) == (1, False, "relecture/verification/1")
    assert document["checks"][1]["status"] == "not run"


def test_verify_of_a_missing_path_exits_10(run: Run, tmp_path: Path) -> None:
    assert run("verify", tmp_path / "x")[0] == 10
    assert run("verify", tmp_path, "--checkpoint", tmp_path / "x")[0] == 10


def test_audit_show_gives_who_what_when_and_why(run: Run, sound_case: SoundCase) -> None:
    code, out, _ = run("audit", "show", sound_case.folder, "--json", "--last", 100)

    document = json.loads(out)
    searches = [item for item in document["records"] if item["body"]["act"] == "search.run"]
    assert (code, document["schema"], document["sound"]) == (0, "relecture/audit/1", True)
    assert searches[0]["body"]["purpose"] == "voiture rouge quittant les lieux"
    assert "search.run intent “voiture rouge quittant les lieux”" in run("audit", "show", sound_case.folder)[1]
    assert len(run("audit", "show", sound_case.folder, "--last", 2)[1].splitlines()) == 2


def test_audit_verify_exits_0_then_1_when_a_record_is_cut(run: Run, sound_case: SoundCase) -> None:
    assert run("audit", "verify", sound_case.folder)[0] == 0
    path = sound_case.folder / "audit" / "log.jsonl"
    path.write_bytes(path.read_bytes()[:-10])

    code, out, _ = run("audit", "verify", sound_case.folder, "--json")

    document = json.loads(out)
    assert (code, document["sound"]) == (1, False)
    assert [part["status"] for part in document["parts"]] == ["failed", "passed", "failed"]
    assert run("audit", "show", sound_case.folder)[0] == 1
    assert "✗ chain: audit/log.jsonl: record" in run("audit", "verify", sound_case.folder)[1]


def test_audit_verify_takes_a_checkpoint_kept_elsewhere(run: Run, sound_case: SoundCase, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes((sound_case.folder / "audit" / "checkpoint").read_bytes())
    assert run("audit", "verify", sound_case.folder, "--checkpoint", kept)[0] == 0
    kept.write_bytes(kept.read_bytes().replace(b"relecture", b"relectura", 1))

    assert run("audit", "verify", sound_case.folder, "--checkpoint", kept)[0] == 1


def test_audit_of_no_case_exits_10(run: Run, tmp_path: Path) -> None:
    assert run("audit", "show", tmp_path)[0] == 10


def test_purge_asks_first_and_then_leaves_a_certificate(run: Run, sound_case: SoundCase) -> None:
    code, _, err = run("purge", sound_case.folder)
    assert code == 2
    assert "must be confirmed" in err

    code, out, _ = run("purge", sound_case.folder, "--yes", "--json")

    assert (code, json.loads(out)["keys"]) == (0, 1)
    assert run("verify", sound_case.folder)[0] == 0
    assert run("case", "show", sound_case.folder)[0] == 16
    assert run("purge", sound_case.folder, "--yes")[0] == 15


def test_no_operator_no_passphrase_and_no_case_have_their_own_codes(
    run: Run, sound_case: SoundCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("case", "show", tmp_path)[0] == 10
    assert run("case", "show", sound_case.folder, "--operator", "nobody")[0] == 14
    monkeypatch.setenv("RELECTURE_PASSPHRASE", "wrong")
    assert run("case", "show", sound_case.folder)[0] == 22
    monkeypatch.delenv("RELECTURE_PASSPHRASE")
    assert run("case", "show", sound_case.folder)[0] == 22


def test_judging_needs_a_track_of_the_index(run: Run, sound_case: SoundCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "track_exists", lambda _session, track_id: track_id == "t-x")

    assert run("judge", sound_case.folder, "t-x", "validated", "--note", "vu")[0] == 0
    assert run("judge", sound_case.folder, "t-y", "validated")[0] == 14
    assert run("judge", sound_case.folder, "t-x", "perhaps")[0] == 2


def test_export_prints_fingerprint_and_root_and_the_bundle_verifies(
    run: Run, sound_case: SoundCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeMaker(sound_case.originals[0])
    monkeypatch.setattr(evidence, "export_still", fake.still)
    monkeypatch.setattr(evidence, "export_clip", fake.clip)
    monkeypatch.setattr(evidence, "analysis_facts", fake.facts)
    monkeypatch.setattr(evidence, "absent_tracks", fake.absent)

    code, out, _ = run("export", sound_case.folder, "--out", tmp_path / "b", "--json")

    document = json.loads(out)
    assert (code, document["schema"], document["exhibits"]) == (0, "relecture/export/1", 2)
    verified = run("verify", tmp_path / "b")
    assert verified[0] == 0
    assert document["log_root"] in verified[1] and document["certificate_sha256"] in verified[1]
    err = run("export", sound_case.folder, "--out", tmp_path / "b2")[2]
    assert "2 exhibits (1 validated, 1 rejected, 1 doubtful)" in err
    assert run("export", sound_case.folder, "--out", tmp_path / "b")[0] == 15
