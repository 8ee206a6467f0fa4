"""What may stand on a page: an allow-list of elements and attributes, nothing that runs, loads or leads away.

ammonia (through nh3) parses the markup as a browser does and writes it anew, so that no trick of form gets
through. What is dropped: scripts, styles, frames, forms, SVG, MathML, `meta`, `base`, event attributes, style
attributes, and every address but two: a place on the same page, and a picture that lies inside the page.
"""

import binascii
import re
from typing import Final

import nh3

from erepo.cda.rendering import PICTURE

_ALLOWED: Final = """
a abbr article aside b blockquote br caption center code col colgroup dd del div dl dt em figcaption figure
footer h1 h2 h3 h4 h5 h6 header hr i img ins li main ol p pre q s samp section small span strong sub sup table
tbody td tfoot th thead tr u ul
"""
#: Gone with all that is in them; of other elements that are not allowed, the text stays.
_GONE: Final = """
applet audio base canvas embed form frame frameset head iframe link math meta noembed noframes noscript object
plaintext portal script select slot source style svg template textarea title track video xmp
"""
#: Marks that turn the direction of writing by force: "10 mg" would be read as "01 mg". Letters written from
#: right to left turn by themselves, without them.
TURNING: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_EVERYWHERE: Final = frozenset({"class", "id", "lang", "dir"})
_CELL: Final = frozenset({"align", "colspan", "rowspan", "valign"})
_ATTRIBUTES: Final = {
    "*": set(_EVERYWHERE),
    "a": {"href"},
    "img": {"alt", "height", "src", "width"},
    "ol": {"start", "type"},
    "td": set(_CELL),
    "th": set(_CELL),
    "col": {"span"},
    "colgroup": {"span"},
}
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_WORDS: Final = re.compile(r"[\w .:-]{1,200}")
_FORMS: Final = {
    "colspan": _NUMBER,
    "rowspan": _NUMBER,
    "span": _NUMBER,
    "start": _NUMBER,
    "width": _NUMBER,
    "height": _NUMBER,
    "type": re.compile(r"[1aAiI]"),
    "href": re.compile(r"#[\w.:-]{1,200}"),
    "id": re.compile(r"[\w.:-]{1,200}"),
    "class": _WORDS,
    "lang": _WORDS,
    "dir": re.compile(r"ltr|rtl|auto"),
    "align": re.compile(r"left|right|center|justify"),
    "valign": re.compile(r"top|middle|bottom|baseline"),
}
_PICTURE: Final = re.compile(r"data:image/(png|jpeg|gif);base64,([A-Za-z0-9+/]+={0,2})")
_STARTS: Final = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8"}


def sanitise(markup: str) -> str:
    """Return what may be shown of a page: a fragment for its body."""
    cleaned = nh3.clean(
        markup,
        tags=set(_ALLOWED.split()),
        clean_content_tags=set(_GONE.split()),
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"data"},
        link_rel=None,
        strip_comments=True,
    )
    return cleaned.translate(TURNING)


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        # Line ends inside base64 are written into an address in this form.
        bare = "".join(
            value.replace("%20", "").replace("%0A", "").replace("%0D", "").replace("%09", "").split()
        )
        return bare if _is_picture(bare) else None
    form = _FORMS.get(attribute)
    if form is not None:
        return value if form.fullmatch(value) else None
    return value if attribute == "alt" else None


def _is_picture(value: str) -> bool:
    if len(value) > PICTURE * 4 // 3 + 64:
        return False
    found = _PICTURE.fullmatch(value)
    if found is None:
        return False
    try:
        start = binascii.a2b_base64(found[2][:16])
    except binascii.Error:
        return False
    # A picture by its first octets: what only says so may be anything.
    return start.startswith(_STARTS[found[1]])
