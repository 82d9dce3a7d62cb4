"""Files that are put in place: all or none, over nothing of anybody's, through no link, in no study."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ci_analysis.errors import CiAnalysisError, WrongUse
from ci_analysis.report import files as module
from ci_analysis.report.files import write_files


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, and every folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else b"/" for p in sorted(folder.rglob("*"))
    }


def test_texts_are_written_as_they_are_into_folders_that_are_made(tmp_path: Path) -> None:
    write_files({tmp_path / "a" / "b" / "x.csv": "é\r\n", tmp_path / "a" / "y.csv": "\n"})
    assert snapshot(tmp_path) == {"a": b"/", "a/b": b"/", "a/b/x.csv": "é\r\n".encode(), "a/y.csv": b"\n"}
    plain = tmp_path / "plain"
    plain.write_text("")
    assert stat.S_IMODE((tmp_path / "a" / "y.csv").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_files_that_are_there_are_all_named_and_none_is_written(tmp_path: Path) -> None:
    texts = {tmp_path / name: "new" for name in ("a", "b", "c")}
    (tmp_path / "a").write_text("mine")
    (tmp_path / "c").write_text("mine too")
    before = snapshot(tmp_path)
    with pytest.raises(WrongUse) as error:
        write_files(texts)
    assert str(error.value) == (
        f"{tmp_path / 'a'} and {tmp_path / 'c'} are there already; nothing was written. "
        "Name another place with --out, or replace them with --force."
    )
    assert snapshot(tmp_path) == before
    (tmp_path / "a").chmod(0o600)
    write_files(texts, force=True)
    assert snapshot(tmp_path) == dict.fromkeys("abc", b"new")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_what_is_ours_is_renewed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("ours, old")
    write_files({tmp_path / "a": "ours, new"}, ours=lambda content: content.startswith(b"ours"))
    assert (tmp_path / "a").read_text() == "ours, new"
    with pytest.raises(WrongUse, match="is there already"):
        write_files({tmp_path / "a": "x"}, ours=lambda content: content.startswith(b"theirs"))


@pytest.mark.parametrize("force", [True, False])
def test_nothing_is_written_in_a_study(tmp_path: Path, force: bool) -> None:
    study = tmp_path / "study"
    (study / "deep" / "er").mkdir(parents=True)
    (study / "study.yaml").write_text("title: x\n")
    (tmp_path / "door").symlink_to(study / "deep")
    (tmp_path / "out").mkdir()
    (study / "way-out").symlink_to(tmp_path / "out")
    before = snapshot(tmp_path)
    for place in ("study/x", "study/deep/x", "study/deep/er/new/x", "study/deep/../x", "door/x", "door/er/x",
                  "out/../study/x", "study/way-out/x"):  # fmt: skip
        with pytest.raises(WrongUse, match=r"lies in a study's folder, .*study, which holds its tables alone"):
            write_files({tmp_path / "fine": "new", tmp_path / place: "new"}, force=force)
    assert snapshot(tmp_path) == before
    write_files({tmp_path / "out" / "x": "new"}, force=force)


@pytest.mark.parametrize("force", [True, False])
def test_nothing_is_written_through_a_link_or_over_a_folder(tmp_path: Path, force: bool) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    before = snapshot(tmp_path)
    for name in ("link", "dangling", "folder"):
        with pytest.raises(WrongUse, match=f"{name} is a link or a folder, and no file; nothing was written"):
            write_files({tmp_path / "fine": "new", tmp_path / name: "new"}, force=force)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_where_one_cannot_be_put_in_place_all_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    (tmp_path / "b").write_text("mine")
    before = snapshot(tmp_path)
    real, calls = os.replace, []

    def failing(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(module.os, "replace", failing)
    texts = {tmp_path / "a": "new", tmp_path / "b": "new", tmp_path / "deep" / "er" / "c": "new"}
    with pytest.raises(CiAnalysisError, match=r"cannot be written \(No space left on device\); all is as it was\."):
        write_files(texts, force=True)
    assert snapshot(tmp_path) == before


def test_what_stops_the_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(handle: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "b").write_text("mine")
    before = snapshot(tmp_path)
    monkeypatch.setattr(module.os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_files({tmp_path / "new" / "a": "new", tmp_path / "b": "new"}, force=True)
    assert snapshot(tmp_path) == before


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    for place in ("a/x", "a/b/x"):
        with pytest.raises(CiAnalysisError, match="x cannot be written"):
            write_files({tmp_path / place: "new"}, force=True)
    assert snapshot(tmp_path) == {"a": b"mine"}
