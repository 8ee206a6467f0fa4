"""The checks: one function each, in the order in which the manual's chapter 2 asks, then our own."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from erepo.clinic.diagnosis.checks.access import registered, user, validity
from erepo.clinic.diagnosis.checks.archive import earchive
from erepo.clinic.diagnosis.checks.certificates import certificates, keys
from erepo.clinic.diagnosis.checks.channel import channel
from erepo.clinic.diagnosis.checks.limits import clock, disk, quota, time_limit
from erepo.clinic.diagnosis.checks.mail import mail
from erepo.clinic.diagnosis.checks.national import indexing, sharing
from erepo.clinic.diagnosis.checks.orchestrator import prefect
from erepo.clinic.diagnosis.checks.permissions import permissions
from erepo.clinic.diagnosis.checks.rendering import rendering
from erepo.clinic.diagnosis.checks.service import licence, maintenance, p1
from erepo.clinic.diagnosis.checks.storage import contents, database, structure
from erepo.clinic.diagnosis.running import Check

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "p1": p1,
        "time-limit": time_limit,
        "certificates": certificates,
        "access": registered,
        "user": user,
        "validity": validity,
        "channel": channel,
        "mail": mail,
        "maintenance": maintenance,
        "clock": clock,
        "quota": quota,
        "licence": licence,
        "disk": disk,
        "database": database,
        "contents": contents,
        "earchive": earchive,
        "rendering": rendering,
        "structure": structure,
        "indexing": indexing,
        "sharing": sharing,
        "keys": keys,
        "permissions": permissions,
        "prefect": prefect,
    }
)
