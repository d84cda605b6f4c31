"""Countries by code or name."""

from __future__ import annotations

from queries.entities import Entities
from queries.errors import UnknownCountry


class Countries:
    """Understands "ES", "es", "country:ES" and "Spain"."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities

    def code(self, name: object) -> str:
        """The code of a country, such as "ES". Raises :class:`UnknownCountry`.

        A code of two letters is taken as it is: a title may be made, and an audience be known, where no fact leads.
        """
        if not isinstance(name, str) or not name.strip():
            raise UnknownCountry(name, hint="Give a code such as 'ES', or a name.")
        local = name.strip().removeprefix("country:")
        if len(local) == 2 and local.isascii() and local.isalpha():
            return local.upper()
        found = self._called(name)
        if not found:
            hits = self._entities.other_names.search(name, 20)
            near = [label for i, _, label in hits if self._id(i).startswith("country:")][:3]
            raise UnknownCountry(name, near, "Give a code such as 'ES', or a name.")
        return self._id(found[0]).removeprefix("country:")

    def entities(self, code: str) -> list[int]:
        """Positions of the entity of a code, as a list of one or none."""
        return self._called(f"country:{code}")

    def _called(self, name: str) -> list[int]:
        return [i for i in self._entities.other_names.all_called(name) if self._id(i).startswith("country:")]

    def _id(self, position: int) -> str:
        return self._entities.ids([position])[0]
