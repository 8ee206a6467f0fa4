"""What real clients write (NIST toolkit, IPF, dcm4che, HAPI, WCF, zeep) and the schema allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.interop.kit import expect, metadata, mime, names, wire
from tests.interop.kit.metadata import Entry, Folder, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Answer, Peer

Change = Callable[[str], str]
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def nodes_first(text: str) -> str:
    """The node Classification before everything it classifies."""
    found = re.findall(r"<rim:Classification [^>]*classificationNode=[^>]*/>", text)
    for each in found:
        text = text.replace(each, "")
    return text.replace("<rim:RegistryObjectList>", "<rim:RegistryObjectList>" + "".join(found))


def reversed_objects(text: str) -> str:
    """Associations before the objects they connect."""
    found = re.findall(r"<rim:Association .*?</rim:Association>", text)
    for each in found:
        text = text.replace(each, "")
    return text.replace("<rim:RegistryObjectList>", "<rim:RegistryObjectList>" + "".join(found))


FORMS: dict[str, Change] = {
    "node first": nodes_first,
    "associations first": reversed_objects,
    "ObjectRef of the schemes, as in NIST's samples": lambda t: t.replace(
        "<rim:RegistryObjectList>",
        "<rim:RegistryObjectList>"
        + "".join(f'<rim:ObjectRef id="{scheme}"/>' for scheme in names.ENTRY_SCHEMES.values()),
    ),
    "no objectType of packages and associations": lambda t: re.sub(
        rf' objectType="({names.PACKAGE}|{names.ASSOCIATION})"', "", t
    ),
    "no objectType of classifications": lambda t: t.replace(f' objectType="{names.CLASSIFICATION}"', ""),
    "language and charset of names": lambda t: t.replace(
        "<rim:LocalizedString ", '<rim:LocalizedString charset="UTF-8" xml:lang="pl-PL" '
    ),
    "status submitted as Submitted": lambda t: t.replace(
        "<rim:ExtrinsicObject ", f'<rim:ExtrinsicObject status="{names.REGREP}StatusType:Submitted" '
    ),
    "status submitted as Deprecated": lambda t: t.replace(
        "<rim:ExtrinsicObject ", f'<rim:ExtrinsicObject status="{names.DEPRECATED}" '
    ),
    "isOpaque": lambda t: t.replace("<rim:ExtrinsicObject ", '<rim:ExtrinsicObject isOpaque="false" '),
    "description": lambda t: t.replace(
        "</rim:Name><rim:Classification",
        "</rim:Name>" + metadata.text("Description", "a comment") + "<rim:Classification",
        1,
    ),
    "empty name": lambda t: re.sub(
        r'<rim:Name><rim:LocalizedString value="Result"/></rim:Name>', "<rim:Name/>", t
    ),
    "request slots and comment": lambda t: t.replace(
        "<lcm:SubmitObjectsRequest>",
        '<lcm:SubmitObjectsRequest id="r1" comment="hello"><rs:RequestSlotList>'
        + metadata.slot("urn:x", "1")
        + "</rs:RequestSlotList>",
    ),
    "associations without an id, as in TF-3's examples": lambda t: re.sub(
        r'(<rim:Association [^>]*?) id="[^"]*"', r"\1", t
    ),
    "slot type": lambda t: t.replace('name="creationTime"', 'name="creationTime" slotType="urn:x"'),
    "indented": lambda t: t.replace("><rim:", ">\r\n\t<rim:"),
}


@pytest.mark.parametrize("form", FORMS)
def test_metadata_forms(peer: Peer, form: str) -> None:
    """EbRIM in another order or with further legal pieces is registered all the same, and Approved."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient)], [Folder(patient)])
    given.links.append(Link(names.HAS_MEMBER, given.folders[0].id, given.entries[0].id))
    text = FORMS[form](wire.inline_body(given))
    assert text != wire.inline_body(given)
    expect.success(peer.send(41, text))
    found = expect.everything(peer, patient)
    assert found.find("//rim:ExtrinsicObject/@status") == [names.APPROVED]
    assert len(found.objects("rim:RegistryPackage")) == 2


