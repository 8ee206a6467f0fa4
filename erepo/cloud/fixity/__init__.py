"""Proving that everything stored is still what came in, and repairing what is not from the second copy."""
