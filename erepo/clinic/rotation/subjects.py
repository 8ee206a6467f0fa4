"""What a new request says about its owner: the same as the certificate in use."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from erepo.clinic.onboarding.requests import Form
from erepo.pki import Bundle, CertificatePurpose, make_csr
from erepo.pki.csr import write_csr


def form_of(certificate: x509.Certificate, account: str) -> Form:
    """Return the form of a request for the successor of a certificate: same subject, same kind of key."""
    return Form(
        account,
        organisation=_attribute(certificate, NameOID.ORGANIZATION_NAME),
        unit=_attribute(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME),
        country=_attribute(certificate, NameOID.COUNTRY_NAME) or "PL",
        key_type="rsa-3072" if isinstance(certificate.public_key(), rsa.RSAPublicKey) else "ec-p256",
    )


def request_of(bundle: Bundle, account: str, purpose: CertificatePurpose) -> bytes:
    """Return a request (PEM) as it may have stood behind a certificate that came with its key."""
    form = form_of(bundle.certificate, account)
    csr = make_csr(
        bundle.key,
        account=account,
        purpose=purpose,
        organisation=form.organisation,
        unit=form.unit,
        country=form.country,
    )
    return write_csr(csr)


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
