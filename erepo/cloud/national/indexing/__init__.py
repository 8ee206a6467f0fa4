"""Indexing in P1: the service tells the national registry which documents of an account it keeps.

The registry itself keeps no octets (polish-domain §4.1). `working` does one document's index in steps, each
of which may be cut off; `ledger` is the row that says how far it got; `port` is what is needed of P1, `p1`
how it is really asked; `codes` and `rules` are tables with their sources, because sources disagree.
"""
