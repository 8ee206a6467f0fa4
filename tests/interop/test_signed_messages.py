"""Good signed messages in the legal forms of real toolkits; answers checked by xmlsec."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from tests.interop.kit import expect, metadata, mime, names, saml, wire, wss
from tests.interop.kit.metadata import Entry, Submission
from tests.interop.kit.wss import REQUIRED, Style

if TYPE_CHECKING:
    from tests.interop.kit.wire import Peer

QUERY = metadata.query("GetDocuments", [("$XDSDocumentEntryUniqueId", expect.quoted("1.2.3"))])
DS = names.NS["ds"]
STR = '<wsse:SecurityTokenReference{0}><wsse:Reference URI="#{{bst}}"{1}/></wsse:SecurityTokenReference>'
WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"


def break_lines(tree: etree._Element) -> None:
    """White space in the token, as toolkits that wrap base64 at 76 characters write it."""
    token = tree.find(".//wsse:BinarySecurityToken", names.NS)
    token.text = "\n" + "\n".join(token.text[i : i + 76] for i in range(0, len(token.text), 76)) + "\n"


def pretty(tree: etree._Element) -> None:
    """Indentation inside Security, except within the assertion, which is signed already."""
    assertion = f"{{{names.NS['saml']}}}Assertion"
    for node in tree.find(".//wsse:Security", names.NS).iter():
        inside = node.tag == assertion or next(node.iterancestors(assertion), None) is not None
        if len(node) and not inside and not (node.text or "").strip():
            node.text = "\n   "
        if node.tag == assertion or not inside:
            node.tail = "\n   "


VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "signature before timestamp": {"order": ("bst", "signature", "timestamp", "assertion")},
    "timestamp first": {"order": ("timestamp", "bst", "assertion", "signature")},
    "assertion first": {"order": ("assertion", "timestamp", "bst", "signature")},
    "signature last, token after assertion": {"order": ("timestamp", "assertion", "bst", "signature")},
    "security after addressing": {"first": False},
    "uuid ids": {"ids": lambda part: "uuid-" + str(uuid.uuid5(uuid.NAMESPACE_URL, part))},
    "ids with dots and letters of Poland": {"ids": lambda part: f"_ż.{part}-1"},
    "WSS4J ids": {"ids": lambda part: {"bst": "X509-A1", "Timestamp": "TS-B2"}.get(part, f"id-{part}C3")},
    "WCF ids": {"ids": lambda part: f"uuid-0c0e6b0b-{len(part)}{part}-1"},
    "prefix list of the references": {"prefixes": "s wsa"},
    "prefix list of SignedInfo": {"info_prefixes": "s wsse wsu"},
    "all prefix lists": {"prefixes": "s rim rs lcm query xds wsa", "info_prefixes": "s"},
    "prefix list with #default": {"prefixes": "#default s"},
    "no fractions": {"fractions": False},
    "no Expires": {"lasts": None},
    "created ten seconds ago": {"created": -10},
    "clock a little ahead": {"created": 20},
    "ReplyTo signed too": {"parts": (*REQUIRED, "ReplyTo")},
    "token signed too": {"parts": (*REQUIRED, "bst")},
    "references in another order": {"parts": tuple(reversed(REQUIRED))},
    "no ReplyTo": {"heads": {"reply_to": ""}},
    "extra unsigned header": {"heads": {"headers": '<x:Trace xmlns:x="urn:x">1</x:Trace>'}},
    "To anonymous": {"heads": {"to": wire.ANONYMOUS}},
    "mustUnderstand true": {"security": 's:mustUnderstand="true"'},
    "no mustUnderstand": {"security": ""},
    "token without EncodingType": {"bst": f'ValueType="{wss.X509}"'},
    "token reference without ValueType": {"key_info": STR.format("", "")},
    "token reference with ids": {"key_info": STR.format(' wsu:Id="STR-1"', f' ValueType="{wss.X509}"')},
    "token type of WSS 1.1": {
        "key_info": STR.format(
            f' xmlns:wsse11="{WSSE11}" wsse11:TokenType="{wss.X509}"', f' ValueType="{wss.X509}"'
        )
    },
    "token with line breaks": {"before_digest": break_lines},
    "indented": {"before_digest": pretty},
}


@pytest.mark.parametrize("account", ["clinic", "clinic_rsa"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(request: pytest.FixtureRequest, account: str, variant: str) -> None:
    """A good message is not refused, and its answer bears the service's signature over all that matters."""
    peer = request.getfixturevalue(account)
    answer = wss.send(peer, 18, QUERY, Style(**VARIANTS[variant]))
    assert answer.status == names.SUCCESS, (answer.fault, answer.errors)
    wss.check(peer, answer)


