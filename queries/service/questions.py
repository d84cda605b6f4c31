"""What may be asked, and how much of it at once: parameters and bodies of the endpoints."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from queries.nodes import Drafted
from queries.space import TitleSpace

_NAME, _TEXT, _MANY, _DEPTH = 400, 20_000, 100, 8


def example(value: Any) -> dict[str, Any]:
    """One example of a parameter, as OpenAPI has them."""
    return {"example": {"value": value}}


# -- parameters

Which = Annotated[str | None, Query(max_length=100, description="Which of the served catalogues; default: the first.")]
Name = Annotated[
    str,
    Query(
        min_length=1,
        max_length=_NAME,
        description="An identifier, a label, or a label with its year: Arrival (2016).",
        openapi_examples=example("Arrival"),
    ),
]
Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=_NAME)]],
    Query(min_length=1, max_length=_MANY, description="Titles by name; give the parameter several times."),
]
OptionalName = Annotated[str | None, Query(min_length=1, max_length=_NAME)]
K = Annotated[int, Query(ge=1, le=1_000, description="At most so many.")]
View = Annotated[str, Query(max_length=40, description="fused, theme, graph or audience.")]
Countries = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=_NAME)]],
    Query(max_length=_MANY, description="Codes or names; default: all."),
]

# -- bodies

ShortText = Annotated[str, Field(min_length=1, max_length=_NAME)]
_Said = ShortText | tuple[ShortText, ShortText]
_ViewName = Annotated[str, Field(max_length=40)]
ViewChoice = (
    _ViewName
    | Annotated[list[_ViewName], Field(min_length=1, max_length=10)]
    | Annotated[dict[_ViewName, Annotated[float, Field(gt=0, le=1_000)]], Field(min_length=1, max_length=10)]
)
Wishes = (
    ShortText
    | Annotated[list[ShortText], Field(max_length=20)]
    | Annotated[dict[ShortText, ShortText], Field(max_length=20)]
)


def _bounded(where: dict[str, Any]) -> dict[str, Any]:
    """Conditions that are not nested deeply and list not too much: else answering would take the stack, or for ever."""
    level: list[Any] = [where]
    for _ in range(_DEPTH):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict | list):
                if len(each) > _MANY:
                    raise ValueError(f"a condition lists {len(each):,} values; there may be {_MANY}")
                inner += each.values() if isinstance(each, dict) else each
        if not inner:
            return where
        level = inner
    raise ValueError(f"conditions are nested more than {_DEPTH} deep")


Where = Annotated[
    dict[str, Any],
    AfterValidator(_bounded),
    Field(
        max_length=20,
        description="Conditions: kind, year (one, or [first, last] with null for open), country, language, genre, "
        "launched, any relation by name, and not (conditions that may not be met).",
    ),
]


class Body(BaseModel):
    """A JSON object; a member that nobody knows is an error."""

    model_config = ConfigDict(extra="forbid")


def examples(*values: dict[str, Any]) -> ConfigDict:
    """The configuration of a body with examples."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(values)})


class Draft(Body):
    """A title that has not launched: whatever of this is known. It is not stored."""

    label: Annotated[str | None, Field(max_length=_NAME)] = None
    summary: Annotated[str | None, Field(max_length=_TEXT, description="English; its beginning is read.")] = None
    tags: Annotated[list[_Said], Field(max_length=_MANY, description="Names, or pairs of a relation and a name.")] = []
    kind: Literal["film", "series"] | None = None
    launch: date | None = None
    countries: Annotated[list[ShortText], Field(max_length=_MANY, description="Of production: codes or names.")] = []
    languages: Annotated[list[ShortText], Field(max_length=_MANY)] = []
    runtime: Annotated[float | None, Field(gt=0, le=10_000, description="Minutes.")] = None
    people: Annotated[
        list[_Said], Field(max_length=_MANY, description="Names, or pairs of a relation and a name.")
    ] = []
    facts: Annotated[
        list[tuple[ShortText, ShortText]],
        Field(max_length=_MANY, description="Pairs of a relation and what it leads to."),
    ] = []

    model_config = examples(
        {
            "summary": "A linguist must learn to speak with visitors who see all of time at once.",
            "tags": ["time travel"],
            "kind": "film",
        }
    )

    def of(self, space: TitleSpace) -> Drafted:
        """The draft in a space. Raises as :meth:`TitleSpace.draft` does."""
        given = {name: value for name, value in self.model_dump().items() if value not in (None, [])}
        return space.draft(**given)


def _sort(given: Any) -> str:
    return "name" if isinstance(given, str) else "several" if isinstance(given, list) else "draft"


_Named = Annotated[ShortText, Tag("name")]
_Described = Annotated[Draft, Tag("draft")]
#: A title by name, or a draft: a string or an object.
Subject = Annotated[_Named | _Described, Discriminator(lambda given: "name" if isinstance(given, str) else "draft")]
Subjects = Annotated[list[Subject], Field(min_length=1, max_length=_MANY)]
#: One of them, or a list.
OneOrMore = Annotated[_Named | _Described | Annotated[Subjects, Tag("several")], Discriminator(_sort)]


def subject(space: TitleSpace, given: str | Draft) -> str | Drafted:
    """What a space takes in the place of a title."""
    return given if isinstance(given, str) else given.of(space)


def subjects(space: TitleSpace, given: list[str | Draft]) -> list[str | Drafted]:
    """The same of several."""
    return [subject(space, each) for each in given]


def one_or_more(space: TitleSpace, given: str | Draft | list[str | Draft]) -> str | Drafted | list[str | Drafted]:
    """The same of one, or of several."""
    return subjects(space, given) if isinstance(given, list) else subject(space, given)


Listed = Annotated[list[ShortText], Field(max_length=_MANY, description="Codes or names; default: all.")]
Count = Annotated[int, Field(ge=1, le=1_000, description="At most so many.")]
Day = Annotated[date | None, Field(description="Answer as of this day.")]
