# ruff: noqa: E501 (fragments of markup read better whole)
"""Pages of documents: what a doctor needs to see is there, under a policy that lets nothing run."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from erepo.cda.errors import DoctypeForbidden, NotXml
from erepo.cda.header import read_header
from erepo.cda.rendering import PICTURE
from erepo.cda.rendering.errors import NothingToRender, RenderingFailed
from erepo.cda.rendering.service import render
from erepo.cda.rendering.stylesheets import OWN, fitting, own
from erepo.cda.samples import RECIPES, generate
from tests.support import cda_documents as cda
from tests.support.pages import LIMITS, base64_of, body, dangers, quick, section, sheet, told

NOWHERE = Path("/nowhere")
R3 = "http://www.csioz.gov.pl/xsd/extPL/r3"


def shown(document: bytes, folder: Path = NOWHERE) -> str:
    """Return the text of a page, without markup, white space folded."""
    page = render(document, folder, LIMITS).octets.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]).split())


def test_the_header_is_shown_in_polish() -> None:
    """Title, date, patient with PESEL, author with licence number, identifiers and template."""
    text = shown(told("<paragraph>Treść</paragraph>"))
    for part in (
        "Wynik", "Data wystawienia: 02.01.2026", "Jan Próbny", "PESEL 44051401359", "14.05.1944", "mężczyzna",
        "NPWZ 5425740", "Nr księgi 000000100300", "Treść", "PIK HL7 CDA 1.3.1", "A1",
    ):  # fmt: skip
        assert part in text, part


def test_no_mark_turns_the_direction_of_writing() -> None:
    """What is written "10 mg" is read "10 mg", in the text and in the title, also where marks come as numbers."""
    narrative = told("<paragraph>\u202e10 mg\u202c, \u206720&#x2069; mg</paragraph>")
    page = render(narrative.replace(b"Wynik", b"Wy&#x202e;nik"), NOWHERE, LIMITS).octets.decode()
    assert "10 mg, 20 mg" in page
    assert "<title>Wynik" in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page)


@pytest.mark.parametrize(
    ("template", "type_code", "words"),
    [
        ("17", "RPLC", "Zastępuje (koryguje) dokument"),
        ("14", "RPLC", "Anuluje dokument"),
        ("17", "APND", "Uzupełnia dokument"),
    ],
)
def test_related_documents_stand_on_top(template: str, type_code: str, words: str) -> None:
    """Who reads a correction or a cancellation sees at once what it does to which document."""
    related = (
        f'<relatedDocument typeCode="{type_code}"><parentDocument><id root="1.2.3" extension="OLD"/>'
        '<versionNumber value="1"/></parentDocument></relatedDocument>'
    )
    versioned = f'<templateId root="{cda.P1}.13.10.1.{template}" extension="1.3.1"/>'
    assert f"{words}: OLD (1.2.3) , wersja 1" in shown(cda.document(template=versioned, rest=related))


def test_the_narrative_keeps_its_form() -> None:
    """Tables, lists, footnotes, emphasis, revisions, line ends: as HTML of the same meaning."""
    text = (
        '<list listType="ordered"><caption>Leki</caption><item>Polocard</item></list>'
        '<table><thead><tr><th>Badanie</th></tr></thead><tbody><tr><td colspan="2" align="right">8,3</td></tr></tbody></table>'
        '<paragraph><content styleCode="Bold Italics">ważne</content>a<sup>2</sup><br/>'
        '<content revised="delete">było</content><footnote ID="F1">uwaga</footnote><footnoteRef IDREF="F1"/></paragraph>'
    )
    page = render(told(text), NOWHERE, LIMITS).octets.decode()
    for part in (
        '<p class="caption">Leki</p><ol><li>Polocard</li></ol>', "<th>Badanie</th>",
        '<td class="right" colspan="2">8,3</td>', '<span class="bold italic">ważne</span>', "a<sup>2</sup><br>",
        "<del>było</del><sup>1</sup><sup>1</sup>",
    ):  # fmt: skip
        assert part in page, part
    assert "uwaga" in page.partition('class="footnotes"')[2]


@pytest.mark.parametrize(
    "namespace", [cda.R2, R3, "http://www.csioz.gov.pl/xsd/extPL/r1", "urn:csioz:xsd/extPL/r9"]
)
def test_the_extension_is_shown_in_every_namespace(namespace: str) -> None:
    """The Polish extension's elements are found by their names, whichever version named the namespace."""
    contract = (
        '<author><time value="20260102"/><assignedAuthor><id root="1.2"/><extPL:boundedBy>'
        '<extPL:reimbursementRelatedContract><extPL:id root="1" extension="UMOWA-7"/>'
        "</extPL:reimbursementRelatedContract></extPL:boundedBy></assignedAuthor></author>"
    )
    assert "UMOWA-7" in shown(cda.document(author=contract, namespace=namespace))