@pytest.mark.parametrize("account", ["clinic", "clinic_rsa"])
@pytest.mark.parametrize("packing", ["xop", "inline", "base64 part", "root last"])
def test_documents(request: pytest.FixtureRequest, account: str, packing: str) -> None:
    """Signed submissions with documents in every packing, retrieved by a signed request, octets exact."""
    peer = request.getfixturevalue(account)
    patient = metadata.patient()
    given = Submission(
        patient, [Entry(patient, bytes(range(256)) * 5), Entry(patient, b"\r\ntwo\r\n"), Entry(patient, b"")]
    )
    tree = wss.message(peer, 41, wire.inline_body(given))
    parts = [] if packing == "inline" else wss.optimise(tree)
    if packing == "base64 part":
        parts = [mime.Part(part.content, part.cid, encoding="base64") for part in parts]
    everything = [mime.root(etree.tostring(tree)), *parts]
    if packing == "root last":
        everything = everything[1:] + everything[:1]
    answer = wire.read_answer(peer.post(peer.url(41), mime.write(everything), mime.content_type()))
    expect.success(answer)
    wss.check(peer, answer, tree.findtext("s:Header/wsa:MessageID", namespaces=names.NS))
    uids = [entry.uid for entry in given.entries]
    fetched = wss.send(peer, 43, metadata.retrieve(peer.repository, *uids))
    wss.check(peer, fetched)
    assert fetched.documents() == {entry.uid: entry.content for entry in given.entries}


def test_all_transactions(clinic: Peer) -> None:
    """A signed life: provide, find, update status, remove metadata, remove document."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient)])
    expect.success(wss.send(clinic, 41, wire.inline_body(given)))
    body = metadata.query(
        "GetAll",
        [("$patientId", [f"'{patient}'"])]
        + [(f"$XDS{kind}Status", expect.BOTH) for kind in ("DocumentEntry", "SubmissionSet", "Folder")],
    )
    found = expect.success(wss.send(clinic, 18, body))
    later = Submission(patient)
    target = expect.by_uid(found, given.entries[0].uid)
    slots = {"OriginalStatus": [names.APPROVED], "NewStatus": [names.DEPRECATED]}
    later.links.append(metadata.Link(names.UPDATE_STATUS, later.id, target, slots))
    expect.success(wss.send(clinic, 57, later.request()))
    expect.success(wss.send(clinic, 62, metadata.remove(*expect.success(wss.send(clinic, 18, body)).ids())))
    gone = metadata.retrieve(clinic.repository, given.entries[0].uid, tag="rmd:RemoveDocumentsRequest")
    expect.success(wss.send(clinic, 86, gone))
    assert expect.success(wss.send(clinic, 18, body)).objects() == []


def test_xmlsec_agrees_with_the_kit(clinic: Peer) -> None:
    """The kit's own messages verify under xmlsec: the kit itself is honest."""
    import xmlsec  # noqa: PLC0415

    tree = wss.message(clinic, 18, QUERY, Style(prefixes="s wsa", info_prefixes="s"))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(clinic.folder / "wss.pem"), xmlsec.KeyFormat.CERT_PEM)
    for part in REQUIRED:
        context.register_id(wss.by_id(tree, f"id-{part}"), "Id", names.NS["wsu"])
    context.verify(tree.find(".//wsse:Security/ds:Signature", names.NS))
    assert saml.pesel("8005121235")[-1].isdigit()
