"""The section on what a document's time is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.layers import LAYERS, OTHER, PREFECT, START
from tests.bench.report import table

HEAD = "## What a document's time is made of"
_SMALL = 0.005

_MEASURED = """\
* Client and service are sampled by py-spy, {rate} times a second each, while {documents:,} documents of
  {size:,} octets, every one a submission of its own, are archived without Prefect (the way (d) above). The
  share of a layer in the samples is applied to the CPU time that the kernel counted. A call into C counts
  where Python calls it; TLS happens inside the event loop (`uvloop`, C) and cannot be told from it.
* **Prefect** is the difference to the deployment with the same documents: the worker's processes, less what
  a run with nothing to do takes, and Prefect's server.
* **Floor** is the CPU of the same libraries with nothing around them, on the same octets, in the same run: a
  signature, a verification, SHA-256 over the document as Base64, SHA-1; lxml parsing a message and
  canonicalising its Body; Base64 and zstd; TLS records in memory, without a socket; SQLite copying the rows
  of the run with all indexes in one transaction. What has no floor is what our own Python does.
* **Waiting** is not in the table: a commit waits for the disk (here {flush}).
  The service commits many submissions at once, so they share it.
"""


@dataclass(frozen=True)
class Found:
    """What was measured: milliseconds of CPU a document.

    Attributes:
        documents: of the run.
        size: octets of each.
        layers: (client, service) by layer.
        floors: (client, service) by layer.
        prefect: (worker's processes, server).
        strangers: share of the machine that others had.
    """

    documents: int
    size: int
    layers: Mapping[str, tuple[float, float]]
    floors: Mapping[str, tuple[float, float]]
    prefect: tuple[float, float]
    strangers: float


def section(found: Found, command: str, date: str, facts: Mapping[str, str], rate: int) -> str:
    """Return the section."""
    rows = []
    for layer in LAYERS:
        client, service = found.layers.get(layer, (0.0, 0.0))
        if layer in {PREFECT, START}:
            continue
        least = found.floors.get(layer)
        floors = tuple(f"{one:.2f}" for one in least) if least else ("-", "-")
        rows.append((layer, f"{client:.2f}", floors[0], f"{service:.2f}", floors[1]))
    client, service = (sum(pair[side] for pair in found.layers.values()) for side in (0, 1))
    floor = [sum(pair[side] for pair in found.floors.values()) for side in (0, 1)]
    rows.append(("**together**", f"{client:.2f}", f"{floor[0]:.2f}", f"{service:.2f}", f"{floor[1]:.2f}"))
    rows.append(
        (PREFECT + ": worker; server", f"{found.prefect[0]:.2f}", "0", f"{found.prefect[1]:.2f}", "0")
    )
    told = _MEASURED.format(documents=found.documents, size=found.size, rate=rate, flush=facts["Disk"])
    parts = [
        HEAD,
        f"Written on {date}; to measure again: `{command}`. Milliseconds of CPU a document.",
        table(("", "client", "its floor", "service", "its floor"), rows),
        f"On {facts['CPU']}, {facts['Memory']}; others had {100 * found.strangers:.0f} % of the machine.",
        told.rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def spread(shares: Mapping[str, float], total: float) -> dict[str, float]:
    """Apply shares to a total; the start of the process, which a service has once, is left out of it."""
    counted = {layer: share for layer, share in shares.items() if layer != START}
    whole = sum(counted.values()) or 1.0
    spent = {layer: total * share / whole for layer, share in counted.items()}
    spent[OTHER] = spent.get(OTHER, 0.0) + spent.pop(PREFECT, 0.0)
    return spent
