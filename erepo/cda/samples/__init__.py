"""Documents of our own for demonstrations, tests and benches: synthetic patients, real shape.

Everything is drawn from a seed: the same seed, count, kinds, sizes and patients give the same octets. Nobody
in these documents exists; the texts are ours.
"""

from erepo.cda.samples.catalogue import RECIPES
from erepo.cda.samples.generate import Sample, generate
from erepo.cda.samples.writer import Written, write_samples

__all__ = ["RECIPES", "Sample", "Written", "generate", "write_samples"]
