"""The errors with which a room refuses a signature; each takes `rule`, a short fixed phrase."""

from typing import NamedTuple

from erepo.errors import ErepoError


class Refusals(NamedTuple):
    """What is raised for which kind of fault.

    Attributes:
        form: an element is of another form than the accepted one.
        algorithm: an algorithm or type of key outside the accepted list.
        signer: the certificate is unreadable or too large.
        wrong: the signature is not this key's.
        canonical: there is no canonical form.
    """

    form: type[ErepoError]
    algorithm: type[ErepoError]
    signer: type[ErepoError]
    wrong: type[ErepoError]
    canonical: type[ErepoError]
