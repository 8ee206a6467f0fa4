"""An authority that publishes: certificates that name its servers, and these servers, real local HTTP.

with publishing() as place:              # place.crl_url, place.ocsp_url
leaf = place.issue(crl=True)         # names the list; ocsp=True the responder
place.revoke(leaf)                   # says so on both from now on
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from erepo.pki import Authority
from erepo.pki.revocation import Revocation
from erepo.settings import RevocationSettings
from tests.support.certificates import Recipe

Extension = tuple[x509.ExtensionType, bool]
REASON = x509.ReasonFlags.key_compromise
SINCE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def url_name(url: str) -> x509.UniformResourceIdentifier:
    """Return an address as extensions hold it."""
    return x509.UniformResourceIdentifier(url)


def list_at(*urls: str, **point: Any) -> tuple[x509.ExtensionType, bool]:
    """Return the extension that names a list (CDP)."""
    shape = {"relative_name": None, "reasons": None, "crl_issuer": None} | point
    points = x509.DistributionPoint([url_name(url) for url in urls], **shape)
    return x509.CRLDistributionPoints([points]), False


def responder_at(url: str) -> tuple[x509.ExtensionType, bool]:
    """Return the extension that names a responder (AIA)."""
    description = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, url_name(url))
    return x509.AuthorityInformationAccess([description]), False


@dataclass
class Publisher:
    """An authority with its servers; tests turn its screws."""

    port: int
    authority: Authority = field(default_factory=lambda: Authority.create("Publishing authority"))
    revoked: dict[int, tuple[datetime, x509.ReasonFlags]] = field(default_factory=dict)
    made: timedelta = timedelta(0)
    """How long ago lists and answers were made."""
    life: timedelta | None = timedelta(days=1)
    """From making to the next; None: it does not say."""
    signer: Authority | None = None
    """Signs lists and answers in the authority's place."""
    delegate: tuple[Any, x509.Certificate] | None = None
    """Key and certificate of a responder of its own."""
    nonce: Callable[[bytes], bytes | None] = lambda asked: asked
    answer: Callable[[BaseHTTPRequestHandler], bool] = lambda _handler: False
    """Answers in another way; tells whether it did."""
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for."""
    extra: list[tuple[x509.ExtensionType, bool]] = field(default_factory=list)
    """More extensions of the list."""

    @property
    def crl_url(self) -> str:
        """Address of the list."""
        return f"http://127.0.0.1:{self.port}/ca.crl"

    @property
    def ocsp_url(self) -> str:
        """Address of the responder."""
        return f"http://127.0.0.1:{self.port}/ocsp"

    def extensions(
        self, *, crl: bool = False, ocsp: bool = False
    ) -> tuple[tuple[x509.ExtensionType, bool], ...]:
        """Return what a certificate says of the servers."""
        return ((list_at(self.crl_url),) if crl else ()) + ((responder_at(self.ocsp_url),) if ocsp else ())

    def issue(self, *, crl: bool = False, ocsp: bool = False, **changes: Any) -> x509.Certificate:
        """Issue a certificate that names the list, the responder, both or none."""
        recipe = Recipe(issuer=self.authority, extra=self.extensions(crl=crl, ocsp=ocsp))
        return recipe.but(**changes).make()

    def revoke(self, certificate: x509.Certificate) -> None:
        """Take it back."""
        self.revoked[certificate.serial_number] = SINCE, REASON

    def crl(self) -> bytes:
        """Return the present list, DER."""
        made = datetime.now(UTC).replace(microsecond=0) - self.made
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.authority.certificate.subject)
        builder = builder.last_update(made).next_update(made + (self.life or timedelta(days=1)))
        for serial, (since, reason) in self.revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
            builder = builder.add_revoked_certificate(
                entry.add_extension(x509.CRLReason(reason), critical=False).build()
            )
        for value, critical in self.extra:
            builder = builder.add_extension(value, critical)
        key = (self.signer or self.authority).key
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    def delegated(self, *, usage: bool = True, nocheck: bool = True, **changes: Any) -> None:
        """Let a responder of its own answer from now on."""
        extended = (ExtendedKeyUsageOID.OCSP_SIGNING,) if usage else (ExtendedKeyUsageOID.CLIENT_AUTH,)
        extra = ((x509.OCSPNoCheck(), False),) if nocheck else ()
        recipe = Recipe(issuer=self.authority, common_name="Responder", extended=extended, extra=extra)
        recipe = recipe.but(**changes)
        self.delegate = recipe.key, recipe.make()

    def said(self, question: bytes, leaf: x509.Certificate) -> bytes:
        """Return the responder's answer about a certificate it knows."""
        request = ocsp.load_der_ocsp_request(question)
        made = datetime.now(UTC).replace(microsecond=0) - self.made
        since, reason = self.revoked.get(leaf.serial_number, (None, None))
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=leaf,
            issuer=self.authority.certificate,
            algorithm=request.hash_algorithm,
            cert_status=ocsp.OCSPCertStatus.REVOKED if since else ocsp.OCSPCertStatus.GOOD,
            this_update=made,
            next_update=made + self.life if self.life else None,
            revocation_time=since,
            revocation_reason=reason,
        )
        signer = self.signer or self.authority
        key, certificate = self.delegate or (signer.key, signer.certificate)
        # By name, so that a forger of the same name is met at the signature.
        encoding = ocsp.OCSPResponderEncoding.NAME if self.signer else ocsp.OCSPResponderEncoding.HASH
        builder = builder.responder_id(encoding, certificate)
        if self.delegate:
            builder = builder.certificates([certificate])
        asked = request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        if (nonce := self.nonce(asked)) is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def refusing(status: ocsp.OCSPResponseStatus) -> Callable[[BaseHTTPRequestHandler], bool]:
    """Return what answers every question to the responder with a status alone."""
    octets = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    return lambda handler: handler.command == "POST" and reply(handler, octets, "application/ocsp-response")


