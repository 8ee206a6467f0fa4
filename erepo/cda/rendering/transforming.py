"""The locked process that applies a stylesheet to a document: both may be hostile.

Its request: 8 bytes with the length of the stylesheet, the stylesheet, the document.
"""

import struct
from typing import Any, Final

from lxml import etree

from erepo.cda.rendering.locked import Refused, serve

_XSL: Final = "{http://www.w3.org/1999/XSL/Transform}"
#: Templates within each other; libxslt's own limit leaves no stack.
_DEPTH: Final = 400


def answer(request: bytes) -> bytes:
    """Return the page as UTF-8.

    Raises:
        Refused: `stylesheet`, `document`, `transform` or `memory`.
    """
    (length,) = struct.unpack(">Q", request[:8])
    try:
        return transform(request[8 : 8 + length], request[8 + length :])
    except etree.XSLTParseError:
        raise Refused("stylesheet") from None
    except etree.XSLTError as error:
        raise Refused("memory" if "memory" in str(error).lower() else "transform") from None
    except etree.XMLSyntaxError:
        raise Refused("document") from None


def transform(stylesheet: bytes, document: bytes) -> bytes:
    """Apply a stylesheet to a document and return the result as UTF-8.

    Nothing can be read or written by it, by the stylesheet's own means (`document()`, `exsl:document`,
    `xsl:include`, entities): this is the inner wall, and the only one where a system has no others.

    Raises:
        XSLTParseError: no stylesheet, or one that is not whole.
        XSLTError: it fails with this document.
        XMLSyntaxError: the document is not well-formed.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        sheet = etree.fromstring(stylesheet, parser)
    except etree.XMLSyntaxError:
        raise etree.XSLTParseError("not well-formed") from None
    # Imports are read while a stylesheet is compiled, before its access control speaks.
    if next(sheet.iter(f"{_XSL}include", f"{_XSL}import"), None) is not None:
        raise etree.XSLTParseError("not whole")
    for output in sheet.iter(f"{_XSL}output"):
        output.set(
            "encoding", "UTF-8"
        )  # whoever reads the page expects it, and no codec can be loaded any more
    etree.XSLT.set_global_max_depth(_DEPTH)
    apply = etree.XSLT(sheet, access_control=etree.XSLTAccessControl.DENY_ALL, regexp=False)
    root = etree.fromstring(document, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise etree.XMLSyntaxError("DOCTYPE", 0, 1, 1)
    result: Any = apply(root)  # the stubs know no way to its octets
    return bytes(result)


if __name__ == "__main__":
    serve(answer)
