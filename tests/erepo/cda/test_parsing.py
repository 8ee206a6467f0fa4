# ruff: noqa: E501 (fragments of markup read better whole)
"""Hostile and enormous documents."""

import base64
import random
import tracemalloc

import pytest

from erepo.cda import parsing
from erepo.cda.errors import DoctypeForbidden, DocumentTooLarge, NotXml
from erepo.cda.header import is_cda, read_header
from tests.support.cda_documents import document

SCAN = (
    '<component><structuredBody><component><section><entry><observationMedia ID="DOCUMENT_CONTENT">'
    '<value mediaType="image/tiff" representation="B64">{}</value></observationMedia></entry></section></component>'
    "</structuredBody></component>"
)


def with_scan(size: int) -> bytes:
    """A document whose base64 text node has about `size` octets."""
    octets = base64.b64encode(random.Random(1).randbytes(size * 3 // 4)).decode()
    return document(rest=SCAN.format(octets))


def test_text_over_ten_megabytes_is_read() -> None:
    """A scan of 12 MB in one text node, over libxml2's own limit, is read with its media type."""
    octets = with_scan(12 * 1024 * 1024)
    header = read_header(octets)
    assert header.body_media_type == "image/tiff"
    assert header.patient.family == "Próbny"


def test_large_and_small_documents_are_read_alike() -> None:
    """The frugal way for large documents gives the very header that the quick way gives."""
    large, small = read_header(with_scan(3 * 1024 * 1024)), read_header(with_scan(300))
    assert large == small


def test_large_documents_are_read_without_holding_their_text() -> None:
    """Reading 30 MB needs a small part of that in Python's memory."""
    octets = with_scan(30 * 1024 * 1024)
    tracemalloc.start()
    try:
        read_header(octets)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * 1024 * 1024


@pytest.mark.parametrize("size", [300, 3 * 1024 * 1024])
def test_the_last_octet_is_checked(size: int) -> None:
    """A document cut or continued at its end is refused, large or small."""
    octets = with_scan(size)
    for broken in (octets[:-1], octets + b"<more/>", octets.replace(b"</section>", b"</sektion>")):
        with pytest.raises(NotXml):
            read_header(broken)


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE ClinicalDocument>",
        '<?xml version="1.0"?>\n<!-- a --><?b c?>\n<!DOCTYPE ClinicalDocument SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE c [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE c [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_doctype_is_refused_before_parsing(prolog: str, encoding: str) -> None:
    """Whatever a DOCTYPE holds and however the file is encoded, it is refused as such."""
    octets = document(prolog=prolog)
    with pytest.raises(DoctypeForbidden):
        read_header(octets.decode().encode(encoding))


def test_doctype_in_text_is_text() -> None:
    """The word inside a comment or a CDATA section is no declaration."""
    rest = "<component><!-- <!DOCTYPE a> --><section><text><![CDATA[<!DOCTYPE html>]]></text></section></component>"
    assert read_header(document(rest=rest)).title == "Wynik"


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-2", "windows-1250"])
def test_other_encodings_are_read(encoding: str) -> None:
    """Encodings that Polish systems wrote are read with their letters intact."""
    octets = document(prolog=f'<?xml version="1.0" encoding="{encoding}"?>').decode().encode(encoding)
    assert is_cda(octets)
    assert read_header(octets).patient.family == "Próbny"


@pytest.mark.parametrize("encoding", ["UTF-7", "IBM037", "EBCDIC-CP-US", "utf-32", "x-user-defined"])
def test_encodings_that_could_hide_markup_are_refused(encoding: str) -> None:
    """Encodings in which ASCII is not ASCII are refused unseen."""
    with pytest.raises(NotXml):
        read_header(document(prolog=f'<?xml version="1.0" encoding="{encoding}"?>'))


def test_unknown_entities_are_refused() -> None:
    """Without a DOCTYPE no entity is known, so a reference to one is broken XML."""
    with pytest.raises(NotXml):
        read_header(document(title="<title>&xxe;</title>"))


def test_oversize_is_refused_before_parsing() -> None:
    """A document over the limit is refused by its size alone."""
    with pytest.raises(DocumentTooLarge) as caught:
        read_header(document(), limit=100)
    assert caught.value.data["limit"] == 100


@pytest.mark.parametrize("levels", [300, 100_000])
def test_deep_nesting_is_read_or_refused_but_harmless(levels: int) -> None:
    """Deep nesting in the body ends in a header or in a refusal, never in a crash."""
    octets = document(rest="<component>" + "<a>" * levels + "</a>" * levels + "</component>")
    if levels < 1000:
        assert read_header(octets).title == "Wynik"
    else:
        with pytest.raises(NotXml):
            read_header(octets)


def test_endless_organisations_are_cut() -> None:
    """A chain of organisations longer than any real one is followed five levels deep."""
    chain = (
        "<asOrganizationPartOf><wholeOrganization>" * 100
        + "</wholeOrganization></asOrganizationPartOf>" * 100
    )
    author = f"<author><assignedAuthor><representedOrganization>{chain}</representedOrganization></assignedAuthor></author>"
    assert len(read_header(document(author=author)).author.organisation) == 5


@pytest.mark.timeout(60)
def test_a_hundred_thousand_attributes_do_not_stall() -> None:
    """Many attributes on one element are read; a parser comparing each with each would not come back in time."""
    attributes = " ".join(f'a{number}="1"' for number in range(100_000))
    assert read_header(document(rest=f"<x {attributes}/>")).title == "Wynik"


def test_too_much_markup_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags and attributes are counted before the parser allocates for them."""
    monkeypatch.setattr(parsing, "MARKUP_LIMIT", 1000)
    with pytest.raises(DocumentTooLarge):
        read_header(document(rest="<a/>" * 1000))


@pytest.mark.parametrize(
    "octets", [b"", b" ", b"<", b"<?xml", b"\xff\xfe", b"\x00" * 10, b"%PDF-1.4", b"<!--", b"</a>"]
)
def test_rubbish_is_not_xml(octets: bytes) -> None:
    """Empty, cut and foreign files are refused as no XML."""
    with pytest.raises(NotXml):
        read_header(octets)
    assert not is_cda(octets)


@pytest.mark.timeout(60)
def test_prolog_of_comments_does_not_backtrack() -> None:
    """A long prolog that never ends is refused; a pattern trying every split would not come back in time."""
    with pytest.raises(NotXml):
        read_header(b"<!-- a -->" * 6000 + b"<!-- " + b" - " * 100_000)
