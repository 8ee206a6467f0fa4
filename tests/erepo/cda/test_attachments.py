# ruff: noqa: E501 (fragments of markup read better whole)
"""Files inside CDA documents: found in order, decoded, known by their first octets."""

import pytest

from erepo.cda import attachments
from erepo.cda.attachments import embedded_files
from erepo.cda.errors import DoctypeForbidden, DocumentTooLarge, NotXml
from tests.support import cda_documents as cda
from tests.support.pages import base64_of, body, media, picture, section

LIMIT = 10_000_000


def inside(*entries: str) -> bytes:
    """Return a document with entries."""
    return cda.document(rest=body(section("x", more="".join(entries))))


def test_files_are_found_in_order_and_known_by_their_octets() -> None:
    """What a document says of a file decides nothing but whether a page shows it."""
    octets = inside(
        media(base64_of(b"%PDF-1.7"), "text/plain"),
        media(base64_of(picture()), "image/png"),
        media(base64_of(picture("GIF")), "image/gif"),
        media(base64_of(picture()), "image/jpeg"),
        media(base64_of(b"MZ program"), "application/pdf"),
    )
    found = [(one.number, one.media_type, one.shown) for one in embedded_files(octets, LIMIT)]
    assert found == [
        (1, "application/pdf", False),
        (2, "image/png", True),
        (3, "image/gif", True),
        (4, "image/png", False),
        (5, "application/octet-stream", False),
    ]


def test_pictures_elsewhere_are_not_shown() -> None:
    """A picture as the value of an observation is no picture of the page, so it is offered as a file."""
    value = f'<entry><observation><value representation="B64" mediaType="image/png">{base64_of(picture())}</value></observation></entry>'
    assert [one.shown for one in embedded_files(inside(value), LIMIT)] == [False]


def test_line_ends_inside_base64_do_not_matter() -> None:
    """Official examples wrap it and indent it."""
    text = base64_of(picture())
    wrapped = "\n\t" + "\n\t".join(text[at : at + 20] for at in range(0, len(text), 20)) + "\n"
    assert embedded_files(inside(media(wrapped, "image/png")), LIMIT)[0].octets == picture()


@pytest.mark.parametrize("broken", ["", "  ", "AAA", "AA=A", "ĄĆ==", "AA<b>AA</b>"])
def test_broken_base64_is_left_out(broken: str) -> None:
    """As a page leaves it out."""
    assert embedded_files(inside(media(broken, "image/png")), LIMIT) == []


@pytest.mark.parametrize(
    ("octets", "error"), [(b"<a", NotXml), (b"<!DOCTYPE a><a/>", DoctypeForbidden), (b"<a/>" * 9, NotXml)]
)
def test_what_is_no_document_is_refused(octets: bytes, error: type[Exception]) -> None:
    """The same walls as for headers."""
    with pytest.raises(error):
        embedded_files(octets, LIMIT)


def test_sizes_and_counts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the document nor the number of files in it is endless."""
    octets = inside(*[media("AAAA", "image/png")] * 3)
    with pytest.raises(DocumentTooLarge):
        embedded_files(octets, 10)
    monkeypatch.setattr(attachments, "MOST", 2)
    with pytest.raises(DocumentTooLarge):
        embedded_files(octets, LIMIT)
