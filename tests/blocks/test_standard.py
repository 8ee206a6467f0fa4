"""Prefect's own standard for blocks, run on each of ours."""

from io import BytesIO
from pathlib import Path

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites import BlockStandardTestSuite
from prefect.testing.standard_test_suites import blocks as suite
from pydantic import SecretStr

import blocks


@pytest.fixture(autouse=True)
def published_logo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve the picture from the checkout it is published from: tests reach no foreign network."""

    def read(address: str) -> BytesIO:
        prefix = "https://raw.githubusercontent.com/erepo/erepo/main/"
        assert address.startswith(prefix)
        return BytesIO((Path(blocks.__file__).parents[1] / address.removeprefix(prefix)).read_bytes())

    monkeypatch.setattr(suite, "urlopen", read)


@pytest.mark.parametrize("block", blocks.ALL, ids=lambda kind: kind.__name__)
class TestStandard(BlockStandardTestSuite):
    """Description, documentation, described fields, a valid example, a picture."""

    @pytest.fixture
    def block(self, request: pytest.FixtureRequest) -> type[Block]:
        """Give one block type (replaced by the parameter)."""
        kind: type[Block] = request.param
        return kind


@pytest.mark.parametrize("kind", blocks.ALL, ids=lambda kind: kind.__name__)
def test_every_field_has_a_title(kind: type[Block]) -> None:
    """A form shows words people use, in Polish and English, not names of variables."""
    words = {name: (field.title or "", field.description or "") for name, field in kind.model_fields.items()}
    assert [name for name, texts in words.items() if not all(" / " in text for text in texts)] == []


@pytest.mark.parametrize("kind", blocks.ALL, ids=lambda kind: kind.__name__)
def test_what_sounds_secret_is_secret(kind: type[Block]) -> None:
    """Keys, passwords and addresses that may hold a password are masked fields."""
    telling = ("pkcs12", "password", "url")
    suspects = {n for n in kind.model_fields if n.endswith(telling) and kind.__name__ != "CloudAccount"}
    assert {n for n in suspects if kind.model_fields[n].annotation is not SecretStr} == set()


def test_no_block_holds_a_passphrase() -> None:
    """The passphrase of the keys never lies beside the keys."""
    assert [n for kind in blocks.ALL for n in kind.model_fields if "passphrase" in n] == []


def test_the_type_names_are_unique() -> None:
    """Slugs are Prefect's primary keys: none is used twice, all are ours."""
    slugs = [kind.get_block_type_slug() for kind in blocks.ALL]
    assert len(set(slugs)) == len(slugs)
    assert all(slug.startswith("erepo-") for slug in slugs)
