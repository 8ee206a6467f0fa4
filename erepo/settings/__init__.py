"""Settings of one installation; see `erepo.settings.installation.Settings`."""

from erepo.settings.errors import DatabaseAddressWrong, PassphraseMissing
from erepo.settings.groups import (
    ApiSettings,
    AuditSink,
    DiagnosisLimits,
    HttpTimeouts,
    Limits,
    OfficeSettings,
    P1Settings,
    PanelSettings,
    PatientsOwnLimits,
    PortalSettings,
    RenderingLimits,
    RevocationSettings,
    S3Access,
    VerifySettings,
    WssLimits,
    XmlLimits,
)
from erepo.settings.installation import Settings

__all__ = [
    "ApiSettings",
    "AuditSink",
    "DatabaseAddressWrong",
    "DiagnosisLimits",
    "HttpTimeouts",
    "Limits",
    "OfficeSettings",
    "P1Settings",
    "PanelSettings",
    "PassphraseMissing",
    "PatientsOwnLimits",
    "PortalSettings",
    "RenderingLimits",
    "RevocationSettings",
    "S3Access",
    "Settings",
    "VerifySettings",
    "WssLimits",
    "XmlLimits",
]
