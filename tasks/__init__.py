"""Retriable units of work: thin wrappers, each of which calls one service of erepo."""
