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
        title="Konto / Account",
        description="16 cyfr identyfikatora konta. / The 16 digits of the account.",
        pattern=r"^\d{16}$",
        examples=["0000000000001003"],
    )
    certificates: str = Field(
        title="Używane certyfikaty / Certificates in use",
        description="Nazwa bloku TenantCertificates, który reprezentuje konto. / "
        "Name of the TenantCertificates block that speaks for the account.",
    )
    service_url: str = Field(
        title="Adres usługi / Service address",
        description="Główny adres usług REST konta. / Root of the account's REST services.",
        examples=["https://repository.example/services/0000000000001003"],
    )
    registry_url: str = Field(
        title="Adres rejestru / Registry address",
        description="Dokąd trafiają zapytania ITI-18. / Where ITI-18 questions go.",
    )
    repository_url: str = Field(
        title="Adres repozytorium / Repository address",
        description="Dokąd trafiają komunikaty ITI-41 i ITI-43. / Where ITI-41 and ITI-43 messages go.",
    )
    repository_unique_id: str = Field(
        title="Identyfikator repozytorium / Repository id",
        description="repositoryUniqueId (OID). / The repositoryUniqueId, an OID.",
    )
    home_community_id: str = Field(
        "",
        title="Domena (home community) / Home community",
        description="homeCommunityId (OID), jeśli jest. / The homeCommunityId, an OID, if any.",
    )
    source_id: str = Field(
        title="Identyfikator źródła / Source id",
        description="sourceId naszych przesyłek (OID). / The sourceId of our submission sets, an OID.",
    )
    service_authority: str = Field(
        title="Urząd certyfikacji usługi / Service authority",
        description="PEM urzędu, który wystawia certyfikaty usługi. / "
        "PEM of the authority that the service's certificates chain to.",
    )
    service_signer: str = Field(
        title="Certyfikat podpisu usługi / Service signer",
        description="PEM certyfikatu, którym usługa podpisuje odpowiedzi. / "
        "PEM of the certificate that signs the service's answers.",
    )
    valid_until: str = Field(
        "",
        title="Ważne do / Valid until",
        description="Ostatni dzień konta, ISO 8601; puste: bezterminowo. / "
        "Last day of the account, ISO 8601; empty: open.",
    )
    limit_bytes: int = Field(
        0,
        ge=0,
        title="Limit bajtów / Limit of bytes",
        description="Ile bajtów może pomieścić konto; 0: nieznane. / Bytes the account may hold; 0: unknown.",
    )
    limit_documents: int = Field(
        0,
        ge=0,
        title="Limit dokumentów / Limit of documents",
        description="Ile dokumentów może pomieścić konto; 0: nieznane. / "
        "Documents the account may hold; 0: unknown.",
    )
    p1_repository_unique_id: str = Field(
        "",
        title="Identyfikator repozytorium w P1 / Repository id in P1",
        description="repositoryUniqueId nadany przez P1 (OID); puste: niezarejestrowane. / "
        "The repositoryUniqueId that P1 gave, an OID; empty: not registered there.",
    )
