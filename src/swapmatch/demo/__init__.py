"""An invented community to try swapmatch on: hundreds of people in eight cities.

The people are written by `python -m swapmatch.demo.generate` from a hand-written vocabulary. None
of them exists, and every address belongs to a domain that is reserved for examples.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import cast


def community() -> Iterator[dict[str, object]]:
    """Yield the people of the demo community, as mappings of the fields of a profile.

    The order is always the same: "ana", "ben" and "chen" come first. `photo_url` is missing for
    most people; everything else is there, with an empty text where somebody only offers or only
    needs.
    """
    with (files(__name__) / "community.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield cast("dict[str, object]", json.loads(line))
