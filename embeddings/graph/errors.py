"""Errors of the graph embeddings.

EmbeddingError
└── GraphEmbeddingError
    ├── SettingsError        a setting that makes no sense
    ├── TriplesError         triples that contradict themselves or their counts
    ├── ModelMismatchError   a model, checkpoint or graph that do not belong together
    ├── CorruptModelError    files that are missing, damaged or of an unknown format
    ├── DivergedError        the loss of a training became infinite or undefined
    └── CalibrationError     too little evidence for a probability
"""

from embeddings.errors import EmbeddingError


class GraphEmbeddingError(EmbeddingError):
    """The root of the errors of `embeddings.graph`."""


class SettingsError(GraphEmbeddingError, ValueError):
    """A setting is out of its range or names something unknown; the message names setting, value and range."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name, self.value, self.expected = name, value, expected
        super().__init__(f"{name} is {value!r}, but must be {expected}")


class TriplesError(GraphEmbeddingError, ValueError):
    """Triples of unequal lengths, of the wrong dtype, or with numbers outside their counts."""


class ModelMismatchError(GraphEmbeddingError):
    """A model, a checkpoint and a graph do not belong together (fewer rows, other dimension, other settings)."""


class CorruptModelError(GraphEmbeddingError):
    """A saved model or checkpoint is missing a file, is damaged, or has an unknown format number."""


class DivergedError(GraphEmbeddingError):
    """The loss became infinite or undefined: lower the learning rate, or look for NaN in the model started from."""

    def __init__(self, epoch: int, learning_rate: float) -> None:
        self.epoch, self.learning_rate = epoch, learning_rate
        super().__init__(f"training diverged in epoch {epoch}; lower the learning rate, which is {learning_rate}")


class CalibrationError(GraphEmbeddingError):
    """There is too little held-out evidence to turn scores into probabilities."""
