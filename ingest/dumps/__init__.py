"""The large public dumps, read in one pass each, with memory for what is kept of them."""
