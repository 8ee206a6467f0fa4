"""All vectors: `python -m tests.erepo.soap.attacks.catalogue` lists them, a line each."""

import sys

from tests.erepo.soap.attacks import (  # noqa: F401 — importing registers the vectors
    addressing,
    algorithms,
    attachments,
    families,
    front_door,
    headers,
    ideas,
    packaging,
    pieces,
    product,
    times,
    tokens,
    values,
    wrapping,
)
from tests.support.attack_kit import VECTORS

if __name__ == "__main__":
    sys.stdout.writelines(f"{vector.code:18} {vector.title}\n" for vector in VECTORS)
