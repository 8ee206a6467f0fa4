"""One file per change of the clinic's database."""
