"""The page that the comparison leaves behind."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.results import WAYS, Results, rate

_TITLES = {
    "a": "(a) script with zeep (typed objects), requests and zeep.wsse, one by one",
    "a'": "(a') the same with ready-made XML for metadata",
    "e": "(e) (a') with the whole of WS-Security",
    "b": "(b) bare pipeline: no database, no Prefect",
    "c": "(c) deployment `archive-documents/scheduled`",
    "d": "(d) the same as (c) without Prefect",
}
#: Ratios that are shown beside those with an aim, and what they leave out.
_BESIDE = {
    "a'": "the script is spared its metadata",
    "e": "the same security on both sides, the script is spared its metadata",
}
#: Share of the machine that others may have in a measurement that counts.
_QUIET = 0.1
_ROLES = ("client", "service", "prefect")

_MEASURED = """\
* **Documents**: PIK documents of {size:,} octets each from `erepo.cda.samples` (six kinds, a third of them
  scans in a CDA envelope), every one of another patient, so every one is a submission of its own. In each
  round the ways take turns with the same {portion:,} documents ((a), (a') and (e) with the first
  {naive:,} of them), each for an account of its own at the same service process: the real one, behind mutual
  TLS, on SQLite with durable commits.
* **(a)** is what a user of zeep would write: it reads each document's header with lxml, builds the metadata
  from the types of a WSDL, signs Body and Timestamp, and sends the document inline as Base64. The entries it
  registers say what ours say (`tests/bench/test_typed.py`). It makes its client once, keeps its connection,
  and is timed after its first document. Out of the box zeep signs no WS-Addressing headers, so its account is
  one on mutual TLS alone: the service does not look at its signature and does not sign the answers. That
  spares (a) work that the others do; reading the header within the measured time is work that (b) to (d)
  have behind them.
* **(a')** is (a) without the metadata: they come as ready-made XML, as our own writer writes them for that
  document, and the script fills in ids, time, hash and size. No user has them ready; the difference is what
  reading the header and typed objects in zeep cost.
* **(e)** is (a') with forty lines more: it signs all that the service's default policy asks for and checks
  the signed answers, as (b), (c) and (d) do. Its metadata come ready-made too.
* **(b)** describes each document from its header (read before), signs, sends {in_flight} at once and verifies
  every signed answer: `erepo.clinic.pipeline`, the sender of (c) and (d), with nothing around it.
* **(c)** is started through Prefect's API, with Prefect's server and a worker running as `erepo up` starts
  them. Its time is that of the flow run, from start to end in Prefect's record; the start of its process
  comes on top (above). Its CPU time of the client is the worker's tree, less what the empty run took.
* **(d)** calls the service functions that the flow's tasks call, as `erepo archive` does.
* (c) and (d) find their documents taken in already; taking in is not measured.
* **CPU time** is that of whole process trees. Client, service and Prefect share the machine.
"""
_SHARE = """\
One flow run of {documents} documents took {wall} s from its start to its end by Prefect's record. Of these,
{inside} s fell into its {tasks} task runs, whose bodies are each one call of a service function of ours
(reconcile, plan, send a batch). The other {outside} s, **{share} %**, are Prefect's: reading the blocks,
states of tasks, progress, summary. The few milliseconds inside a task run around the call count as ours.
Prefect's server used {server} ms of CPU a document meanwhile.

Beside it, {before} s passed from the order to the start of the run: the worker notices, a process starts and
imports everything. With them the long run did {speed} documents a second. A run with nothing to do took
{empty} s after {empty_before} s, and {empty_cpu} s of CPU in the worker's processes.

Without Prefect, in (d), the same work went {without} times as fast, round by round; that includes what
Prefect's server takes of the machine meanwhile."""
_NOT_MEASURED = """\
* A network: everything runs on one machine, so the scripts never wait for a round trip. At 20 ms none of
  them would reach 50 documents a second; the others have {in_flight} under way.
* Several documents of one patient in one submission, which is several times faster.
* Large documents, PostgreSQL, S3, several service processes; RSA keys (`--key-type rsa-3072` does).
"""


@dataclass(frozen=True)
class Setting:
    """How it was measured."""

    command: str
    date: str
    machine: Mapping[str, str]
    size: int
    portion: int
    naive: int
    in_flight: int


def page(results: Results, setting: Setting) -> str:
    """Return the page as Markdown."""
    facts = vars(setting)
    parts = [
        "# Benchmarks",
        f"Written by `make bench` on {setting.date}; to measure again: `{setting.command}`.",
        _speed(results),
        "Median of the rounds, least and most of them in brackets. CPU is milliseconds a document.",
        "## Aims",
        _aims(results),
        "Ratios are taken within each round; the median is shown, and held against the aim.",
        "## Prefect's share",
        _share(results),
        "## Machine",
        table(("", ""), list(setting.machine.items())),
        _noise(results),
        "## What is measured",
        _MEASURED.format(**facts).rstrip(),
        "## What is not",
        _NOT_MEASURED.format(**facts).rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def _speed(results: Results) -> str:
    rows = [
        (_TITLES[way], results.rate(way).show(0), *(_cpu(results, way, role) for role in _ROLES))
        for way in WAYS
    ]
    long = results.long
    cpu = (f"{results.cpu_of(long, role):.2f}" for role in _ROLES)
    rows.append((f"(c) one run of {long.documents:,} documents", f"{rate(long):.0f}", *cpu))
    return table(("way", "documents/s", "CPU client", "CPU service", "CPU Prefect server"), rows)


def _noise(results: Results) -> str:
    busy = f"Other programs had at most {100 * results.strangers:.0f} % of the machine during any stretch"
    if results.strangers <= _QUIET:
        return f"{busy}."
    return (
        f"**{busy}: ratios between ways are disturbed, CPU times hardly. Measure again on a quiet machine.**"
    )


def _cpu(results: Results, way: str, role: str) -> str:
    known = role in results.rounds[0][way].cpu
    return results.cpu(way, role).show(2) if known else "-"


def _aims(results: Results) -> str:
    rows = [(aim.what, aim.wanted, aim.found, "met" if aim.met else "**not met**") for aim in results.aims()]
    beside = [
        (f"({way}) : ({other})", "", results.ratio(way, other).show(2), f"no aim: {label}")
        for other, label in _BESIDE.items()
        for way in ("b", "c")
    ]
    return table(("", "aim", "found", ""), [*rows, *beside])


def _share(results: Results) -> str:
    long, empty = results.long, results.empty
    wall, inside, before = (long.more[name] for name in ("wall", "inside", "before"))
    return _SHARE.format(
        documents=f"{long.documents:,}",
        wall=f"{wall:.1f}",
        inside=f"{inside:.1f}",
        tasks=f"{long.more['tasks']:.0f}",
        outside=f"{wall - inside:.2f}",
        share=f"{100 * results.share:.1f}",
        server=f"{long.per_document('prefect'):.2f}",
        before=f"{before:.1f}",
        speed=f"{long.documents / (wall + before):.0f}",
        empty=f"{empty.more['wall']:.2f}",
        empty_before=f"{empty.more['before']:.1f}",
        empty_cpu=f"{empty.cpu['client']:.1f}",
        without=results.ratio("d", "c").show(2),
    )


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table as Markdown, all columns but the first to the right."""
    rule = "|".join("---" if not number else "---:" for number in range(len(head)))
    lines = [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)
