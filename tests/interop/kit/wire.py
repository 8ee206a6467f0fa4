"""Envelopes as text, sent over mutual TLS with httpx; answers read by the kit's own reader."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx
from lxml import etree

from tests.interop.kit import metadata, mime, names, schemas

if TYPE_CHECKING:
    from pathlib import Path

PREFIXES = " ".join(
    f'xmlns:{prefix}="{names.NS[prefix]}"'
    for prefix in ("s", "wsa", "rim", "rs", "lcm", "query", "xds", "rmd")
)
ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"
REPLY_TO = f"<wsa:ReplyTo><wsa:Address>{ANONYMOUS}</wsa:Address></wsa:ReplyTo>"


def header(action: str, to: str | None, **options: Any) -> str:
    """The WS-Addressing headers; options switch each of them."""
    must = options.get("must", 's:mustUnderstand="1"')
    message_id = options.get("message_id", f"urn:uuid:{uuid.uuid4()}")
    parts = [f"<wsa:Action {must}>{action}</wsa:Action>"]
    if to is not None:
        parts.append(f"<wsa:To {options.get('must_to', '')}>{to}</wsa:To>")
    if message_id:
        parts.append(f"<wsa:MessageID>{message_id}</wsa:MessageID>")
    parts.append(options.get("reply_to", REPLY_TO))
    return "".join(parts) + options.get("headers", "")


def envelope(heads: str, body: str, prefixes: str = PREFIXES, declaration: str = "") -> str:
    """The whole message."""
    inner = f"<s:Header>{heads}</s:Header><s:Body>{body}</s:Body>"
    return f"{declaration}<s:Envelope {prefixes}>{inner}</s:Envelope>"


def base64_text(content: bytes) -> str:
    """Inline base64."""
    return base64.b64encode(content).decode()


def include(cid: str) -> str:
    """An xop:Include; the cid as it is to stand in the href."""
    return f'<xop:Include xmlns:xop="{names.NS["xop"]}" href="cid:{cid}"/>'


@dataclass
class Answer:
    """What came back."""

    response: httpx.Response
    multipart: bool
    tree: etree._Element
    parts: dict[str, bytes]

    @property
    def body(self) -> etree._Element:
        """The element in the Body."""
        return self.find("/s:Envelope/s:Body/*")[0]

    def find(self, path: str) -> Any:
        """XPath with the usual prefixes."""
        return self.tree.getroottree().xpath(path, namespaces=names.NS)

    @property
    def fault(self) -> str:
        """Code and subcode of the fault with their local names, or nothing."""
        codes = self.find("/s:Envelope/s:Body/s:Fault//s:Value")
        return "/".join((code.text or "").split(":")[-1] for code in codes)

    @property
    def status(self) -> str:
        """Status of the registry's answer."""
        found = self.find("//rs:RegistryResponse/@status | //query:AdhocQueryResponse/@status")
        return str(found[0]) if found else f"fault {self.fault} http {self.response.status_code}"

    @property
    def errors(self) -> list[tuple[str, str, str, str]]:
        """(code, severity, context, location) of each error."""
        return [
            (e.get("errorCode"), e.get("severity"), e.get("codeContext") or "", e.get("location") or "")
            for e in self.find("//rs:RegistryError")
        ]

    @property
    def codes(self) -> set[str]:
        """Codes of the errors and warnings."""
        return {code for code, *_ in self.errors}

    def objects(self, tag: str = "*") -> list[etree._Element]:
        """Objects of a query's answer."""
        return list(self.find(f"//query:AdhocQueryResponse/rim:RegistryObjectList/{tag}"))

    def ids(self, tag: str = "*") -> list[str]:
        """Their ids."""
        return [str(each.get("id")) for each in self.objects(tag)]

    def documents(self) -> dict[str, bytes]:
        """Octets by uniqueId of an ITI-43 answer."""
        found = {}
        for response in self.find("//xds:DocumentResponse"):
            uid = response.findtext("xds:DocumentUniqueId", namespaces=names.NS)
            held = response.find("xds:Document", names.NS)
            refer = held.find("xop:Include", names.NS)
            if refer is None:
                found[uid] = base64.b64decode(held.text or "")
            else:
                found[uid] = self.parts[unquote(refer.get("href").removeprefix("cid:"))]
        return found


