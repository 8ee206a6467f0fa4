"""All vectors: `python -m tests.erepo.cda.signature.attacks.catalogue` lists them, a line each."""

import sys

from tests.erepo.cda.signature.attacks import (  # noqa: F401 — importing registers the vectors
    contents,
    doctypes,
    properties,
    references,
    signers,
    wrapping,
)
from tests.support.document_attacks import VECTORS

if __name__ == "__main__":
    sys.stdout.writelines(f"{vector.code:28} {vector.title}\n" for vector in VECTORS)
