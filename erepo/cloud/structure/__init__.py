"""The provider's structure as the service holds it: provider, units, cells with their resort codes."""
