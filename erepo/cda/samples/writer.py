"""Write samples into a folder, as a clinic's drop folder would hold them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from erepo.cda.kinds import Kind
from erepo.cda.samples.generate import Sample, Size, generate


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: number of files, octets in total, files by kind."""

    count: int
    size: int
    by_kind: Mapping[Kind, int]


def write_samples(
    folder: Path,
    *,
    seed: int,
    count: int,
    kinds: Sequence[str] | None = None,
    size: Size = None,
    patients: int | None = None,
    progress: Callable[[Sample], None] | None = None,
) -> Written:
    """Write documents drawn by `generate` into a folder; files of the same names are replaced.

    Args:
        folder: made when missing.
        seed: see `generate`.
        count: see `generate`.
        kinds: see `generate`.
        size: see `generate`.
        patients: see `generate`.
        progress: called after each file.

    Returns:
        Counts of what was written.

    Raises:
        SampleImpossible: see `generate`.
        OSError: the disk refused.
    """
    samples = generate(seed, count, kinds=kinds, size=size, patients=patients)
    folder.mkdir(parents=True, exist_ok=True)
    by_kind: Counter[Kind] = Counter()
    written = 0
    for sample in samples:
        written += (folder / sample.file_name).write_bytes(sample.octets)
        by_kind[sample.kind] += 1
        if progress:
            progress(sample)
    return Written(by_kind.total(), written, by_kind)
