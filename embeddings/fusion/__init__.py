"""One vector a title from whatever is known of it. NumPy alone; :mod:`embeddings.fusion.learning` learns it."""

from embeddings.fusion.concatenation import centred, fill, fuse, principal, ridge
from embeddings.fusion.model import Fusion

__all__ = ["Fusion", "centred", "fill", "fuse", "principal", "ridge"]
