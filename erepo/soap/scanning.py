"""What may stand before the root of a SOAP message: an XML declaration, and nothing else."""

import re

from erepo.soap.errors import MalformedXml

# Encoding is forced to UTF-8, so the bytes searched here are the characters the parser will see.
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(<\?xml[ \t\r\n][^<>?]{1,200}\?>)?[ \t\r\n]{0,1000}<[^!?/]")
_VERSION = re.compile(rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*([\"'])1\.0\1")
_ENCODING = re.compile(rb"encoding[ \t\r\n]*=[ \t\r\n]*[\"']([^\"']*)[\"']")


def check_prolog(octets: bytes | bytearray) -> None:
    """Refuse whatever stands before the root but an XML declaration of version 1.0 and UTF-8.

    Raises:
        MalformedXml: a DOCTYPE, comment or instruction, text, another encoding or version.
    """
    found = _PROLOG.match(octets)
    if not found:
        head = bytes(octets[:2000])
        raise MalformedXml(
            rule="DOCTYPE" if b"<!DOCTYPE" in head else "does not start with an element in UTF-8"
        )
    declaration = found[1]
    if declaration is None:
        return
    if not _VERSION.match(declaration):
        raise MalformedXml(rule="XML version other than 1.0")
    encoding = _ENCODING.search(declaration)
    if encoding and encoding[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise MalformedXml(rule="encoding other than UTF-8")
