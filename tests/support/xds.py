"""Metadata for tests: an example, Hypothesis strategies, the schemas of ebXML and IHE, a wire of its own."""

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from lxml import etree

from erepo.content import MemoryContent
from erepo.identifiers import CX, XCN, XON, ReferenceId, oids
from erepo.settings import Limits
from erepo.soap.message import Outgoing, pack
from erepo.soap.mtom import Attachment, unpack
from erepo.soap.names import XOP_INCLUDE
from erepo.soap.verifying import Verified, read_unsigned
from erepo.xds import vocabulary as words
from erepo.xds.iti41 import Submission
from erepo.xds.model import Association, Author, Code, DocumentEntry, Folder, MetadataSet, SubmissionSet

SCHEMAS = Path(__file__).resolve().parents[2].parent / "shared" / "ihe" / "wsdl" / "schema"
needs_schemas = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the IHE schemas are not beside the checkout")

PATIENT = CX("80051212340", oids.PESEL)
DOCTOR = XCN("5425740", "Kowalski", "Jan", "dr n. med.", authority_oid=oids.NPWZ_DOCTOR)
AUTHOR = Author(
    DOCTOR,
    (XON("Przychodnia „Pod Lipą”", oids.PROVIDER, "000000927722"), XON("Poradnia kardiologiczna")),
    ("Lekarz",),
    ("Kardiologia", "Choroby wewnętrzne"),
    ("^^Internet^jan@example.org",),
)


def document(symbol: str = "Document01", unique_id: str = "1.2.3^A1", **changes: object) -> DocumentEntry:
    """Return an entry with every attribute that a clinic sends, some changed."""
    attributes: dict[str, object] = {
        "entry_uuid": symbol,
        "unique_id": unique_id,
        "patient_id": PATIENT,
        "class_code": Code("05.00", "Klasyfikacja dokumentów P1", "Konsultacja lekarska"),
        "type_code": Code("11488-4", "LOINC", "Consult note"),
        "format_code": Code("urn:extPL:pl-cda", "Kody formatów P1", "PIK HL7 CDA"),
        "facility_type": Code("1100", "Specjalność komórki organizacyjnej", "Poradnia kardiologiczna"),
        "practice_setting": Code("05", "Dziedzina medyczna", "Chirurgia ogólna"),
        "confidentiality": (Code("N", oids.CONFIDENTIALITY, "normal"),),
        "mime_type": "text/xml",
        "language": "pl-PL",
        "creation_time": "20260102120000",
        "service_start": "20260102",
        "service_stop": "20260102113000",
        "source_patient_id": CX("17", f"{oids.own_node('927722')}.17.1"),
        "source_patient_info": ("PID-5|Próbna^Anna^^^^^^", "PID-7|19800512", "PID-8|F", "PID-11|^^Łódź"),
        "authors": (AUTHOR,),
        "legal_authenticator": DOCTOR,
        "title": "Konsultacja <lekarska> & zalecenia",
        "extra_slots": {
            words.Slot.STORAGE_CATEGORY: ("2046",),
            words.Slot.MEDICAL_EVENT_ID: (f"9^^^&1.2.3.15.1&ISO^{words.REFERENCE_ENCOUNTER}",),
        },
    }
    return DocumentEntry(**(attributes | changes))  # type: ignore[arg-type]


def submission_set(**changes: object) -> SubmissionSet:
    """Return a submission set, some attributes changed."""
    attributes: dict[str, object] = {
        "entry_uuid": "SubmissionSet01",
        "unique_id": "2.25.17",
        "source_id": oids.own_node("927722"),
        "patient_id": PATIENT,
        "content_type": Code("REGISTER", "Typ wysyłki", "Rejestracja indeksu EDM"),
        "submission_time": "20260102120100",
        "authors": (AUTHOR,),
    }
    return SubmissionSet(**(attributes | changes))  # type: ignore[arg-type]


def submission(*octets: bytes) -> Submission:
    """Return a submission with one entry for each content."""
    entries = tuple(
        (document(f"Document{number:02}", f"1.2.3^A{number}"), MemoryContent(content))
        for number, content in enumerate(octets, 1)
    )
    return Submission(submission_set(), entries)


def over_the_wire(
    payload: etree._Element, attachments: tuple[Attachment, ...] = (), *, mtom: bool = True
) -> Verified:
    """Pack a message without a signature and unpack it again, as the other side would."""
    packed = pack(Outgoing("urn:test:action", "https://example.org/", payload, attachments), None, mtom=mtom)
    return read_unsigned(unpack(packed.content_type, b"".join(packed.chunks()), Limits()))


# --- strategies

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
)
_WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=8,
)
SOME = st.lists(_WORD, min_size=1, max_size=3).map(" ".join)
VALUE = st.just("") | SOME
OID = st.lists(st.integers(0, 999), min_size=1, max_size=5).map(lambda arcs: ".".join(map(str, [2, *arcs])))
OID_OR_NOTHING = st.one_of(st.just(""), OID)
UUID = st.uuids().map(lambda value: value.urn)
SYMBOL = st.text(string.ascii_letters, min_size=1, max_size=8).map(lambda text: f"id-{text}")
NEEDED_TIME = st.one_of(
    st.datetimes().map(lambda time: f"{time.year:04}{time:%m%d%H%M%S}"),
    st.dates().map(lambda day: f"{day.year:04}{day:%m%d}"),
)
TIME = st.just("") | NEEDED_TIME
UNIQUE_ID = st.one_of(
    OID, UUID, st.tuples(OID, st.text(string.ascii_letters, min_size=1, max_size=16)).map("^".join)
)
CX_VALUE = st.builds(CX, SOME, OID)
XCN_VALUE = st.builds(XCN, SOME, VALUE, VALUE, VALUE, VALUE, OID_OR_NOTHING, VALUE)
XON_VALUE = st.builds(XON, SOME, OID_OR_NOTHING, VALUE)
CODE = st.builds(Code, SOME, SOME, SOME)


