"""Keys in Prefect's blocks move to another passphrase, through the API of a real server."""

import base64
from uuid import UUID

import pytest
from prefect import get_client
from prefect.settings import PREFECT_API_URL

from blocks import CloudAccount, TenantCertificates
from blocks.errors import BundleUnreadable
from blocks.loading import load
from erepo.cli.keeping import reseal_blocks
from erepo.cli.vault import Vault
from erepo.clinic.resealing import reseal_pkcs12
from erepo.passphrase import Passphrase
from erepo.pki.errors import WrongPassphrase
from tests.support.flow_clinic import PREFECT, ClinicUnderTest

pytestmark = PREFECT


async def forget_others(vault: Vault, passphrase: Passphrase) -> None:
    """Remove what clinics of other tests, which are over, have left in the same server under theirs."""
    async with get_client() as client:
        for block in (
            one
            for slug in ("erepo-tenant-certificates", "erepo-p1-certificates")
            for one in vault.blocks(slug)
        ):
            bundles = [value for name, value in block.data.items() if name.endswith("_pkcs12")]
            try:
                for each in bundles:
                    reseal_pkcs12(base64.b64decode(each), passphrase, "somebody")
            except WrongPassphrase:
                await client.delete_block_document(UUID(block.id))


async def test_blocks_move_to_another_passphrase(connected: ClinicUnderTest) -> None:
    """The same keys; the old passphrase opens nothing any more; a second time there is nothing to do."""
    old, new = connected.settings.passphrase.alone, b"another passphrase"
    account = await load(CloudAccount, "clinic")
    before = await load(TenantCertificates, account.certificates)
    root = str(PREFECT_API_URL.value()).removesuffix("/api")
    with Vault(root) as vault:
        await forget_others(vault, Passphrase(new, [old]))
        assert reseal_blocks(vault, Passphrase(new, [old])) >= 1
        assert reseal_blocks(vault, Passphrase(new, [old])) == 0
        after = await load(TenantCertificates, account.certificates)
        assert after.tls(new).fingerprint == before.tls(old).fingerprint
        assert after.wss(new).key.private_numbers() == before.wss(old).key.private_numbers()
        assert (after.account, after.valid_until) == (before.account, before.valid_until)
        with pytest.raises(BundleUnreadable):
            after.tls(old)
        # While both are accepted, flows go on with either kind of block.
        assert after.tls(Passphrase(b"a third one", [old, new])).fingerprint == before.tls(old).fingerprint
        assert reseal_blocks(vault, Passphrase(old, [new])) >= 1
    assert base64.b64decode(after.tls_pkcs12.get_secret_value())
