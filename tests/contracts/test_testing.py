"""What ships for proving one's own adapters works itself."""

import subprocess
import sys
from math import exp
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import swapmatch.testing
from swapmatch import skills
from swapmatch.models import Profile
from swapmatch.ports import Where
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.scoring import Scoring
from swapmatch.testing import brute_force_match
from swapmatch.testing.communities import Community, entry, make_community
from swapmatch.testing.strategies import communities, profiles, skill_texts, unit_vectors
from swapmatch.vector_stores.exact import ExactVectorStore

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a slow machine, too


def relevance(cosine):
    return 1 / (1 + exp(-(cosine - 0.70) / 0.08))


def flat(degrees):
    angle = np.radians(degrees)
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


class TestOracle:
    vectors: ClassVar = {"guitar": flat(0), "ukulele": flat(30), "python": flat(90), "java": flat(110)}

    def match(self, people, *, offers, needs, **options):
        community = Community(entries=tuple(people), vectors=self.vectors)
        return brute_force_match(people, self.vectors, community.seeker(offers=offers, needs=needs), **options)

    def test_a_match_worked_out_by_hand(self):
        people = [entry("ana", offers=["guitar", "java"], needs=["python", "guitar"]), entry("bo", offers=["guitar"])]
        (match,) = self.match(people, offers=["python"], needs=["ukulele", "python"])
        met = relevance(np.cos(np.radians(30))), relevance(np.cos(np.radians(20)))
        receives = 0.5 * sum(met) / 2 + 0.5 * max(met)
        gives = 0.5 * (relevance(1.0) + 0.0) / 2 + 0.5 * relevance(1.0)
        assert match.uid == "ana"
        assert match.receives == pytest.approx(receives, abs=1e-6)
        assert match.gives == pytest.approx(gives, abs=1e-6)
        assert match.score == pytest.approx(2 * receives * gives / (receives + gives), abs=1e-6)
        assert match.coverages == pytest.approx(sum(met) / 2 + relevance(1.0) / 2, abs=1e-6)

    def test_the_nearest_skills_are_counted_among_everybodys(self):
        people = [entry("ana", offers=["ukulele"], needs=["python"]), entry("bo", offers=["guitar"], needs=["java"])]
        scoring = Scoring(neighbours=1)
        assert [m.uid for m in self.match(people, offers=["python"], needs=["ukulele"], scoring=scoring)] == ["ana"]
        assert [m.uid for m in self.match(people, offers=["python"], needs=["ukulele"])] == ["ana", "bo"]

    def test_equals_come_by_uid_and_the_excluded_not_at_all(self):
        people = [entry(uid, offers=["guitar"], needs=["java"]) for uid in "cabd"]
        matches = self.match(people, offers=["java"], needs=["guitar"], exclude=["a"])
        assert [match.uid for match in matches] == ["b", "c", "d"]


class TestStrategies:
    @calm
    @given(profiles())
    def test_profiles_are_valid_and_survive_a_store(self, profile):
        assert Profile.model_validate_json(profile.model_dump_json()) == profile
        (stored,) = MemoryProfileStore().put([profile])
        assert stored.profile.same_as(profile)

    @calm
    @given(skill_texts(min_skills=1))
    def test_skill_texts_name_skills(self, text):
        assert 1 <= len(skills.split(text)) <= skills.MAX_SKILLS

    @calm
    @given(unit_vectors(count=7, dimension=5))
    def test_unit_vectors_are_of_length_1(self, vectors):
        assert vectors.shape == (7, 5)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)

    @calm
    @given(communities())
    def test_the_exact_index_agrees_with_the_oracle_on_any_community(self, community):
        store = ExactVectorStore()
        store.put(community.entries, community.vectors)
        for person in community.entries[:3]:
            seeker = community.seeker_of(person)
            found = store.candidates(seeker, Scoring(), limit=5, where=Where())
            matches = brute_force_match(community.entries, community.vectors, seeker)[:5]
            uids = {candidate.uid for candidate in found.items}
            assert all(match.uid in uids or match.score <= found.bound + 1e-5 for match in matches)


def test_a_community_is_the_same_for_the_same_seed():
    one, other = make_community(3), make_community(3)
    assert one.entries == other.entries
    assert all(np.array_equal(one.vectors[key], other.vectors[key]) for key in one.vectors)
    assert one.entries != make_community(4).entries


def test_every_public_name_can_be_loaded():
    assert sorted(swapmatch.testing.__all__) == swapmatch.testing.__all__
    assert all(getattr(swapmatch.testing, name) for name in swapmatch.testing.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = swapmatch.testing.nothing


@pytest.mark.parametrize("name", ["ProfileStoreContract", "EncoderContract", "VectorStoreContract"])
def test_without_pytest_a_suite_says_what_to_install(name):
    code = f"""
import sys
sys.modules["pytest"] = None
import swapmatch.testing
try:
    swapmatch.testing.{name}
except ImportError as error:
    print(type(error).__name__, error)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("MissingExtraError")
    assert told.stdout.endswith("pip install pytest hypothesis\n")
