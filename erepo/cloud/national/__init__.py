"""Registering an account's repository in the national domain (P1), with the provider's certificates."""
