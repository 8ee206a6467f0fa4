"""What a document's time is made of, beside the floor of each part.

python -m tests.bench.breakdown [--documents 2000] [--size 50000]

The section of docs/reference/benchmarks.md on it is written anew.
"""

import argparse
import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console
from sqlalchemy import make_url

from erepo.cli.supervisor import interruptible
from erepo.clinic.account import load_connection
from erepo.clinic.bare import describe
from erepo.clinic.database import open_clinic
from erepo.clinic.tables import now
from erepo.content import FileContent
from erepo.settings import Settings
from erepo.soap.message import Outgoing, pack
from erepo.soap.signing import Signer
from erepo.xds import iti41
from erepo.xds.responses import write_registry_response
from tests.bench import flowrun, machine, site
from tests.bench.bare import build, depositor_of
from tests.bench.breakdown_report import HEAD, Found, section, spread
from tests.bench.child import measure
from tests.bench.documents import write_portions
from tests.bench.floors import Messages, Rows, database_floors, floors
from tests.bench.layers import LAYERS, shares
from tests.bench.meter import Timed, settle
from tests.bench.profiling import RATE, read, sampled, spying
from tests.bench.sections import replace_section
from tests.bench.site import PLAIN, Site

PAGE = Path("docs/reference/benchmarks.md")


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.breakdown")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--size", type=int, default=50_000, help="octets of each document")
    parser.add_argument(
        "--settle", type=float, default=20, help="longest wait for a quiet machine, in seconds"
    )
    parser.add_argument("--output", type=Path, default=PAGE, help="the page to write the section into")
    return parser.parse_args(given)


def find(place: Site, wanted: argparse.Namespace) -> Found:
    """Archive a portion without Prefect, sampled, and one by the deployment."""
    count = wanted.documents
    portions = write_portions(
        place.folder / "documents", {"first": 1, "warm": 50, "plain": count, "flow": count}, wanted.size
    )
    clinic = place.clinic(PLAIN)
    _plain(place, portions["warm"], "warm")
    site.take_in(clinic, portions["plain"])
    rows = [
        Rows(_file(url), place.folder / f"{number}.db")
        for number, url in enumerate((clinic.clinic_url, place.settings.cloud_url))
    ]
    settle(wanted.settle)
    timed, seen = _sampled(place)
    if timed.documents != count:
        raise RuntimeError(f"only {timed.documents} of {count} documents were archived")
    least = floors(_messages(place.settings, portions["plain"][0])) | database_floors(rows[0], rows[1], count)
    site.take_in(place.settings, portions["first"])
    empty = flowrun.archive(place, 1)
    site.take_in(place.settings, portions["flow"])
    settle(wanted.settle)
    flow = flowrun.archive(place, count)
    worker = 1000 * (flow.cpu["client"] - empty.cpu["client"]) / count - timed.per_document("client")
    spent = {role: spread(seen[role], timed.per_document(role)) for role in seen}
    layers = {layer: (spent["client"].get(layer, 0.0), spent["service"].get(layer, 0.0)) for layer in LAYERS}
    prefect = max(0.0, worker), flow.per_document("prefect")
    return Found(count, wanted.size, layers, least, prefect, max(timed.strangers, flow.strangers))


def _plain(place: Site, documents: Sequence[Path], name: str) -> None:
    """Warm the service up: what happens once is not what a document costs."""
    site.take_in(place.clinic(PLAIN), documents)
    measure("plain", place.job(PLAIN, place.folder / "documents" / name), place.environment(PLAIN))


def _sampled(place: Site) -> tuple[Timed, Mapping[str, Mapping[str, float]]]:
    """Archive what is due; return its cost and the shares of the layers by role."""
    job, client = place.job(PLAIN, place.folder / "documents" / "plain"), place.folder / "client.raw"
    with sampled(place.pid("cloud"), place.folder / "service.raw") as service:
        timed = measure("plain", job, place.environment(PLAIN), spying(client))
    return timed, {"client": shares(read(client)), "service": shares(service.text)}


def _messages(settings: Settings, path: Path) -> Messages:
    """Return an exchange about a document, as our own writers write it."""
    with closing(open_clinic(settings)) as database:
        connection = load_connection(database, settings)
        depositor = depositor_of(database, connection.source_id)
    submission = build(path, describe(FileContent(path), now=now()), depositor)
    payload, attachments = iti41.write_request(submission)
    signer = Signer(connection.wss)
    request = pack(Outgoing(iti41.ACTION, connection.repository_url, payload, attachments), signer)
    answer = pack(
        Outgoing(iti41.RESPONSE_ACTION, connection.repository_url, write_registry_response()),
        signer,
        mtom=False,
    )
    document = path.read_bytes()
    whole = b"".join(bytes(chunk) for chunk in request.chunks())
    return Messages(document, _envelope(whole), b"".join(bytes(chunk) for chunk in answer.chunks()))


def _envelope(multipart: bytes) -> bytes:
    end = b"</soap:Envelope>"
    return multipart[multipart.index(b"<soap:Envelope") : multipart.index(end) + len(end)]


def _file(url: str) -> Path:
    path = make_url(url).database
    assert path
    return Path(path)


def write(wanted: argparse.Namespace, console: Console) -> None:
    """Measure, and write the section."""
    facts = machine.describe("ec-p256")
    with site.open_site("ec-p256", lambda line: console.print(f"  {line}", highlight=False)) as place:
        found = find(place, wanted)
    command = f"python -m tests.bench.breakdown --documents {wanted.documents} --size {wanted.size}"
    date = dt.datetime.now(dt.UTC).date().isoformat()
    page: Path = wanted.output
    before = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    text = section(found, command, date, facts, RATE)
    page.write_text(replace_section(before, HEAD, text), encoding="utf-8")
    console.print(text, highlight=False, markup=False)


def main(given: Sequence[str] | None = None) -> None:
    """Measure by the command line."""
    with interruptible():
        write(_arguments(given), Console())


if __name__ == "__main__":
    main()