def test_types_of_a_schema_binding(peer: Peer) -> None:
    """What a binding writes with xsi:type, by a prefix of its own, comes back as the schema wants it."""
    patient = metadata.patient()
    spaces = f'xmlns:q1="{names.NS["rim"]}" xmlns:xsi="{XSI}"'
    text = wire.inline_body(Submission(patient, [Entry(patient)]))
    root = "<xds:ProvideAndRegisterDocumentSetRequest"
    text = text.replace(root, f"{root} {spaces}")
    for tag in ("ExtrinsicObject", "RegistryPackage", "Association"):
        text = text.replace(f"<rim:{tag} ", f'<rim:{tag} xsi:type="q1:{tag}Type" ')
    expect.success(peer.send(41, text))
    assert len(expect.everything(peer, patient).objects()) == 3  # the kit validates every answer


def test_objects_by_the_name_of_their_group(peer: Peer) -> None:
    """`rim:Identifiable` with a type of OASIS' schema, as zeep writes every object of a list."""
    patient = metadata.patient()
    text = wire.inline_body(Submission(patient, [Entry(patient)]))
    types = {name: f"{name}Type" for name in ("ExtrinsicObject", "RegistryPackage")}
    for name, kind in (types | {"Association": "AssociationType1"}).items():
        text = text.replace(f"</rim:{name}>", "</rim:Identifiable>").replace(
            f"<rim:{name} ",
            f'<rim:Identifiable xmlns:i="{XSI}" xmlns:ns3="{names.NS["rim"]}" i:type="ns3:{kind}" ',
        )
    text = re.sub(
        r"<rim:Classification ([^>]*classificationNode=[^>]*)/>",
        f'<rim:Identifiable xmlns="{names.NS["rim"]}" xmlns:i="{XSI}" i:type="ClassificationType" \\1/>',
        text,
    )
    expect.success(peer.send(41, text))
    found = expect.everything(peer, patient)
    assert [len(found.objects(f"rim:{name}")) for name in (*types, "Association")] == [1, 1, 1]


def test_node_nested_in_its_package(peer: Peer) -> None:
    """The node Classification nested inside the RegistryPackage, where RIM allows it."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient)])
    text = wire.inline_body(given)
    (node,) = re.findall(r"<rim:Classification [^>]*classificationNode=[^>]*/>", text)
    text = text.replace(node, "")
    where = text.index("<rim:ExternalIdentifier", text.index("<rim:RegistryPackage"))
    expect.success(peer.send(41, text[:where] + node + text[where:]))
    assert len(expect.everything(peer, patient).objects("rim:RegistryPackage")) == 1


def query_with(peer: Peer, patient: str, change: Change) -> Answer:
    """A FindDocuments whose text is changed."""
    parameters = [
        ("$XDSDocumentEntryPatientId", [f"'{patient}'"]),
        ("$XDSDocumentEntryStatus", expect.quoted(names.APPROVED)),
    ]
    return peer.send(18, change(metadata.query("FindDocuments", parameters)))


QUERIES: dict[str, Change] = {
    "no returnComposedObjects": lambda t: t.replace(' returnComposedObjects="true"', ""),
    "returnComposedObjects false": lambda t: t.replace('Objects="true"', 'Objects="false"'),
    "paging attributes as defaults": lambda t: t.replace(
        "<query:AdhocQueryRequest>",
        '<query:AdhocQueryRequest startIndex="0" maxResults="-1" federated="false">',
    ),
    "request id and comment": lambda t: t.replace(
        "<query:AdhocQueryRequest>", '<query:AdhocQueryRequest id="q1">'
    ),
    "query id in capitals": lambda t: t.replace(
        names.QUERIES["FindDocuments"], names.QUERIES["FindDocuments"].upper()
    ),
    "values over several lines": lambda t: t.replace("<rim:Value>", "<rim:Value>\n  ").replace(
        "</rim:Value>", "\n</rim:Value>"
    ),
    "slots in another order": lambda t: re.sub(
        r"(<rim:Slot.*?</rim:Slot>)(<rim:Slot.*?</rim:Slot>)", r"\2\1", t
    ),
    "metadata level": lambda t: t.replace(
        "</rim:AdhocQuery>", metadata.slot("$MetadataLevel", "1") + "</rim:AdhocQuery>"
    ),
}


@pytest.mark.parametrize("form", QUERIES)
def test_query_forms(peer: Peer, form: str) -> None:
    """Stored queries with the attributes that toolkits add."""
    patient = metadata.patient()
    expect.success(peer.provide(Submission(patient, [Entry(patient)])))
    assert len(expect.success(query_with(peer, patient, QUERIES[form])).ids()) == 1


def test_single_value_without_parentheses(peer: Peer) -> None:
    """A multi-valued parameter as a bare 'value': read, or refused by an error, never silently empty."""
    patient = metadata.patient()
    expect.success(peer.provide(Submission(patient, [Entry(patient)])))
    answer = query_with(peer, patient, lambda t: t.replace("('", "'").replace("')", "'"))
    assert answer.status == names.FAILURE or len(answer.ids()) == 1


CONTENT_TYPES = [
    "application/soap+xml",
    'application/soap+xml; charset="utf-8"',
    "application/soap+xml;charset=UTF-8;action=urn:ihe:iti:2007:RegistryStoredQuery",
    'application/soap+xml; charset=utf-8; action="urn:ihe:iti:2007:RegistryStoredQuery"',
    'application/soap+xml; charset=utf-8; action="None"',
    "Application/SOAP+XML; Charset=Utf-8",
]


@pytest.mark.parametrize("kind", CONTENT_TYPES)
def test_content_types(peer: Peer, kind: str) -> None:
    """Content-Type with or without charset and action, as zeep, WCF, CXF and SoapUI write it."""
    url = peer.url(18)
    text = wire.envelope(wire.header(names.ACTIONS[18], url), metadata.query("FindDocuments", []))
    response = peer.post(
        url, text.encode(), kind, SOAPAction='""', Accept="application/soap+xml, multipart/related, */*"
    )
    expect.failure(wire.read_answer(response), "XDSStoredQueryMissingParam")


def chunks(body: bytes) -> Iterator[bytes]:
    """In pieces that cut through boundaries."""
    for at in range(0, len(body), 37):
        yield body[at : at + 37]


def test_chunked(peer: Peer) -> None:
    """Chunked transfer in small pieces, with Expect: 100-continue, as Java clients send it."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient, b"chunked")])
    entry = given.entries[0]
    inside = f'<xds:Document id="{entry.id}">{wire.include("c@kit")}</xds:Document>'
    text = wire.envelope(wire.header(names.ACTIONS[41], peer.url(41)), wire.provide_body(given, inside))
    body = mime.write([mime.root(text.encode()), mime.Part(b"chunked", "c@kit")])
    headers = {"Content-Type": mime.content_type(), "Expect": "100-continue"}
    response = peer.http.post(peer.url(41), content=chunks(body), headers=headers)
    expect.success(wire.read_answer(response))
    assert peer.fetch(entry.uid).documents() == {entry.uid: b"chunked"}


