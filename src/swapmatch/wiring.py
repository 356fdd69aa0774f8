"""Settings -> a matcher that is ready to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swapmatch import registry
from swapmatch.matcher import Matcher
from swapmatch.scoring import Scoring

if TYPE_CHECKING:
    from swapmatch.settings import Settings


def build_matcher(settings: Settings) -> Matcher:
    """Return the matcher that the settings describe; it closes what was opened here, also as a `with` block.

    Raises:
        ConfigurationError: A name is unknown, a package is missing, or the database was filled with another encoder.
        StoreError: A store cannot be opened.
    """
    encoder = registry.open_encoder(settings.encoder)
    return Matcher.open(
        settings.db,
        encoder=encoder,
        vectors=settings.vectors,
        scoring=Scoring(relevance=encoder.relevance, fusion=settings.fusion, breadth=settings.breadth),
        expose_email=settings.expose_email,
    )
