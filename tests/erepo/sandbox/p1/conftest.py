"""One sandbox and one provider for all tests of the sandbox: those of its client."""

from tests.erepo.p1.conftest import _nothing_wrong, other, p1, provider  # noqa: F401 — fixtures
