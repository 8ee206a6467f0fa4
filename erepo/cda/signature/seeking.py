"""Whether a document must be looked at more closely: a search through its bytes, before any parser.

Names of elements cannot be written with references and no entity can hold the root, so what a parser would
see as a signature or as a CDA document stands in the bytes under its name. Documents without a signature,
which are nearly all, cost one search for one word.
"""

import re
from typing import Final

from erepo.cda.parsing import hides_markup, plain
from erepo.content import Buffer

_WORD: Final = re.compile(rb"Signature")
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE")
_SIGNATURE: Final = re.compile(rb"<(?:[^\s<>/!?:]+:)?Signature[\s/>]")
_CDA: Final = re.compile(rb"<(?:[^\s<>/!?:]+:)?ClinicalDocument[\s/>]")
_XML: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")


def carries_signature(octets: Buffer) -> bool:
    """Tell whether some element of a document is called Signature, whatever its namespace."""
    searched = plain(octets)
    return _WORD.search(searched) is not None and _SIGNATURE.search(searched) is not None


def is_suspect(octets: Buffer) -> bool:
    """Tell whether octets may be a CDA document that has a signature, or what could hide one.

    That is a DOCTYPE, or an encoding in which names need not stand in the bytes.
    """
    if hides_markup(octets):
        return True
    searched = plain(octets)
    if _WORD.search(searched) is None and _DOCTYPE.search(searched) is None:
        return False
    if _XML.match(searched) is None or _CDA.search(searched) is None:
        return False
    return _SIGNATURE.search(searched) is not None or _DOCTYPE.search(searched) is not None
