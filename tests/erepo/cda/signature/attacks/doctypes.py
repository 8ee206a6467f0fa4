"""M40, DOCTYPE inside a signed document: entities that hide, rename or fetch."""

from erepo.cda.errors import DoctypeForbidden
from tests.support.document_attacks import vector
from tests.support.signed_documents import good

_START = b"<ClinicalDocument"

for _code, _title, _doctype in (
    ("empty", "a DOCTYPE alone", b"<!DOCTYPE ClinicalDocument>"),
    ("external", "a DOCTYPE that fetches", b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">'),
    ("id", "an id built from an entity", b'<!DOCTYPE a [<!ENTITY i "xades-1">]>'),
    ("attribute", "attributes by default", b'<!DOCTYPE a [<!ATTLIST title ID CDATA "xades-1">]>'),
    ("file", "a local file", b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>'),
    ("bomb", "entities that grow", b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]>'),
):

    @vector(f"M40-doctype: {_code}", _title, DoctypeForbidden)
    def _(doctype: bytes = _doctype) -> bytes:
        return good().replace(_START, doctype + _START)


@vector("M40-doctype: hidden", "a DOCTYPE behind a long comment", DoctypeForbidden)
def _() -> bytes:
    return good().replace(_START, b"<!--" + b"x" * 1000 + b"--><!DOCTYPE a>" + _START)


@vector("M40-doctype: UTF-16", "a DOCTYPE in another encoding", DoctypeForbidden)
def _() -> bytes:
    text = (
        good()
        .decode()
        .replace("'UTF-8'", "'UTF-16'")
        .replace(_START.decode(), "<!DOCTYPE a>" + _START.decode())
    )
    return text.encode("utf-16")
