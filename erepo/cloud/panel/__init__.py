"""Who may enter an account's panel: administrators, their passwords, failed attempts, sessions.

Only what is kept and decided; the pages are `erepo.cloud.web.panel`. Every change is one transaction with its
event in the account's chain, whose lock makes all processes take turns: a failed attempt is counted once, and
none is overlooked.
"""
