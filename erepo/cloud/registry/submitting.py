"""Metadata without octets, ready for the writer (ITI-42).

What the source says of hash, size and repositoryUniqueId is kept as it is. Where it names this very
repository, entry and stored document belong together, and must not contradict each other.
"""

from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.changing import as_job
from erepo.cloud.registry.jobs import Change, SubmissionJob
from erepo.cloud.registry.rows import make_job
from erepo.cloud.registry.rules import check_supported, check_together
from erepo.cloud.registry.stamping import Element, stamp
from erepo.cloud.storage.numbers import Numbers
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.responses import RegistryError
from erepo.xds.submitting import Registration


def judge(
    numbers: Numbers, tenant: Tenant, registration: Registration, objects: Element, evidence: Evidence
) -> SubmissionJob | Change | list[RegistryError]:
    """Check a submission; return it ready for the writer, or every reason against it.

    Args:
        numbers: of rows.
        tenant: whose it is.
        registration: as read.
        objects: its RegistryObjectList; changed in place.
        evidence: who sent it.
    """
    errors = [*check_together(registration), *check_supported(tenant, registration)]
    if errors:
        return errors
    job = make_job(tenant, registration, stamp(objects, {}), evidence)
    return as_job(numbers, registration, job)