def test_entries_must_be_members(peer: Peer) -> None:
    """An entry without a HasMember of the SubmissionSet is refused."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient)], members=False)
    expect.failure(peer.provide(given), "XDSRegistryMetadataError", "XDSRepositoryMetadataError")
    expect.nothing(peer, patient, given.entries[0].uid)


def test_one_target_replaced_twice_in_one_submission(peer: Peer) -> None:
    """Two RPLC of one target in a submission: an entry is replaced once."""
    patient = metadata.patient()
    expect.success(peer.provide(Submission(patient, [Entry(patient)])))
    target = expect.entries(peer, patient).ids()[0]
    news = [Entry(patient), Entry(patient)]
    late = Submission(patient, news, links=[Link(names.RPLC, new.id, target) for new in news])
    codes = ("XDSRegistryMetadataError", "XDSRegistryDeprecatedDocumentError", "XDSRepositoryMetadataError")
    expect.failure(peer.provide(late), *codes)


@pytest.mark.parametrize("person", ["2^Smythe^Ewa^^^", "^Kowalski^Jan", "1^A^B^^^dr^^^&1.2.3&ISO"])
def test_author_comes_back_and_is_found(peer: Peer, person: str) -> None:
    """AuthorPerson comes back as written, and the same string finds it."""
    patient = metadata.patient()
    expect.success(peer.provide(Submission(patient, [Entry(patient, authors=[person])])))
    found = expect.success(
        peer.ask(
            "FindDocuments",
            ("$XDSDocumentEntryPatientId", [f"'{patient}'"]),
            ("$XDSDocumentEntryStatus", expect.BOTH),
            ("$XDSDocumentEntryAuthorPerson", expect.quoted(person)),
        )
    )
    everything = expect.entries(peer, patient)
    assert everything.find("//rim:Slot[@name='authorPerson']//rim:Value/text()") == [person]
    assert len(found.ids()) == 1