def test_bodies_that_are_no_xml() -> None:
    """Plain text is shown as it is; a PDF is named as an attachment; what lies elsewhere is named as such."""
    plain = "<component><nonXMLBody><text mediaType='text/plain'>Linia 1\n  Linia 2</text></nonXMLBody></component>"
    assert "Linia 1\n  Linia 2" in render(cda.document(rest=plain), NOWHERE, LIMITS).octets.decode()
    pdf = base64_of(b"%PDF-1.7 x")
    inside = f"<component><nonXMLBody><text mediaType='application/pdf' representation='B64'>{pdf}</text></nonXMLBody></component>"
    assert "Załącznik w dokumencie (application/pdf)" in shown(cda.document(rest=inside))
    away = '<entry><observationMedia ID="M"><value mediaType="application/pdf"><reference value="opis.pdf"/></value></observationMedia></entry>'
    text = shown(cda.document(rest=body(section("x", more=away))))
    assert "Załącznik poza dokumentem : opis.pdf" in text


def test_the_policy_names_the_styles_and_nothing_else() -> None:
    """The page's own styles are allowed by their hash; scripts, frames, forms and addresses are not."""
    made = render(told("x"), NOWHERE, LIMITS)
    css = re.search(rb"<style>(.*?)</style>", made.octets, re.DOTALL)
    assert css
    hashed = base64.b64encode(hashlib.sha256(css[1]).digest()).decode()
    expected = (
        f"default-src 'none'; style-src 'sha256-{hashed}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert made.policy == expected
    assert f'content="{expected}"'.encode() in made.octets
    assert made.headers["Content-Security-Policy"] == f"{expected}; frame-ancestors 'self'; sandbox"
    assert made.headers["X-Content-Type-Options"] == "nosniff"
    assert made.headers["Cache-Control"] == "no-store"


def test_the_title_cannot_end_its_element() -> None:
    """A title with markup is text in the head, too."""
    page = render(
        cda.document(title="<title>&lt;/title>&lt;script>alert(1)&lt;/script></title>"), NOWHERE, LIMITS
    )
    assert b"<script" not in page.octets


def test_the_stylesheet_and_the_sanitiser_count_pictures_alike() -> None:
    """The largest picture is the same for both: otherwise one would be announced and not shown."""
    assert f'name="picture" select="{-(-PICTURE // 3) * 4}"' in own().octets.decode()


@pytest.mark.parametrize("kind", sorted({*RECIPES}))
def test_every_kind_of_sample_has_a_page(kind: str) -> None:
    """Our own samples of every kind are shown, safe, and with their patient."""
    (one,) = generate(5, 1, kinds=[kind])
    page = quick(one.octets)
    assert dangers(page) == []
    assert read_header(one.octets).patient.family in page.decode()


@cda.needs_examples
@pytest.mark.parametrize(
    "file", sorted(cda.EXAMPLES.glob("*.xml")) if cda.EXAMPLES.is_dir() else [], ids=lambda file: file.stem
)
def test_every_official_example_has_a_page(file: Path) -> None:
    """All words of the narrative of CeZ's examples are on the page, in their order."""
    octets = file.read_bytes()
    made = render(octets, NOWHERE, LIMITS)
    assert dangers(made.octets) == []
    assert read_header(octets).patient.family in made.octets.decode()
    from lxml import etree  # noqa: PLC0415 - an independent reading

    text = shown(octets).split()
    for cell in etree.fromstring(octets).iter("{urn:hl7-org:v3}td", "{urn:hl7-org:v3}item"):
        for word in "".join(str(part) for part in cell.itertext()).split():
            assert word in text


def official(folder: Path, version: str, namespace: str, mark: str) -> None:
    """Put a stylesheet of ours into the folder as if it were the official one."""
    octets = sheet(f"<p>{mark}</p>", attributes=f'xmlns:extPL="{namespace}"')
    (folder / f"CDA_PL_IG_{version}.xsl").write_bytes(octets)


def chosen(folder: Path, version: str, namespace: str) -> list[str]:
    """Return the names of the stylesheets that fit a document, the best first."""
    template = f'<templateId root="{cda.P1}.13.10.1.17" extension="{version}"/>'
    return [
        one.name for one in fitting(read_header(cda.document(template=template, namespace=namespace)), folder)
    ]


def test_the_official_stylesheet_of_version_and_namespace_is_used(tmp_path: Path) -> None:
    """Version first, then what it supplements, then any other that knows the namespace; ours at the end."""
    official(tmp_path, "1.3.1", cda.R2, "jeden")
    official(tmp_path, "1.3.2", R3, "dwa")
    (tmp_path / "notes.txt").write_text("nothing")
    assert chosen(tmp_path, "1.3.1", cda.R2) == ["CDA_PL_IG_1.3.1.xsl", OWN]
    assert chosen(tmp_path, "1.3.1.2", cda.R2) == ["CDA_PL_IG_1.3.1.xsl", OWN]
    assert chosen(tmp_path, "1.3.2", R3) == ["CDA_PL_IG_1.3.2.xsl", OWN]
    assert chosen(tmp_path, "1.3.2.1", R3) == ["CDA_PL_IG_1.3.2.xsl", OWN]
    assert chosen(tmp_path, "1.3.1", R3) == ["CDA_PL_IG_1.3.2.xsl", OWN]
    assert chosen(tmp_path, "1.3.1", "urn:x/extPL/r7") == [OWN]
    assert "jeden" in shown(told("x"), tmp_path)


def test_an_official_stylesheet_that_fails_is_passed_over(tmp_path: Path) -> None:
    """A document that is here is shown; which stylesheet failed is told."""
    (tmp_path / "CDA_PL_IG_1.3.1.xsl").write_bytes(f"<broken {cda.R2}".encode())
    made = render(told("x"), tmp_path, LIMITS)
    assert (made.stylesheet.name, made.passed_over) == (OWN, ("CDA_PL_IG_1.3.1.xsl",))


def test_documents_without_a_template_get_our_stylesheet(tmp_path: Path) -> None:
    """A CDA document that is not PIK is shown all the same, one whose header lacks something too."""
    official(tmp_path, "1.3.1", cda.R2, "jeden")
    assert "Treść" in shown(told("Treść", template=""), tmp_path)
    assert "Treść" in shown(told("Treść", identity=""), tmp_path)


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (b"<a/>", NothingToRender),
        (b"<a", NotXml),
        (b"<!DOCTYPE a><a/>", DoctypeForbidden),
        (cda.document(root="Observation"), NothingToRender),
    ],
)
def test_what_is_no_document_is_refused(octets: bytes, error: type[Exception]) -> None:
    """Only CDA has a page; nothing else reaches a stylesheet."""
    with pytest.raises(error):
        render(octets, NOWHERE, LIMITS)


def test_our_own_failure_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing behind our stylesheet."""
    failing = sheet('<xsl:message terminate="yes"/>')
    monkeypatch.setattr("erepo.cda.rendering.stylesheets.own", lambda: own().__class__(OWN, failing))
    with pytest.raises(RenderingFailed):
        render(told("x"), NOWHERE, LIMITS)
