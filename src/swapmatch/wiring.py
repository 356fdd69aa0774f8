"""Settings -> a matcher that is ready to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swapmatch import registry
from swapmatch.matcher import Matcher
from swapmatch.scoring import Scoring

if TYPE_CHECKING:
    from swapmatch.settings import Settings


QDRANT = "qdrant:"


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
        vectors=f"{QDRANT}{settings.qdrant_url or ''}" if settings.vectors == QDRANT else settings.vectors,
        vectors_options=_options(settings),
        scoring=Scoring(relevance=encoder.relevance, fusion=settings.fusion, breadth=settings.breadth),
        expose_email=settings.expose_email,
    )


def _options(settings: Settings) -> dict[str, object]:
    """Return what belongs to the index but not into its name."""
    if not settings.vectors.startswith(QDRANT) or settings.qdrant_api_key is None:
        return {}
    return {"api_key": settings.qdrant_api_key.get_secret_value()}
