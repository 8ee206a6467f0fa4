"""Which layer a sample of a stack belongs to: the innermost frame that one of the rules knows decides.

A call into C (a signature, a canonical form, a statement) has no frame of its own; its time is that of the
line of Python that called it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

#: Layers in the order of the page.
CRYPTO, XML, NETWORK, DATABASE, METADATA, CONTENT, PREFECT, START, OTHER = (
    "cryptography", "XML: parsing, canonical forms", "network: HTTP, TLS, event loop",
    "database", "metadata and rules of XDS", "contents: MIME, Base64, zstd, files",
    "Prefect", "start of the process", "the rest of erepo and Python",
)  # fmt: skip
LAYERS: Final = (CRYPTO, XML, NETWORK, DATABASE, METADATA, CONTENT, PREFECT, START, OTHER)

#: A part of `function (path/of/file.py)`, and its layer; the first that fits a frame counts.
RULES: Final = (
    ("<frozen importlib", START),
    ("cryptography/", CRYPTO),
    ("hashlib", CRYPTO),
    ("sha256 (", CRYPTO),
    ("_digest (erepo/soap/message.py", CRYPTO),
    ("sign (erepo/soap/signing.py", CRYPTO),
    ("erepo/soap/signature.py", CRYPTO),
    ("erepo/xmlsig/keys.py", CRYPTO),
    ("erepo/pki/", CRYPTO),
    ("erepo/acting/", CRYPTO),
    ("erepo/soap/mime.py", CONTENT),
    ("base64_chunks (erepo/soap", CONTENT),
    ("erepo/blobs/", CONTENT),
    ("erepo/content.py", CONTENT),
    ("erepo/durable.py", CONTENT),
    ("erepo/clinic/content.py", CONTENT),
    ("erepo/cda/", METADATA),
    ("erepo/xds/", METADATA),
    ("erepo/clinic/metadata.py", METADATA),
    ("erepo/soap/http.py", NETWORK),
    ("erepo/soap/channel.py", NETWORK),
    ("erepo/soap/", XML),
    ("erepo/xmlsig/", XML),
    ("sqlalchemy/", DATABASE),
    ("sqlite3", DATABASE),
    ("erepo/cloud/storage/", DATABASE),
    ("erepo/cloud/registry/group.py", DATABASE),
    ("erepo/cloud/registry/rows.py", DATABASE),
    ("erepo/cloud/registry/", METADATA),
    ("prefect/", PREFECT),
    ("aiohttp/", NETWORK),
    ("uvicorn/", NETWORK),
    ("uvloop/", NETWORK),
    ("erepo/", OTHER),
    ("flows/", OTHER),
    ("tasks/", OTHER),
    ("asyncio/", NETWORK),
)


def layer_of(frames: Iterable[str]) -> str:
    """Return the layer of a stack.

    Args:
        frames: `function (path:line)`, the outermost first.
    """
    for frame in reversed(list(frames)):
        for part, layer in RULES:
            if part in frame:
                return layer
    return OTHER


def read_samples(text: str) -> Iterator[tuple[list[str], int]]:
    """Read py-spy's raw form: `outer;…;inner count` a line; frames of processes and threads are left out."""
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame for frame in stack.split(";") if not frame.startswith(("process ", "thread "))]
        yield frames, int(count)


def shares(text: str) -> dict[str, float]:
    """Return the share of each layer in the samples of one program, 0 to 1."""
    counted: Counter[str] = Counter()
    for frames, count in read_samples(text):
        counted[layer_of(frames)] += count
    total = sum(counted.values()) or 1
    return {layer: counted[layer] / total for layer in LAYERS}
