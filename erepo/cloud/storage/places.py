"""Which blob store the settings name, and whether it is kept twice."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from erepo.blobs.copies import MirroredBlobStore
from erepo.blobs.store import BlobStore, FileBlobStore
from erepo.cloud.errors import BlobAddressWrong
from erepo.settings import S3Access, Settings

#: Largest content, in bytes as kept, that stands in the database, in the transaction of its metadata.
INLINE = 256 * 1024


def open_blobs(settings: Settings, folder: Path) -> BlobStore:
    """Return the store of large contents.

    Args:
        settings: its addresses.
        folder: where files go when no address is set.

    Raises:
        BlobAddressWrong: an address names no store that can be used here.
    """
    first = open_store(settings.cloud_blobs, folder, settings.s3, "BLOBS")
    if not settings.cloud_blobs_copy:
        return first
    second = open_store(settings.cloud_blobs_copy, folder, settings.s3_copy or settings.s3, "BLOBS_COPY")
    return MirroredBlobStore(first, second)


def open_store(address: str, folder: Path, access: S3Access, setting: str) -> BlobStore:
    """Return the store at an address: `file` or empty, `file:///folder`, `s3://bucket/prefix`.

    Raises:
        BlobAddressWrong: it is none of these.
    """
    parts = urlsplit(address)
    plain = not (parts.query or parts.fragment or parts.username)
    if address in {"", "file"}:
        return FileBlobStore(folder)
    if plain and parts.scheme == "file" and not parts.netloc and len(parts.path) > 1:
        return FileBlobStore(Path(url2pathname(parts.path)))
    if plain and parts.scheme == "s3" and parts.netloc and access.usable:
        # Only who keeps blobs there pays for loading the client.
        from erepo.blobs.s3 import S3BlobStore  # noqa: PLC0415

        return S3BlobStore(parts.netloc, parts.path.strip("/"), access)
    # Nothing of the address is told: somebody may have written a key into it.
    raise BlobAddressWrong(setting=setting)
