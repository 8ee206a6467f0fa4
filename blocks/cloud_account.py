"""The clinic's account in the repository service."""

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field

from blocks.looks import LOGO, documentation


class CloudAccount(Block):
    """The clinic's account in the repository service: addresses, ids, and which certificates speak for it.

    Holds no secret. The onboarding flow writes it from the answer to the activation.

    Example:
        Load the block and see which certificates are in use:
        ```python
        from blocks import CloudAccount

        account = CloudAccount.load("BLOCK_NAME")
        print(account.account, account.certificates)
        ```
    """

    _block_type_name: ClassVar[str] = "erepo cloud account"
    _block_type_slug: ClassVar[str] = "erepo-cloud-account"
    _logo_url = LOGO
    _documentation_url = documentation("cloudaccount")

    account: str = Field(
        title="Account",
        description="The 16 digits of the account.",
        pattern=r"^\d{16}$",
        examples=["0000000000001003"],
    )
    certificates: str = Field(
        title="Certificates in use",
        description="Name of the TenantCertificates block that speaks for the account.",
    )
    service_url: str = Field(
        title="Service address",
        description="Root of the account's REST services.",
        examples=["https://repository.example/services/0000000000001003"],
    )
    registry_url: str = Field(title="Registry address", description="Where ITI-18 questions go.")
    repository_url: str = Field(
        title="Repository address", description="Where ITI-41 and ITI-43 messages go."
    )
    repository_unique_id: str = Field(title="Repository id", description="The repositoryUniqueId, an OID.")
    home_community_id: str = Field(
        "", title="Home community", description="The homeCommunityId, an OID, if any."
    )
    source_id: str = Field(title="Source id", description="The sourceId of our submission sets, an OID.")
    service_authority: str = Field(
        title="Service authority",
        description="PEM of the authority that the service's certificates chain to.",
    )
    service_signer: str = Field(
        title="Service signer", description="PEM of the certificate that signs the service's answers."
    )
    valid_until: str = Field(
        "", title="Valid until", description="Last day of the account, ISO 8601; empty: open."
    )
    limit_bytes: int = Field(
        0, ge=0, title="Limit of bytes", description="Bytes the account may hold; 0: unknown."
    )
    limit_documents: int = Field(
        0, ge=0, title="Limit of documents", description="Documents the account may hold; 0: unknown."
    )
    p1_repository_unique_id: str = Field(
        "",
        title="Repository id in P1",
        description="The repositoryUniqueId that P1 gave, an OID; empty: not registered there.",
    )
