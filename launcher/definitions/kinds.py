"""Which definitions can be files, in the order in which one may name another."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

Body = dict[str, Any]


class Kind(NamedTuple):
    """One kind of definition at the gateway.

    `key`: the field that names one, None where there is one document only. `made_by`: "PUT" where a name is put, "POST" where it is made
    first. `addressed_by`: the field that stands in the path of one. `within`: the field of the answer that holds the document.
    `own`: the field that is true for those of this installation; the others come with the platform. `said`: what is said with each change.
    """

    name: str
    path: str
    key: str | None = "name"
    made_by: str = "PUT"
    addressed_by: str = "name"
    within: str | None = None
    own: str | None = None
    said: tuple[tuple[str, str], ...] = ()

    @property
    def referred(self) -> bool:
        """Whether others name it by an id that this installation gave it."""
        return self.addressed_by == "id" and self.made_by == "POST"

    def address(self, row: Body) -> str:
        """The path of one."""
        return self.path if self.key is None else f"{self.path}/{row[self.addressed_by]}"


KINDS: Final = (
    Kind("traits", "/api/v1/traits", own="defined"),
    Kind("purposes", "/api/v1/purposes", key="purpose", made_by="POST", addressed_by="purpose"),
    Kind("consent-modes", "/api/v1/consents/modes", key="type", addressed_by="type"),
    Kind("identity-rules", "/api/v1/identity-rules", key=None, said=(("reason", "applied from files"),)),
    Kind("calendars", "/api/v1/calendars", made_by="POST", addressed_by="id"),
    Kind("case-rules", "/api/v1/case-rules", key=None),
    Kind("canned-replies", "/api/v1/canned-replies"),
    Kind("pipelines", "/api/v1/pipelines", key="id", addressed_by="id"),
    Kind("forms", "/api/v1/forms", key="slug", addressed_by="slug"),
    Kind("surveys", "/api/v1/surveys", key="id", addressed_by="id"),
    Kind("content-blocks", "/api/v1/content-blocks"),
    Kind("templates", "/api/v1/templates", made_by="POST", addressed_by="id"),
    Kind("computed-traits", "/api/v1/computed-traits", made_by="POST", addressed_by="id"),
    Kind("segments", "/api/v1/segments", made_by="POST", addressed_by="id"),
    Kind("pressure", "/api/v1/pressure", key=None, within="policy"),
    Kind("programmes", "/api/v1/programmes", made_by="POST", addressed_by="id"),
    Kind("journeys", "/api/v1/journeys", made_by="POST", addressed_by="id"),
    Kind("roles", "/api/v1/roles", own="own"),
)
