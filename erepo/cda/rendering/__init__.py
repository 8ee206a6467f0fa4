"""Documents as pages: a stylesheet applied in a locked process, its output sanitised, under a strict policy.

`service.render` is the way in. Nothing is imported here: the locked process starts with this package, and
should be quick about it.
"""
