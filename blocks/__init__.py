"""Credentials and connections that Prefect keeps for erepo.

Importing this package registers the types, so that `Block.load("erepo-cloud-account/clinic")` works.
"""

from blocks.clinic_database import ClinicDatabase
from blocks.cloud_account import CloudAccount
from blocks.mail_server import MailServer
from blocks.p1_certificates import P1Certificates
from blocks.tenant_certificates import TenantCertificates

ALL = (ClinicDatabase, CloudAccount, TenantCertificates, P1Certificates, MailServer)

__all__ = ["ALL", "ClinicDatabase", "CloudAccount", "MailServer", "P1Certificates", "TenantCertificates"]
