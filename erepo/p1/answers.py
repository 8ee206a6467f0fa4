"""From the octets of an answer to what it proves."""

from erepo.content import Buffer
from erepo.p1.errors import P1AnswerInvalid
from erepo.p1.faults import raise_fault
from erepo.p1.verifying import P1Verifier, read_p1
from erepo.soap.errors import MessageRefused
from erepo.soap.names import SECURITY
from erepo.soap.verifying import Verified
from erepo.soap.versions import SoapVersion


def read_answer(octets: Buffer, version: SoapVersion, verifier: P1Verifier, address: str) -> Verified:
    """Return a proven answer that is no fault.

    A fault need not be signed: gateways refuse before they can sign. TLS says that it is P1's, and a refusal
    gives nothing.

    Raises:
        P1AnswerInvalid: it proves nothing.
        ErepoError: a fault; see `faults`.
    """
    try:
        received = read_p1(octets, version)
        if next(received.envelope.iter(SECURITY), None) is None:
            raise_fault(received.envelope.find(f"{version.name('Body')}/*"), version, address)
        verified = verifier.verify(received, version)
    except MessageRefused as error:
        raise P1AnswerInvalid(address=address, rule=f"{error.data.get('rule', error.code)}") from None
    raise_fault(verified.payload, version, address)
    return verified
