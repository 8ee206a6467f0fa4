"""M39: documents exchanged under a signature that stays as it was."""

from lxml import etree

from erepo.soap.errors import (
    SignatureInvalid,
)
from tests.support.attack_kit import (
    Kit,
    Message,
    forge,
    mtom,
    vector,
)


@vector("M39", "an attachment edited", SignatureInvalid)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"first document", b"second document")
    return content_type, octets.replace(b"first document", b"FIRST document")


@vector("M39b", "two attachments swapped by their ids", SignatureInvalid)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"first document", b"second document")
    octets = octets.replace(b"ID: <document-0@", b"ID: <x@").replace(b"ID: <document-1@", b"ID: <document-0@")
    return content_type, octets.replace(b"ID: <x@", b"ID: <document-1@")


@vector("M39c", "two attachments swapped by their includes", SignatureInvalid)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"first document", b"second document")
    octets = octets.replace(b"cid:document-0@", b"cid:x@").replace(b"cid:document-1@", b"cid:document-0@")
    return content_type, octets.replace(b"cid:x@", b"cid:document-1@")


@vector("M39d", "one octet appended to an attachment", SignatureInvalid)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"only document")
    return content_type, octets.replace(b"only document", b"only document\n")


@vector("M39e", "an attachment that no include names", *())
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"only document")
    boundary = content_type.split('boundary="')[1].split('"')[0].encode()
    extra = b"\r\n--" + boundary + b"\r\nContent-ID: <extra>\r\n\r\nextra"
    return content_type, octets.replace(b"\r\n--" + boundary + b"--", extra + b"\r\n--" + boundary + b"--")


@vector(
    "M39f", "a signature over the bare xop:Include: the document's octets are not covered", SignatureInvalid
)
def _(kit: Kit) -> Message:
    content_type, octets = mtom(kit, b"only document")
    start, end = octets.index(b"<soap:Envelope"), octets.index(b"</soap:Envelope>") + len("</soap:Envelope>")
    tree = etree.fromstring(octets[start:end])
    forge.sign(tree, kit.victim)
    return content_type, octets[:start] + etree.tostring(tree) + octets[end:]