def few(values: st.SearchStrategy[object], least: int = 0) -> st.SearchStrategy[tuple[object, ...]]:
    """Return tuples of at most three values."""
    return st.lists(values, min_size=least, max_size=3).map(tuple)


EXTRA_SLOTS = st.dictionaries(
    SOME.map(lambda text: f"urn:extra:{text}"), few(TEXT.map(lambda text: text[:200])), max_size=2
)
# A role or specialty alone is no author (TF-3 4.2.3.1.4).
AUTHORS = few(
    st.builds(Author, st.none() | XCN_VALUE, few(XON_VALUE), few(SOME), few(SOME), few(SOME)).filter(
        lambda author: author.person is not None or author.institutions or author.telecoms
    )
)
_COMMON = {
    "entry_uuid": UUID | SYMBOL,
    "title": SOME,
    "comments": VALUE,
    "status": st.sampled_from(["", words.APPROVED, words.DEPRECATED]),
    "extra_slots": EXTRA_SLOTS,
    "lid": st.just("") | UUID,
    "version": st.none() | st.integers(1, 99),
    "home": st.just("") | OID.map(lambda oid: f"urn:oid:{oid}"),
}
DOCUMENTS = st.builds(
    DocumentEntry,
    **_COMMON,
    unique_id=UNIQUE_ID,
    patient_id=CX_VALUE,
    class_code=CODE,
    type_code=CODE,
    format_code=CODE,
    facility_type=CODE,
    practice_setting=CODE,
    confidentiality=few(CODE, 1),
    event_codes=few(CODE),
    mime_type=st.sampled_from(["text/xml", "application/pdf"]),
    language=st.sampled_from(["pl-PL", "en-GB"]),
    creation_time=NEEDED_TIME,
    service_start=TIME,
    service_stop=TIME,
    source_patient_id=CX_VALUE,
    source_patient_info=few(TEXT),
    authors=AUTHORS,
    legal_authenticator=st.none() | XCN_VALUE,
    hash=st.binary(min_size=20, max_size=20).map(bytes.hex),
    size=st.integers(0, 10**12),
    repository_unique_id=OID,
    object_type=st.just(words.STABLE),
    uri=st.just("")
    | st.text(string.ascii_letters, max_size=600).map(lambda text: f"https://example.org/{text}"),
    reference_ids=few(st.builds(ReferenceId, SOME, SOME, OID_OR_NOTHING, OID_OR_NOTHING)),
)
SUBMISSION_SETS = st.builds(
    SubmissionSet,
    **_COMMON,
    unique_id=OID,
    source_id=OID,
    patient_id=CX_VALUE,
    content_type=CODE,
    submission_time=NEEDED_TIME,
    authors=AUTHORS,
    intended_recipients=few(TEXT),
)
FOLDERS = st.builds(
    Folder, **_COMMON, unique_id=OID, patient_id=CX_VALUE, codes=few(CODE, 1), last_update_time=TIME
)
ASSOCIATIONS = st.builds(
    Association,
    **{name: _COMMON[name] for name in ("entry_uuid", "status", "extra_slots", "lid", "version", "home")},
    type=st.sampled_from(list(words.AssociationType)),
    source=UUID | SYMBOL,
    target=UUID | SYMBOL,
    submission_set_status=st.sampled_from(["", words.ORIGINAL, words.REFERENCE]),
    documentation=st.none() | CODE,
)
METADATA = st.builds(MetadataSet, few(SUBMISSION_SETS), few(DOCUMENTS), few(FOLDERS), few(ASSOCIATIONS))

# --- schemas

_DRIVER = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" schemaLocation="ebRS30/rim.xsd"/>
<xs:import namespace="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0" schemaLocation="ebRS30/rs.xsd"/>
<xs:import namespace="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" schemaLocation="ebRS30/lcm.xsd"/>
<xs:import namespace="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" schemaLocation="ebRS30/query.xsd"/>
<xs:import namespace="urn:ihe:iti:xds-b:2007" schemaLocation="IHE/IHEXDSB.xsd"/>
</xs:schema>"""
# rim.xsd imports a file that is in no published set; all it takes from there is one element.
_XCF = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:ihe:iti:xds-b:2007">
<xs:include schemaLocation="IHEXDSB.xsd"/><xs:element name="Document" type="xs:base64Binary"/></xs:schema>"""


class _MissingFile(etree.Resolver):
    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        if system_url and system_url.endswith("xcf.xsd"):
            return self.resolve_string(_XCF, context, base_url=(SCHEMAS / "IHE" / "xcf.xsd").as_uri())
        return None


def load_schema() -> etree.XMLSchema:
    """Compile the schemas of ebXML RegRep 3.0 and IHE XDS.b without network."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_MissingFile())
    return etree.XMLSchema(etree.fromstring(_DRIVER, parser, base_url=(SCHEMAS / "driver.xsd").as_uri()))


def assert_valid(schema: etree.XMLSchema, payload: etree._Element) -> None:
    """Check a payload as it is after its attachments are put back in place."""
    copy = etree.fromstring(etree.tostring(payload))
    for node in list(copy.iter(XOP_INCLUDE)):
        holder = node.getparent()
        assert holder is not None
        holder.remove(node)
        holder.text = "AAAA"
    schema.assertValid(copy)