def reply(
    handler: BaseHTTPRequestHandler, octets: bytes, kind: str, status: int = 200, **headers: str
) -> bool:
    """Send an answer."""
    handler.send_response(status)
    for name, value in {"Content-Type": kind, "Content-Length": str(len(octets)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(octets)
    return True


def hang_up(handler: BaseHTTPRequestHandler) -> bool:
    """Answer nothing."""
    handler.close_connection = True
    handler.connection.close()
    return True


@contextmanager
def publishing(known: Callable[[int], x509.Certificate | None] = lambda _serial: None) -> Iterator[Publisher]:
    """Run the servers of a new authority until the block ends.

    Args:
        known: returns the certificate of a serial number; None has the responder answer "unknown".
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place.asked.append(self.path)
            if not place.answer(self):
                reply(self, place.crl(), "application/pkix-crl")

        def do_POST(self) -> None:
            place.asked.append(self.path)
            question = self.rfile.read(int(self.headers["Content-Length"]))
            if place.answer(self):
                return
            leaf = known(ocsp.load_der_ocsp_request(question).serial_number)
            if leaf is None:
                refusing(ocsp.OCSPResponseStatus.UNAUTHORIZED)(self)
            else:
                reply(self, place.said(question, leaf), "application/ocsp-response")

        def log_message(self, *_arguments: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    place = Publisher(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


LOCAL = RevocationSettings(local_addresses=True, seconds=30)


class World:
    """A publisher, what it has issued, and who asks it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.issued: dict[int, x509.Certificate] = {}
        self.place: Publisher

    def issue(self, **how: Any) -> x509.Certificate:
        """Issue a certificate that the responder knows."""
        leaf = self.place.issue(**how)
        self.issued[leaf.serial_number] = leaf
        return leaf

    def asking(self, settings: RevocationSettings = LOCAL, **later: float) -> Revocation:
        """Return somebody who asks, as fresh as after a restart; `later` moves the clock on."""
        ahead = timedelta(**later)
        return Revocation(settings, self.folder / "crl", lambda: datetime.now(UTC) + ahead)

    def check(self, leaf: x509.Certificate, settings: RevocationSettings = LOCAL, **later: float) -> None:
        """Ask about a certificate."""
        self.asking(settings, **later).check([leaf, self.place.authority.certificate])

    def list_file(self) -> RevocationSettings:
        """Write the present list into a file and return the settings that name it."""
        file = self.folder / "given.crl"
        file.write_bytes(self.place.crl())
        return RevocationSettings(crl=file)


@contextmanager
def published_world(folder: Path) -> Iterator[World]:
    """Run a new authority and its servers, with a folder for whoever asks, until the block ends."""
    made = World(folder)
    with publishing(made.issued.get) as made.place:
        yield made
