"""Forms of the identifiers of registry objects (IHE ITI TF-3 4.2.3.1.5, 4.2.3.1.7, 4.2.3.2.26)."""

import re
from typing import Final

from erepo.identifiers.oids import is_dotted

#: How an entryUUID begins; an id that begins otherwise is a symbol of its message.
URN_UUID: Final = "urn:uuid:"

_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BARE_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# RFC 3986: a scheme, then any characters that a URI may hold.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_TIME = re.compile(
    r"[0-9]{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12][0-9]|3[01])(?:(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){0,2})?)?)?"
)
_QUERY_CODE = re.compile(r"[^^]+\^\^[^^]+")
_LONGEST = 256


def is_entry_uuid(text: str) -> bool:
    """Tell whether an id is `urn:uuid:` with a UUID in lower case, the only form of TF-3 4.2.3.1.5."""
    return _UUID.fullmatch(text) is not None


def is_reference(text: str) -> bool:
    """Tell whether an id is a symbol, or an entryUUID in its right form."""
    return bool(text) and (not text.startswith(URN_UUID) or is_entry_uuid(text))


def is_time(text: str) -> bool:
    """Tell whether the text is a DTM: `YYYY[MM[DD[hh[mm[ss]]]]]`."""
    return _TIME.fullmatch(text) is not None


def iso_time(text: str) -> str:
    """Return a DTM as ISO 8601, as precise as it is; empty when it is no time.

    `20310501080000` is `2031-05-01T08:00:00Z`, `20310501` is `2031-05-01`; an hour alone gets its minutes,
    for ISO 8601 in its profile for programs (RFC 3339) knows no shorter time.
    """
    if not is_time(text):
        return ""
    day = "-".join(part for part in (text[:4], text[4:6], text[6:8]) if part)
    clock = text[8:]
    if not clock:
        return day
    hour, minute, second = clock[:2], clock[2:4] or "00", clock[4:6] or "00"
    return f"{day}T{hour}:{minute}:{second}Z"


def is_query_code(text: str) -> bool:
    """Tell whether the text is `code^^scheme`, the form of codes in stored queries (TF-2 3.18.4.1.2.3.4)."""
    return _QUERY_CODE.fullmatch(text) is not None


def is_instance_id(text: str) -> bool:
    """Tell whether the text is `OID` or `OID^extension`: the serial form of an HL7 v3 instance identifier."""
    root, caret, extension = text.partition("^")
    named = is_dotted(root) and "^" not in extension
    return named and len(text) <= _LONGEST and (not caret or bool(extension))


def is_document_unique_id(text: str) -> bool:
    """Tell whether a text can be a document's uniqueId: OID, `OID^extension`, UUID or any URI.

    To all but its creator it is opaque (TF-3 4.2.3.2.26), yet it has to be globally unique: what has none of
    these forms cannot be.
    """
    if is_instance_id(text):
        return True
    return len(text) <= _LONGEST and any(form.fullmatch(text) for form in (_BARE_UUID, _URI))
