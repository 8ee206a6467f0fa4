"""Files in folders of people: all or none, never over another one, private, and zip files without tricks."""

import errno
import io
import os
import stat
import time
import zipfile
from pathlib import Path

import pytest

from erepo.clinic.reading import writing
from erepo.clinic.reading.deliveries import Delivered
from erepo.clinic.reading.errors import FilesThere
from erepo.clinic.reading.parts import zip_of
from erepo.clinic.reading.temporary import put_down, sweep
from erepo.clinic.reading.writing import write_files


def file(name: str, content: bytes = b"new") -> Delivered:
    """Return a file to be written."""
    return Delivered(content, "text/xml", name)


def names(folder: Path) -> list[str]:
    """Return what is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def test_files_are_written_private_and_nothing_else_is_left(tmp_path: Path) -> None:
    """Mode 0600, in a folder that is made, without temporary files."""
    paths = write_files(tmp_path / "new" / "folder", [file("a.xml"), file("b.xsl", b"two")])
    assert [path.read_bytes() for path in paths] == [b"new", b"two"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert names(tmp_path / "new" / "folder") == ["a.xml", "b.xsl"]


@pytest.mark.parametrize("there", ["a.xml", "A.XML", "\uff41.xml"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    """A file of the same name, in any capitals or width, stops the whole set; the error names no file."""
    (tmp_path / there).write_bytes(b"old")
    with pytest.raises(FilesThere) as refused:
        write_files(tmp_path, [file("b.xml"), file("a.xml")])
    assert names(tmp_path) == [there]
    assert (refused.value.names, refused.value.data) == (("a.xml",), {"count": 1})


def test_a_link_at_the_target_is_not_followed(tmp_path: Path) -> None:
    """A symbolic link under the name counts as taken; with force the link goes, what it leads to stays."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    folder = tmp_path / "out"
    folder.mkdir()
    for target in (victim, tmp_path / "nowhere"):
        (folder / "a.xml").unlink(missing_ok=True)
        (folder / "a.xml").symlink_to(target)
        with pytest.raises(FilesThere):
            write_files(folder, [file("a.xml")])
        write_files(folder, [file("a.xml")], force=True)
        assert not (folder / "a.xml").is_symlink()
    assert victim.read_bytes() == b"precious"
    assert not (tmp_path / "nowhere").exists()


def test_a_link_that_appears_at_the_last_moment_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the writing somebody takes the name: it stays theirs."""
    monkeypatch.setattr(writing, "_refuse_taken", lambda *_: None)
    (tmp_path / "a.xml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FilesThere):
        write_files(tmp_path, [file("a.xml")])
    assert names(tmp_path) == ["a.xml"]


def test_file_systems_without_links_are_written_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a memory stick the name is taken by an empty file first; one that is there stays."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    write_files(tmp_path, [file("a.xml")])
    assert (tmp_path / "a.xml").read_bytes() == b"new"
    monkeypatch.setattr(writing, "_refuse_taken", lambda *_: None)
    with pytest.raises(FilesThere):
        write_files(tmp_path, [file("a.xml", b"other")])
    assert (tmp_path / "a.xml").read_bytes() == b"new"
    assert names(tmp_path) == ["a.xml"]


def test_the_same_file_again_is_no_conflict(tmp_path: Path) -> None:
    """The stylesheet beside an earlier document serves the next one."""
    write_files(tmp_path, [file("CDA.xsl", b"xsl"), file("a.xml")])
    write_files(tmp_path, [file("CDA.xsl", b"xsl"), file("b.xml")])
    with pytest.raises(FilesThere):
        write_files(tmp_path, [file("CDA.xsl", b"another"), file("c.xml")])
    assert names(tmp_path) == ["CDA.xsl", "a.xml", "b.xml"]


def test_force_replaces(tmp_path: Path) -> None:
    """Who asks for it gets the new content."""
    write_files(tmp_path, [file("a.xml", b"old")])
    write_files(tmp_path, [file("a.xml")], force=True)
    assert (tmp_path / "a.xml").read_bytes() == b"new"


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves neither a half file nor a temporary one."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write_files(tmp_path, [file("a.xml")])
    assert names(tmp_path) == []


def test_a_zip_file_holds_plain_private_files(tmp_path: Path) -> None:
    """X8: no folder, no link, no absolute name; the same files make the same octets."""
    packed = zip_of([file("a.xml"), file("CDA.xsl", b"xsl")], "wypis/../x")
    assert packed.name == "wypis_.._x.zip"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == ["a.xml", "CDA.xsl"]
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100600}
        archive.extractall(tmp_path)
    assert (tmp_path / "a.xml").read_bytes() == b"new"
    assert packed == zip_of([file("a.xml"), file("CDA.xsl", b"xsl")], "wypis/../x")


def test_opened_documents_are_private_and_go_after_an_hour(tmp_path: Path) -> None:
    """The folder is 0700, names tell the opaque id alone; only what is old is removed, links are left."""
    folder = tmp_path / "opened"
    paths = put_down(folder, "0" * 32, [file("Kowalski.html"), file("Kowalski.pdf")])
    assert [path.name for path in paths] == [f"{'0' * 32}.html", f"{'0' * 32}-1.pdf"]
    assert stat.S_IMODE(paths[0].parent.stat().st_mode) == 0o700
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_bytes(b"x")
    (folder / "link").symlink_to(outside)
    assert sweep(folder) == 0
    old = time.time() - 7200
    os.utime(paths[0].parent, (old, old))
    assert sweep(folder) == 1
    assert not paths[0].exists()
    assert (outside / "keep").exists()
    assert sweep(tmp_path / "nowhere") == 0


@pytest.mark.parametrize("name", ["Wypis „żółty” 1.pdf", 'a";b.pdf', "a%41.pdf"])
def test_headers_carry_any_name(name: str) -> None:
    """RFC 6266: a plain form for old browsers, the exact one for others; nothing ends the header."""
    header = Delivered(b"", "application/pdf", name).headers["Content-Disposition"]
    plain, _, exact = header.partition("; filename*=UTF-8''")
    assert plain.count('"') == 2
    assert exact.isascii()
    assert not set(exact) & set('";, \r\n')
