"""What no program could spare itself for a document: the work in C that signatures, TLS and a database need.

Every floor is CPU time, in milliseconds, of the libraries that erepo uses, called with nothing around them on
the very octets of a submission of one document.
"""

import hashlib
import sqlite3
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pybase64
import zstandard
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from erepo.blobs.codec import LEVEL
from erepo.soap.names import SOAP
from tests.bench.layers import CONTENT, CRYPTO, DATABASE, NETWORK, XML

_REPEATS = 200
_BODY = f"{{{SOAP}}}Body"


@dataclass(frozen=True)
class Messages:
    """The octets of one exchange.

    Attributes:
        document: of the document.
        request: the SOAP part of the request, with an xop:Include in the place of the document.
        answer: the SOAP part of the answer.
    """

    document: bytes
    request: bytes
    answer: bytes


def floors(messages: Messages) -> dict[str, tuple[float, float]]:
    """Return (client, service) by layer, as far as one exchange has such work."""
    base64 = cost(lambda: pybase64.b64encode(messages.document))
    return {
        CRYPTO: (signatures := _signatures(messages.document), signatures),
        XML: (
            _canonical(messages.request) + _parsed(messages.answer),
            _parsed(messages.request) + _canonical(messages.answer),
        ),
        CONTENT: (base64, base64 + _compressed(messages.document)),
        NETWORK: (tls := _tls(messages) / 2, tls),
    }


def cost(work: Callable[[], object], repeats: int = _REPEATS) -> float:
    """Return the milliseconds of CPU that some work takes, on average."""
    work()
    begun = time.process_time()
    for _ in range(repeats):
        work()
    return 1000 * (time.process_time() - begun) / repeats


def _signatures(document: bytes) -> float:
    """One signature and one verification, SHA-256 over the document as Base64, and its SHA-1."""
    key, method = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    text, public = pybase64.b64encode(document), key.public_key()

    def work() -> None:
        digest = hashlib.sha256(text).digest() + hashlib.sha1(document, usedforsecurity=False).digest()
        public.verify(key.sign(digest, method), digest, method)

    return cost(work)


def _parsed(octets: bytes) -> float:
    """Parse a message and canonicalise its Body."""
    return cost(lambda: _body_of(etree.fromstring(octets)))


def _canonical(octets: bytes) -> float:
    """Canonicalise a Body that is there."""
    root = etree.fromstring(octets)
    return cost(lambda: _body_of(root))


def _body_of(root: etree._Element) -> bytes:
    body = root.find(_BODY)
    assert body is not None
    return etree.tostring(body, method="c14n", exclusive=True)


def _compressed(document: bytes) -> float:
    context = zstandard.ZstdCompressor(level=LEVEL)
    return cost(lambda: context.compress(document))


def _tls(messages: Messages) -> float:
    """Encrypt and decrypt request and answer in memory: both ends together."""
    client, server = tls_pair()
    there, back = messages.request + messages.document, messages.answer

    def work() -> None:
        client.carry(there, server)
        server.carry(back, client)

    return cost(work)


class _End:
    """One end of a connection in memory."""

    def __init__(self, context: ssl.SSLContext, *, server: bool) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server)

    def carry(self, octets: bytes, other: "_End") -> None:
        """Send octets to the other end, which reads them all."""
        self.tls.write(octets)
        other.incoming.write(self.outgoing.read())
        left = len(octets)
        while left:
            left -= len(other.tls.read(left))


def tls_pair() -> tuple[_End, _End]:
    """Return both ends of a connection after its handshake (anonymous: the records cost the same)."""
    contexts = [ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)]
    for context in contexts:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES256-SHA:ADH-AES256-GCM-SHA384:@SECLEVEL=0")
    client, server = _End(contexts[0], server=False), _End(contexts[1], server=True)
    for _ in range(4):
        for end, other in ((client, server), (server, client)):
            with suppress(ssl.SSLWantReadError):
                end.tls.do_handshake()
            other.incoming.write(end.outgoing.read())
    return client, server


class Rows:
    """The rows that a run leaves in a database of SQLite, and what SQLite itself needs to write them.

    Args:
        path: the database; a copy of it is made at once, nobody writes meanwhile.
        copy: where.
    """

    def __init__(self, path: Path, copy: Path) -> None:
        self._path, self._copy = path, copy
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)

    def cost(self, documents: int, changes: Sequence[str] = ()) -> float:
        """Return the milliseconds a document to write what is new, in one transaction, with all indexes.

        Args:
            documents: of the run.
            changes: statements that change rows which were there before.
        """
        with closing(sqlite3.connect(self._copy, isolation_level=None)) as target:
            target.execute("ATTACH DATABASE ? AS run", (str(self._path),))
            tables = [
                (name, target.execute(f"SELECT coalesce(max(rowid), 0) FROM main.{name}").fetchone()[0])
                for (name,) in target.execute(
                    "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                    " AND sql NOT LIKE '%VIRTUAL%' AND sql NOT LIKE '%WITHOUT ROWID%'"
                ).fetchall()
            ]
            begun = time.process_time()
            target.execute("BEGIN")
            for name, last in tables:
                target.execute(
                    f"INSERT OR IGNORE INTO main.{name} SELECT * FROM run.{name} WHERE rowid > {last}"
                )
            for change in changes:
                target.execute(change)
            target.execute("COMMIT")
            return 1000 * (time.process_time() - begun) / documents


def database_floors(clinic: Rows, service: Rows, documents: int) -> dict[str, tuple[float, float]]:
    """Return (client, service) for the rows of a run; a document of the clinic moves three times."""
    newest = f"rowid IN (SELECT rowid FROM main.document ORDER BY rowid DESC LIMIT {documents})"
    moves = [
        f"UPDATE main.document SET state = '{state}' WHERE {newest}"
        for state in ("queued", "sending", "archived")
    ]
    return {DATABASE: (clinic.cost(documents, moves), service.cost(documents))}
