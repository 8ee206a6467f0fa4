"""WS-Addressing headers, written as the octets that exclusive canonicalisation would give."""

from dataclasses import dataclass

from erepo.soap.names import SOAP, WSA, WSU

#: Declarations by prefix, attributes by namespace: the order of exclusive canonicalisation.
_DECLARATIONS = f'xmlns:wsa="{WSA}" xmlns:wsu="{WSU}"'
_ACTION_START = f'<wsa:Action xmlns:soap="{SOAP}" {_DECLARATIONS} wsu:Id="action" soap:mustUnderstand="1">'


@dataclass(frozen=True)
class Addressing:
    """The addressing properties of one message; None means the header is absent."""

    action: str
    to: str
    message_id: str
    relates_to: str | None = None
    reply_to: str | None = None


def write_addressing(addressing: Addressing) -> dict[str, bytes]:
    """Return the headers by their wsu:Id, in wire order; wsa:Action carries mustUnderstand (IHE-WSA101)."""
    headers = {
        "action": f"{_ACTION_START}{escaped(addressing.action)}</wsa:Action>".encode(),
        "message-id": _header("message-id", "MessageID", escaped(addressing.message_id)),
        "to": _header("to", "To", escaped(addressing.to)),
    }
    if addressing.relates_to is not None:
        headers["relates-to"] = _header("relates-to", "RelatesTo", escaped(addressing.relates_to))
    if addressing.reply_to is not None:
        address = f"<wsa:Address>{escaped(addressing.reply_to)}</wsa:Address>"
        headers["reply-to"] = _header("reply-to", "ReplyTo", address)
    return headers


def _header(identifier: str, name: str, content: str) -> bytes:
    return f'<wsa:{name} {_DECLARATIONS} wsu:Id="{identifier}">{content}</wsa:{name}>'.encode()


def escaped(text: str) -> str:
    """Escape a text node as canonical XML does."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def quoted(text: str) -> str:
    """Escape an attribute value as canonical XML does."""
    short = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return short.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")
