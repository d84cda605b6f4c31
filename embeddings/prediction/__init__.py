"""What audience a title can expect in each country, from what it is like and from what comparable titles had there.

`embeddings.prediction.build` learns a model from a catalogue; reading one needs nothing but NumPy and pandas.
"""

from embeddings.prediction.inputs import NAMES, PEOPLE, TitleInputs, bag, spelling
from embeddings.prediction.model import FOLDER, AudienceModel, fit_audience

__all__ = ["FOLDER", "NAMES", "PEOPLE", "AudienceModel", "TitleInputs", "bag", "fit_audience", "spelling"]
