"""ebRIM is written as text: whatever a value holds, it comes back as it was or is refused."""

import pytest
from lxml import etree

from erepo.xds.ebrim import Rules, read_objects, write_object_list
from erepo.xds.model import MetadataSet
from tests.support.xds import document

NASTY = "a<b> & \"c\" 'd' ]]> <!-- e --> \t\n\r ż \u2028 &amp; </rim:Value>"


def test_markup_in_values_stays_text() -> None:
    """Titles, comments and slots may hold any character that XML can carry."""
    entry = document(title=NASTY, comments=NASTY, extra_slots={NASTY: (NASTY, "")})
    octets = etree.tostring(write_object_list(MetadataSet(documents=(entry,))))
    (read,) = read_objects(etree.fromstring(octets), Rules.ANSWER).documents
    assert (read.title, read.comments, dict(read.extra_slots)) == (NASTY, NASTY, {NASTY: (NASTY, "")})


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x1f", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_refused_and_not_quoted(character: str) -> None:
    """The error says what is wrong without repeating the value, which may name a patient."""
    entry = document(title=f"Kowalski{character}")
    with pytest.raises(ValueError, match="XML cannot carry") as caught:
        write_object_list(MetadataSet(documents=(entry,)))
    assert "Kowalski" not in str(caught.value)
    assert caught.value.__cause__ is None
