"""What all parts of a mapping have in common: no other keys than theirs, and no value taken for another kind."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """One part of a mapping, with the keys it may have."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
