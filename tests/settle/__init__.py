"""Settlement from closing a period to the package, the bank and the books."""
