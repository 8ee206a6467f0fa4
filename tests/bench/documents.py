"""The documents of the comparison: PIK documents of one size, no two of them of one patient."""

from collections.abc import Callable, Iterator
from pathlib import Path

from erepo.cda.samples import Sample, generate

#: Kinds that are archived by themselves; one in three is a scan (PDF or picture) in a CDA envelope.
KINDS = (
    "lab_result",
    "diagnostic_result",
    "discharge_summary",
    "referring_doctor_information",
    "admission_refusal",
    "consultation",
)
SEED = 20260901


def write_portions(
    folder: Path, portions: dict[str, int], size: int, progress: Callable[[int], None] = lambda _: None
) -> dict[str, list[Path]]:
    """Write documents into one folder for each portion.

    Args:
        folder: where.
        portions: name and number of documents.
        size: octets of each document.
        progress: told how many were just written.

    Returns:
        The files of each portion, in order.
    """
    source = _samples(sum(portions.values()), size)
    written: dict[str, list[Path]] = {}
    for name, count in portions.items():
        place = folder / name
        place.mkdir(parents=True)
        written[name] = []
        for number in range(count):
            path = place / f"{number:06}.xml"
            path.write_bytes(next(source).octets)
            written[name].append(path)
            progress(1)
    return written


def _samples(count: int, size: int) -> Iterator[Sample]:
    seen: set[str] = set()
    # Patients are drawn from a thousand million, so hardly any comes twice; those that do are passed over.
    for sample in generate(SEED, count + count // 10 + 10, kinds=KINDS, size=size, patients=10**9):
        if sample.patient_pesel not in seen:
            seen.add(sample.patient_pesel)
            yield sample