def read_answer(response: httpx.Response) -> Answer:
    """The answer, root found by start=, validated."""
    kind = response.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/"):
        assert kind.startswith(mime.SOAP_TYPE), (response.status_code, kind, response.content[:300])
        tree = etree.fromstring(response.content)
        schemas.check(tree)
        return Answer(response, multipart=False, tree=tree, parts={})
    parts = mime.read(kind, response.content)
    start = mime.parameter(kind, "start")
    by_id = {headers.get("content-id", "").strip("<>"): content for headers, content in parts}
    assert len(by_id) == len(parts), "two parts with one id"
    main = by_id[start.strip("<>")] if start else parts[0][1]
    assert mime.parameter(kind, "type") == mime.XOP_TYPE, kind
    tree = etree.fromstring(main)
    schemas.check(tree)
    return Answer(response, multipart=True, tree=tree, parts=by_id)


@dataclass
class Peer:
    """A client with one account's credentials."""

    folder: Path
    account: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what the operator's command wrote."""
        self.account = json.loads((self.folder / "account.json").read_text())
        self.local = threading.local()
        self.clients: list[httpx.Client] = []

    @property
    def repository(self) -> str:
        """RepositoryUniqueId."""
        return str(self.account["repositoryUniqueId"])

    def url(self, transaction: int) -> str:
        """Address of a transaction."""
        return str(self.account[names.DOOR[transaction]])

    @property
    def http(self) -> httpx.Client:
        """A connection of this thread."""
        if not hasattr(self.local, "client"):
            context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
            context.load_cert_chain(self.folder / "tls.pem", self.folder / "tls.key")
            self.local.client = httpx.Client(verify=context, timeout=60, trust_env=False)
            self.clients.append(self.local.client)
        return self.local.client

    def close(self) -> None:
        """End all connections; the next request makes a new one."""
        for client in self.clients:
            client.close()
        self.clients.clear()
        self.local = threading.local()

    def post(self, url: str, content: bytes, kind: str, **headers: str) -> httpx.Response:
        """The bare request."""
        return self.http.post(url, content=content, headers={"Content-Type": kind} | headers)

    def copy(self, **changes: str) -> Peer:
        """The same credentials with other addresses."""
        made = Peer(self.folder)
        made.account |= changes
        return made

    def simple(self, url: str, message: str | bytes, kind: str = "") -> Answer:
        """A message as Simple SOAP."""
        content = message.encode() if isinstance(message, str) else message
        return read_answer(self.post(url, content, kind or f"{mime.SOAP_TYPE}; charset=UTF-8"))

    def packed(self, url: str, message: str | bytes, parts: list[mime.Part] | None = None) -> Answer:
        """A message as MTOM."""
        content = message.encode() if isinstance(message, str) else message
        body = mime.write([mime.root(content), *(parts or [])])
        return read_answer(self.post(url, body, mime.content_type()))

    def send(self, transaction: int, body: str, **options: Any) -> Answer:
        """A transaction the plainest way: its own encoding, usual headers."""
        url = options.pop("url", self.url(transaction))
        parts = options.pop("parts", None)
        message = envelope(header(names.ACTIONS[transaction], url, **options), body)
        if transaction in names.MULTIPART:
            return self.packed(url, message, parts)
        return self.simple(url, message)

    def provide(self, submission: metadata.Submission, **options: Any) -> Answer:
        """ITI-41 with XOP parts."""
        held = [entry for entry in submission.entries if entry.content is not None]
        documents = [(entry.id, entry.content or b"") for entry in held] + options.pop("more", [])
        cids = [f"doc{number}@kit" for number in range(len(documents))]
        parts = [mime.Part(content, cid) for (_, content), cid in zip(documents, cids, strict=True)]
        inside = "".join(
            f'<xds:Document id="{own}">{include(cid)}</xds:Document>'
            for (own, _), cid in zip(documents, cids, strict=True)
        )
        return self.send(41, provide_body(submission, inside), parts=parts, **options)

    def ask(self, name: str, *parameters: tuple[str, list[str]], **options: Any) -> Answer:
        """ITI-18."""
        return self.send(18, metadata.query(name, list(parameters), **options))

    def fetch(self, *uids: str) -> Answer:
        """ITI-43 of own documents."""
        return self.send(43, metadata.retrieve(self.repository, *uids))


def provide_body(submission: metadata.Submission, documents: str) -> str:
    """The ITI-41 body around ready Document elements."""
    return (
        "<xds:ProvideAndRegisterDocumentSetRequest>"
        f"{submission.request()}{documents}</xds:ProvideAndRegisterDocumentSetRequest>"
    )


def inline_body(submission: metadata.Submission) -> str:
    """The ITI-41 body with inline base64."""
    documents = "".join(
        f'<xds:Document id="{entry.id}">{base64_text(entry.content)}</xds:Document>'
        for entry in submission.entries
        if entry.content is not None
    )
    return provide_body(submission, documents)
