"""Proof for adapters of your own: the contract suites that swapmatch's own adapters pass.

Each suite is a class of tests. Subclass it in a test file, give it the fixture that it asks for,
and pytest runs every promise of the port against your adapter:

    import pytest
    from swapmatch.testing import ProfileStoreContract

    class TestMyProfileStore(ProfileStoreContract):
        @pytest.fixture
        def store(self):
            store = MyProfileStore(...)  # empty
            yield store
            store.close()

    ProfileStoreContract    a store of people
    SkillVectorsContract    a store of people that keeps the vectors of skills, too
    CountedContract         a store of people that can tell how much it holds, too
    SequencedContract       such a store that can tell whether anything happened between two writes
    EncoderContract         an encoder
    VectorStoreContract     an index of people's skills
    ResumableContract       such an index that outlives its process

Beside them: `brute_force_match`, the matching formula written down once more in plain loops, to
compare any index with, and hypothesis strategies for texts, profiles, vectors and whole communities
in `swapmatch.testing.strategies`.

The suites need pytest and the strategies hypothesis: `pip install pytest hypothesis`.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from swapmatch.errors import MissingExtraError

if TYPE_CHECKING:
    from swapmatch.testing.counted_suite import CountedContract
    from swapmatch.testing.encoder_suite import EncoderContract
    from swapmatch.testing.oracle import OracleMatch, brute_force_match
    from swapmatch.testing.profile_store_suite import ProfileStoreContract
    from swapmatch.testing.resumable_suite import ResumableContract
    from swapmatch.testing.sequenced_suite import SequencedContract
    from swapmatch.testing.skill_vectors_suite import SkillVectorsContract
    from swapmatch.testing.vector_store_suite import VectorStoreContract

_HOME_OF = {
    "CountedContract": "counted_suite",
    "EncoderContract": "encoder_suite",
    "OracleMatch": "oracle",
    "ProfileStoreContract": "profile_store_suite",
    "ResumableContract": "resumable_suite",
    "SequencedContract": "sequenced_suite",
    "SkillVectorsContract": "skill_vectors_suite",
    "VectorStoreContract": "vector_store_suite",
    "brute_force_match": "oracle",
}

_SUITES = sorted({*_HOME_OF.values(), "candidates_suite", "change_feed_suite", "people"})

__all__ = [
    "CountedContract",
    "EncoderContract",
    "OracleMatch",
    "ProfileStoreContract",
    "ResumableContract",
    "SequencedContract",
    "SkillVectorsContract",
    "VectorStoreContract",
    "brute_force_match",
]

# So that a failing promise shows its values, as in a test file; pytest rewrites only modules that
# it was told of.
if pytest := sys.modules.get("pytest"):
    pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))


def __getattr__(name: str) -> object:
    """Load a suite on first use."""
    if name not in _HOME_OF:
        message = f"module 'swapmatch.testing' has no attribute {name!r}"
        raise AttributeError(message)
    try:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in {"pytest", "hypothesis"}:
            raise
        message = f"swapmatch.testing needs the package {error.name!r}: pip install pytest hypothesis"
        raise MissingExtraError(message, name=error.name) from error
