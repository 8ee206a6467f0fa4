"""ITI-41 in every form a conforming client may write it (Appendix V, MTOM, RFC 2387)."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.interop.kit import metadata, mime, names, wire
from tests.interop.kit.metadata import Entry, Submission

BINARY = bytes(range(256)) * 3 + b"\r\n--not-a-boundary\r\n\r\n"
NEWLINES = b"\r\n\n<ClinicalDocument>\xc5\xbc\xc3\xb3\xc5\x82w</ClinicalDocument>\r\n\r\n"


def submission(*contents: bytes) -> Submission:
    """A set with these documents."""
    patient = metadata.patient()
    return Submission(patient, [Entry(patient, each) for each in contents])


def stored(peer: wire.Peer, given: Submission) -> None:
    """Everything is there with exact octets, hash and size."""
    uids = [entry.uid for entry in given.entries]
    answer = peer.fetch(*uids)
    assert answer.status == names.SUCCESS, answer.errors
    assert answer.documents() == {entry.uid: entry.content for entry in given.entries}
    listed = ",".join(f"'{uid}'" for uid in uids)
    found = peer.ask("GetDocuments", ("$XDSDocumentEntryUniqueId", [f"({listed})"]))
    hashes = found.find("//rim:Slot[@name='hash']//rim:Value/text()")
    sizes = found.find("//rim:Slot[@name='size']//rim:Value/text()")
    contents = [entry.content or b"" for entry in given.entries]
    assert sorted(hashes) == sorted(hashlib.sha1(each).hexdigest() for each in contents)
    assert sorted(sizes) == sorted(str(len(each)) for each in contents)


def post(peer: wire.Peer, message: str, parts: list[mime.Part], **options: Any) -> wire.Answer:
    """The parts as given; `order` and `kind` decide the rest."""
    everything = [mime.root(message.encode(), **options.get("root", {})), *parts]
    order = options.get("order", range(len(everything)))
    boundary = options.get("boundary", mime.BOUNDARY)
    body = mime.write(
        [everything[i] for i in order], boundary, options.get("preamble", b""), options.get("epilogue", b"")
    )
    kind = options.get("kind", mime.content_type(boundary=boundary))
    return wire.read_answer(peer.post(peer.url(41), body, kind, **options.get("http", {})))


def message(peer: wire.Peer, given: Submission, references: list[str], **options: Any) -> str:
    """An ITI-41 envelope whose documents are the given contents (Include or base64)."""
    documents = "".join(
        f'<xds:Document id="{entry.id}">{held}</xds:Document>'
        for entry, held in zip(given.entries, references, strict=True)
    )
    heads = wire.header(names.ACTIONS[41], options.pop("to", peer.url(41)), **options)
    return wire.envelope(heads, wire.provide_body(given, documents))


FORMS: dict[str, dict[str, Any]] = {
    "root last": {"order": (1, 2, 0)},
    "root in the middle": {"order": (1, 0, 2)},
    "start absent": {"kind": mime.content_type(None)},
    "preamble and epilogue": {"preamble": b"This is MIME.\r\n", "epilogue": b"\r\nbye"},
    "start without brackets": {"kind": mime.content_type().replace("<root@kit>", "root@kit")},
    "unquoted boundary": {"kind": mime.content_type().replace(f'"{mime.BOUNDARY}"', mime.BOUNDARY)},
    "parameters in capitals": {
        "kind": mime.content_type().replace("boundary=", "BOUNDARY=").replace("start=", "Start=")
    },
    "media type in capitals": {"kind": mime.content_type().replace("multipart/related", "Multipart/Related")},
    "boundary with special characters": {"boundary": "uuid:1'()+_,-./:=? x+id=1"},
    "boundary of 70 characters": {"boundary": "b" * 70},
    "WCF": {
        "kind": 'multipart/related; type="application/xop+xml";start="<root@kit>";'
        'boundary="uuid:0c0e6b0b-6e2f-4c4f-9d6f-2f6e58b3c0a1+id=1";'
        'start-info="application/soap+xml; action=\\"urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b\\""',
        "boundary": "uuid:0c0e6b0b-6e2f-4c4f-9d6f-2f6e58b3c0a1+id=1",
        "root": {"type": 'application/xop+xml;charset=utf-8;type="application/soap+xml"', "encoding": "8bit"},
        "http": {"MIME-Version": "1.0"},
    },
    "Axis2": {
        "kind": 'multipart/related; boundary=MIMEBoundaryurn_uuid_A1; type="application/xop+xml"; '
        'start="<root@kit>"; start-info="application/soap+xml"; '
        'action="urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"',
        "boundary": "MIMEBoundaryurn_uuid_A1",
        "root": {"type": 'application/xop+xml; charset=UTF-8; type="application/soap+xml"'},
        "http": {"SOAPAction": '"something else"', "User-Agent": "Axis2"},
    },
    "CXF": {
        "kind": 'multipart/related; type="application/xop+xml"; boundary="uuid:5b1d"; start="<root@kit>"; '
        'start-info="application/soap+xml; action=\\"x\\""',
        "boundary": "uuid:5b1d",
        "root": {"type": 'application/xop+xml; charset=UTF-8; type="application/soap+xml; action=\\"x\\""'},
    },
    "type parameter last, folded blanks": {
        "kind": f'multipart/related;boundary="{mime.BOUNDARY}" ; start="<root@kit>" ;  '
        'type="application/xop+xml"'
    },
    "no start-info": {
        "kind": f'multipart/related; type="application/xop+xml"; start="<root@kit>"; '
        f'boundary="{mime.BOUNDARY}"'
    },
    "root without transfer encoding": {"root": {"encoding": None}},
    "root as base64": {"root": {"encoding": "base64"}},
    "root as quoted-printable": {"root": {"encoding": "quoted-printable"}},
    "root type without charset": {"root": {"type": 'application/xop+xml; type="application/soap+xml"'}},
    "root header names in lower case": {"root": {"lower": True}},
    "root with a description header": {"root": {"extra": ("Content-Description: the root", "X-Other: 1")}},
}


@pytest.mark.parametrize("form", FORMS)
def test_multipart_forms(peer: wire.Peer, form: str) -> None:
    """Parts in any order, start= honoured, and Content-Type written in each legal way."""
    given = submission(BINARY, NEWLINES)
    parts = [mime.Part(BINARY, "d0@kit"), mime.Part(NEWLINES, "d1@kit", "text/xml")]
    text = message(peer, given, [wire.include("d0@kit"), wire.include("d1@kit")])
    answer = post(peer, text, parts, **FORMS[form])
    assert answer.status == names.SUCCESS, answer.errors
    assert answer.multipart
    stored(peer, given)


@pytest.mark.parametrize("encoding", ["binary", "base64", "quoted-printable", "BASE64", "8bit", "7bit", None])
def test_transfer_encodings(peer: wire.Peer, encoding: str | None) -> None:
    """Any Content-Transfer-Encoding of the profile gives the same octets."""
    content = BINARY if encoding not in {"8bit", "7bit", None} else b"plain\r\ntext\r\n"
    given = submission(content)
    text = message(peer, given, [wire.include("d0@kit")])
    answer = post(peer, text, [mime.Part(content, "d0@kit", encoding=encoding)])
    assert answer.status == names.SUCCESS, answer.errors
    stored(peer, given)


CIDS = {
    "plain": ("1.urn:uuid:A1@apache.org", "1.urn:uuid:A1@apache.org"),
    "percent-encoded": ("http://tempuri.org/1/6393", quote("http://tempuri.org/1/6393", safe="")),
    "percent sign in the id": ("100%25@kit", quote("100%25@kit", safe="@")),
    "blank-free odd characters": ("a+b=c&d'e@kit", quote("a+b=c&d'e@kit", safe="@")),
    "lower case escapes": ("a/b@kit", "a%2fb@kit"),
}


@pytest.mark.parametrize("brackets", [True, False])
@pytest.mark.parametrize("form", CIDS)
def test_content_ids(peer: wire.Peer, form: str, brackets: bool) -> None:
    """Content ids percent-encoded or not, with or without angle brackets."""
    cid, href = CIDS[form]
    given = submission(BINARY)
    text = message(peer, given, [wire.include(href.replace("&", "&amp;"))])
    answer = post(peer, text, [mime.Part(BINARY, cid, brackets=brackets)])
    assert answer.status == names.SUCCESS, (answer.errors, answer.fault)
    stored(peer, given)


def test_inline_base64(peer: wire.Peer) -> None:
    """Inline base64 inside MTOM packaging, all, with line breaks, or mixed with XOP, is accepted."""
    lines = re.sub("(.{76})", "\\1\r\n", wire.base64_text(BINARY))
    for references in ([wire.base64_text(BINARY), lines], [wire.include("d0@kit"), f"\n{lines}\n"]):
        given = submission(BINARY, BINARY + b"2")
        lines2 = re.sub("(.{76})", "\\1\n", wire.base64_text(BINARY + b"2"))
        parts = [mime.Part(BINARY, "d0@kit")] if "Include" in references[0] else []
        answer = post(peer, message(peer, given, [references[0], lines2]), parts)
        assert answer.status == names.SUCCESS, answer.errors
        assert answer.multipart
        stored(peer, given)


def test_simple_soap_for_iti41(peer: wire.Peer) -> None:
    """ITI-41 as Simple SOAP: answered simply, or refused by a fault (TK issue #581)."""
    given = submission(BINARY)
    text = message(peer, given, [wire.base64_text(BINARY)])
    answer = peer.simple(peer.url(41), text)
    assert not answer.multipart
    if answer.fault:
        assert "Sender" in answer.fault
    else:
        assert answer.status == names.SUCCESS, answer.errors
        stored(peer, given)


HEADS: dict[str, dict[str, Any]] = {
    "no ReplyTo": {"reply_to": ""},
    "ReplyTo with mustUnderstand": {
        "reply_to": wire.REPLY_TO.replace("ReplyTo>", 'ReplyTo s:mustUnderstand="1">', 1)
    },
    "no mustUnderstand": {"must": ""},
    "mustUnderstand true": {"must": 's:mustUnderstand="true"'},
    "mustUnderstand 0": {"must": 's:mustUnderstand="0"'},
    "mustUnderstand with role": {
        "must": 's:mustUnderstand="1" s:role="http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"'
    },
    "relay": {"must": 's:mustUnderstand="1" s:relay="true"'},
    "To with mustUnderstand": {"must_to": 's:mustUnderstand="1"'},
    "From and FaultTo": {
        "headers": f"<wsa:From><wsa:Address>{wire.ANONYMOUS}</wsa:Address></wsa:From>"
        f"<wsa:FaultTo><wsa:Address>{wire.ANONYMOUS}</wsa:Address></wsa:FaultTo>"
    },
    "unknown header not to be understood": {"headers": '<x:Trace xmlns:x="urn:x">1</x:Trace>'},
    "To anonymous": {"to": wire.ANONYMOUS},
    "To with another host name": {"other_host": True},
    "Action with white space": {"action_space": True},
    "message id as an http address": {"message_id": "http://client.example/1"},
    "reference parameters in ReplyTo": {
        "reply_to": f"<wsa:ReplyTo><wsa:Address>{wire.ANONYMOUS}</wsa:Address><wsa:ReferenceParameters>"
        '<x:id xmlns:x="urn:x">7</x:id></wsa:ReferenceParameters></wsa:ReplyTo>'
    },
}


@pytest.mark.parametrize("form", HEADS)
def test_addressing_headers(peer: wire.Peer, form: str) -> None:
    """WS-Addressing headers as real clients write or forget them."""
    options = dict(HEADS[form])
    given = submission(BINARY)
    if options.pop("other_host", False):
        options["to"] = re.sub("//[^/]+/", "//repository.example/", peer.url(41))
    space = options.pop("action_space", False)
    text = message(peer, given, [wire.include("d0@kit")], **options)
    if space:
        text = text.replace("Set-b</wsa:Action>", "Set-b\n  </wsa:Action>")
    answer = post(peer, text, [mime.Part(BINARY, "d0@kit")])
    if form.startswith("reference parameters") and "Sender" in answer.fault:
        return  # WS-Addressing wants them echoed; IHE is silent: a clear refusal is taken as well
    assert answer.status == names.SUCCESS, (answer.fault, answer.errors)
    stored(peer, given)


def test_missing_to(peer: wire.Peer) -> None:
    """Without wsa:To the recipient is the anonymous address: accepted or a Sender fault."""
    given = submission(BINARY)
    answer = post(
        peer, message(peer, given, [wire.include("d0@kit")], to=None), [mime.Part(BINARY, "d0@kit")]
    )
    assert answer.status == names.SUCCESS or "Sender" in answer.fault


def test_answer_is_addressed(peer: wire.Peer) -> None:
    """The answer carries Action…Response with mustUnderstand (IHE-WSA101) and RelatesTo."""
    for transaction, body in (
        (41, wire.inline_body(submission(BINARY))),
        (43, metadata.retrieve(peer.repository, "1.2.3")),
        (18, metadata.query("FindDocuments", [])),
    ):
        message_id = "urn:uuid:" + metadata.oid()
        answer = peer.send(transaction, body, message_id=message_id)
        (action,) = answer.find("/s:Envelope/s:Header/wsa:Action")
        assert action.text == names.ACTIONS[transaction] + "Response"
        assert action.get(f"{{{names.NS['s']}}}mustUnderstand") in {"1", "true"}
        assert answer.find("/s:Envelope/s:Header/wsa:RelatesTo/text()") == [message_id]
        assert answer.multipart == (transaction in names.MULTIPART)
        assert answer.response.status_code == 200


def test_other_prefixes_and_declaration(peer: wire.Peer) -> None:
    """Prefixes are the client's choice, an XML declaration and a byte order mark too."""
    given = submission(BINARY)
    text = message(peer, given, [wire.include("d0@kit")])
    for old, new in (("s", "soapenv"), ("rim", "ns4"), ("xds", "ns2"), ("lcm", "a"), ("wsa", "_1")):
        text = text.replace(f"<{old}:", f"<{new}:").replace(f"</{old}:", f"</{new}:")
        text = text.replace(f"xmlns:{old}=", f"xmlns:{new}=").replace(f" {old}:must", f" {new}:must")
    answer = post(peer, '<?xml version="1.0" encoding="utf-8"?>\r\n' + text, [mime.Part(BINARY, "d0@kit")])
    assert answer.status == names.SUCCESS, (answer.fault, answer.errors)
    stored(peer, given)


def test_default_namespaces_and_white_space(peer: wire.Peer) -> None:
    """Default namespaces and pretty-printing change nothing."""
    given = submission(BINARY)
    text = message(peer, given, [wire.include("d0@kit")])
    text = text.replace("<lcm:Sub", f'<SubmitObjectsRequest xmlns="{names.NS["lcm"]}"').replace(
        "SubmitObjectsRequest xmlns=", "SubmitObjectsRequest xmlns=", 1
    )
    text = text.replace('rs:3.0"mitObjectsRequest', 'rs:3.0"').replace(
        f'xmlns="{names.NS["lcm"]}"mitObjectsRequest', f'xmlns="{names.NS["lcm"]}"'
    )
    text = text.replace("</lcm:SubmitObjectsRequest>", "</SubmitObjectsRequest>")
    text = text.replace("<rim:", "\n   <rim:").replace("</rim:ValueList>", "\n\t</rim:ValueList>")
    answer = post(peer, text, [mime.Part(BINARY, "d0@kit")])
    assert answer.status == names.SUCCESS, (answer.fault, answer.errors)
    stored(peer, given)


@pytest.mark.parametrize("door", ["registry", "repository"])
def test_wsdl_loads(peer: wire.Peer, door: str) -> None:
    """?wsdl gives a WSDL whose imports resolve; zeep loads it and finds the operations."""
    import zeep  # noqa: PLC0415
    from zeep.transports import Transport  # noqa: PLC0415

    url = str(peer.account[door])
    assert peer.http.get(url + "?wsdl").status_code == 200

    class OverHttpx(Transport):  # type: ignore[misc]
        """zeep reads through our mutual TLS."""

        def load(self, address: str) -> bytes:
            response = peer.http.get(address)
            assert response.status_code == 200, address
            return response.content

    client = zeep.Client(url + "?wsdl", transport=OverHttpx())
    found = {
        operation.input.signature() and operation.name
        for service in client.wsdl.services.values()
        for port in service.ports.values()
        for operation in port.binding._operations.values()
    }
    assert len(found) >= (4 if door == "registry" else 3), found
