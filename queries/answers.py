"""What answers each sort of question, made when the first of that sort is asked.

Analysts ask for comparables a hundred times before they ask for a forecast. What only a few questions need (drafts,
forecasts, predictions, maps, …) is imported then, so that the first answer does not wait for the code of all others.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from embeddings.release import Release
from queries.countries import Countries
from queries.entities import Entities
from queries.evidence import Evidence
from queries.facts import Facts
from queries.filters import Filters
from queries.franchise import Franchises
from queries.similar import Similar
from queries.vectors import Vectors

if TYPE_CHECKING:
    from queries.audience import Audience
    from queries.blend import Blend
    from queries.drafts import Drafts
    from queries.explanation import Explainer
    from queries.forecast import Forecasts
    from queries.languages import Languages
    from queries.leaning import Leaner
    from queries.maps import Maps
    from queries.predictions import Predictions
    from queries.recommend import Recommender
    from queries.related import Related
    from queries.taste import Taste
    from queries.trends import Trends
    from queries.what_if import WhatIf


class Answers:
    """What a release is read by, and what answers questions about it; all share what was read."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.entities = Entities(release)
        self.facts = Facts(release)
        self.vectors = Vectors(release)
        self.countries = Countries(self.entities)
        self.filters = Filters(release, self.entities, self.facts, self.countries)
        self.evidence = Evidence(self.entities, self.facts, self.vectors)

    @cached_property
    def similar(self) -> Similar:
        franchises = Franchises(self.release, self.facts)
        return Similar(self.entities, self.facts, self.vectors, self.filters, self.evidence, franchises)

    @cached_property
    def explainer(self) -> Explainer:
        from queries.explanation import Explainer

        return Explainer(self.entities, self.facts, self.vectors, self.evidence, self.taste)

    @cached_property
    def blend(self) -> Blend:
        from queries.blend import Blend

        return Blend(self.entities, self.vectors, self.filters, self.evidence)

    @cached_property
    def leaner(self) -> Leaner:
        from queries.leaning import Leaner

        return Leaner(self.facts, self.vectors, self.evidence)

    @cached_property
    def recommender(self) -> Recommender:
        from queries.recommend import Recommender

        return Recommender(self.release, self.entities, self.vectors, self.filters)

    @cached_property
    def related(self) -> Related:
        from queries.related import Related

        return Related(self.entities, self.facts, self.vectors, self.evidence)

    @cached_property
    def predictions(self) -> Predictions:
        from queries.predictions import Predictions

        return Predictions(self.release, self.entities, self.facts, self.vectors)

    @cached_property
    def drafts(self) -> Drafts:
        from queries.drafts import Drafts

        return Drafts(self.release, self.entities, self.facts, self.countries)

    @cached_property
    def audience(self) -> Audience:
        from queries.audience import Audience

        return Audience(self.release, self.entities, self.vectors, self.countries)

    @cached_property
    def forecasts(self) -> Forecasts:
        from queries.forecast import Forecasts

        return Forecasts(self.release, self.entities, self.facts, self.countries)

    @cached_property
    def what_if(self) -> WhatIf:
        from queries.what_if import WhatIf

        return WhatIf(self.entities, self.vectors, self.drafts, self.forecasts)

    @cached_property
    def languages(self) -> Languages:
        from queries.languages import Languages

        return Languages(self.release, self.entities, self.facts, self.forecasts, self.audience)

    @cached_property
    def taste(self) -> Taste:
        from queries.taste import Taste

        return Taste(self.release, self.entities, self.countries)

    @cached_property
    def trends(self) -> Trends:
        from queries.trends import Trends

        return Trends(self.release, self.entities, self.facts, self.filters, self.countries)

    @cached_property
    def maps(self) -> Maps:
        from queries.maps import Maps

        return Maps(self.release, self.entities, self.facts, self.vectors)
