"""Secrets of accounts at rest: sealed row by row, under one master key that can be changed.

Each secret is encrypted with a data key of its own (AES-256-GCM), the data key with the master key; both say
whose secret it is and what for, so that no row can be put in another's place. The master key lies outside of
the database: in a setting, or in a file of the service's home.
"""
