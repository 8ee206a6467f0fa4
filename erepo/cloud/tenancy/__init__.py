"""Accounts, their certificates and limits, and the folder of the service itself."""
