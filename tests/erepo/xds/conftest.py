"""Fixtures of the XDS tests."""

import pytest
from lxml import etree

from tests.support.xds import SCHEMAS, load_schema


@pytest.fixture(scope="session")
def schema() -> etree.XMLSchema:
    """The schemas of ebXML and IHE; the test is skipped where they are missing."""
    if not SCHEMAS.is_dir():
        pytest.skip("the IHE schemas are not beside the checkout")
    return load_schema()
