"""The demonstration's part in P1: the provider's certificates go into a block, as staff would do it."""

import json
from pathlib import Path

from erepo.cda.samples.people import PROVIDER
from erepo.cli.prefect_blocks import P1, save_block
from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect
from erepo.clinic.p1 import Pair, read_file, read_pair

#: Name of the block.
BLOCK = "clinic"


def keep_certificates(around: Surroundings, passphrase: bytes, prefect: Prefect) -> str:
    """Keep the certificates that the sandbox's P1 issued for the sample provider in a block.

    Args:
        around: the installation.
        passphrase: of the clinic's keys; seals them anew.
        prefect: where the block is kept.

    Returns:
        The block's name; empty where P1 is a real one, which gives no certificates to a demonstration.

    Raises:
        BlockTypeUnknown, PrefectRefused, PrefectUnavailable: see `save_block`.
    """
    if not around.p1_is_ours:
        return ""
    pair = issued(around.p1_provider)
    save_block(prefect, P1, BLOCK, {"provider": PROVIDER.book, **pair.sealed(passphrase)})
    return BLOCK


def issued(folder: Path) -> Pair:
    """Open the certificates that the sandbox's P1 laid into a folder for a provider."""
    said = json.loads(read_file(folder / "passwords.json"))
    tls, wss = (
        (read_file(folder / said[purpose]["file"]), said[purpose]["password"].encode())
        for purpose in ("tls", "wss")
    )
    return read_pair(*tls, *wss)
