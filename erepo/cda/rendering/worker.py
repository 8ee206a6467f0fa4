"""The locked process: one stylesheet and one document in, one page out, nothing else.

Started as `python -I -m erepo.cda.rendering.worker SECONDS MEMORY OUTPUT` with an empty environment. It
imports what it needs, locks itself (`walls`), and only then reads: 8 bytes with the length of the stylesheet,
the stylesheet, the document. It answers with one line of JSON, and the page if there is one. An error is told
by its kind alone: texts of libxslt quote documents.
"""

import json
import os
import struct
import sys
from typing import Any, Final

from lxml import etree

from erepo.cda.rendering.walls import build

_XSL: Final = "{http://www.w3.org/1999/XSL/Transform}"
#: Templates within each other; libxslt's own limit leaves no stack.
_DEPTH: Final = 400
_PIECE: Final = 1024 * 1024


class _Refused(Exception):
    """What is answered instead of a page."""


def main() -> None:
    """Lock, read, transform, answer."""
    seconds, memory, output = (int(argument) for argument in sys.argv[1:4])
    walls = build(seconds=seconds, memory=memory)
    page = b""
    try:
        page = _page(output)
        answer: dict[str, object] = {"walls": walls}
    except _Refused as refused:
        answer = {"walls": walls, "error": str(refused)}
    except MemoryError:
        answer = {"walls": walls, "error": "memory"}
    _write(json.dumps(answer).encode() + b"\n" + page)


def _page(output: int) -> bytes:
    received = _read()
    (length,) = struct.unpack(">Q", received[:8])
    stylesheet, document = received[8 : 8 + length], received[8 + length :]
    try:
        page = transform(stylesheet, document)
    except etree.XSLTParseError:
        raise _Refused("stylesheet") from None
    except etree.XSLTError as error:
        raise _Refused("memory" if "memory" in str(error).lower() else "transform") from None
    except etree.XMLSyntaxError:
        raise _Refused("document") from None
    if len(page) > output:
        raise _Refused("output")
    return page


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


def _read() -> bytes:
    pieces = []
    while piece := os.read(0, _PIECE):
        pieces.append(piece)
    return b"".join(pieces)


def _write(octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    main()
