"""Whatever comes, the reader answers with a header or with one of its own errors."""

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from erepo.cda.header import is_cda, read_header
from erepo.cda.kinds import Kind, recognise
from erepo.cda.media import media_type
from erepo.errors import InvalidInput
from tests.support.cda_documents import document

GOOD = document()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good document with a piece cut out and another put in."""
    start = draw(st.integers(0, len(GOOD)))
    end = draw(st.integers(start, min(len(GOOD), start + 200)))
    return GOOD[:start] + draw(st.binary(max_size=40)) + GOOD[end:]


def refusal(read: Callable[[bytes], object], octets: bytes) -> InvalidInput | None:
    """The typed refusal of octets, or None when they are taken; any other exception goes on."""
    try:
        read(octets)
    except InvalidInput as error:
        return error
    return None


@given(st.one_of(st.binary(max_size=400), damaged()))
@example(b"")
@example(b"\xff\xfe<\x00")
@example(b"<?xml version='1.0' encoding='utf-16'?><a/>")
@example(GOOD.replace(b"\n", b"\r\n"))
def test_reader_raises_nothing_but_its_own_errors(octets: bytes) -> None:
    """Arbitrary and damaged octets give a header of known kind, or a typed refusal in two languages."""
    refused = refusal(read_header, octets)
    if refused is None:
        assert recognise(read_header(octets)) in Kind
        assert is_cda(octets)
    else:
        assert refused.code.startswith("cda.")
        assert all(refused.explain("pl"))
        assert all(refused.explain("en"))


@given(st.one_of(st.binary(max_size=400), damaged()))
def test_sniffing_never_breaks(octets: bytes) -> None:
    """The glance and the media type take any octets."""
    assert is_cda(octets) in {True, False}
    refused = refusal(media_type, octets)
    assert refused is None or refused.code.startswith("cda.")


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&>\ufffe\uffff"), max_size=60)
)
def test_titles_come_back_with_white_space_folded(title: str) -> None:
    """Any text that XML can carry comes out of the title as people read it."""
    header = read_header(document(title=f"<title>{title}</title>"))
    assert header.title == " ".join(title.split())
