"""What an index promises of the people it proposes: see `swapmatch.ports.VectorStore.candidates`."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest

from swapmatch.fusion import FUSIONS
from swapmatch.ports import Where
from swapmatch.scoring import Scoring
from swapmatch.testing.communities import Community, entry, make_community, topic_vectors
from swapmatch.testing.oracle import all_met, brute_force_match, cosines

if TYPE_CHECKING:
    from swapmatch.fusion import FusionName
    from swapmatch.ports import Candidates, Entry, Seeker, VectorStore
    from swapmatch.testing.oracle import OracleMatch

CLOSE = 1e-5
ANYONE = Where()


def fits(person: Entry, where: Where) -> bool:
    """Tell whether somebody may be returned."""
    return person.uid not in where.exclude and all(
        set(person.facets.get(name, ())) & set(values) for name, values in where.facets.items()
    )


class CandidatesContract:
    """The half of VectorStoreContract that is about `candidates`.

    Attributes:
        recall_floor: The share of the true best that must be among the items in a community of some
            dozens of people. An index that leaves people out on purpose may lower it; what its
            bound says is held to in any case.
    """

    recall_floor: ClassVar[float] = 1.0

    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize("limit", [1, 5, 20])
    def test_the_best_are_among_the_candidates(self, store: VectorStore, seed: int, limit: int) -> None:
        community = make_community(seed)
        store.put(community.entries, community.vectors)
        for person in community.entries[:10]:
            seeker = community.seeker_of(person)
            where = Where(exclude=frozenset({person.uid}))
            found = store.candidates(seeker, Scoring(), limit=limit, where=where)
            self.check(found, community, seeker, limit=limit, where=where)

    def test_the_best_of_a_whole_community_are_among_the_candidates(self, store: VectorStore) -> None:
        community = make_community(7)
        store.put(community.entries, community.vectors)
        seeker = community.seeker_of(community.entries[0])
        ranked = brute_force_match(community.entries, community.vectors, seeker)
        found = store.candidates(seeker, Scoring(), limit=1000, where=ANYONE)
        self.check(found, community, seeker, limit=len(ranked), where=ANYONE)

    def test_a_seeker_who_is_not_stored_meets_the_skills_nearest_to_theirs(self, store: VectorStore) -> None:
        community = make_community(8)
        known = set(community.vectors)
        strange = {f"new {n}": row for n, row in enumerate(topic_vectors(8, count=6, dimension=32))}
        both = Community(entries=community.entries, vectors={**community.vectors, **strange})
        store.put(community.entries, {key: both.vectors[key] for key in known})
        seeker = both.seeker(offers=("new 0", "new 5"), needs=("skill 7", "new 1"))
        found = store.candidates(seeker, Scoring(), limit=10, where=ANYONE)
        assert found.items
        self.check(found, both, seeker, limit=10, where=ANYONE)

    @pytest.mark.parametrize("fusion", sorted(FUSIONS))
    def test_every_fusion_finds_its_best(self, store: VectorStore, fusion: FusionName) -> None:
        self.check_scoring(store, Scoring(fusion=fusion))

    @pytest.mark.parametrize("breadth", [0.0, 1.0])
    def test_every_breadth_finds_its_best(self, store: VectorStore, breadth: float) -> None:
        self.check_scoring(store, Scoring(breadth=breadth))

    @pytest.mark.parametrize("floor", [0.01, 0.5, 0.9])
    def test_a_cosine_below_the_floor_counts_as_0(self, store: VectorStore, floor: float) -> None:
        self.check_scoring(store, Scoring(floor=floor))

    @pytest.mark.parametrize("neighbours", [1, 3])
    def test_a_skill_meets_only_its_nearest(self, store: VectorStore, neighbours: int) -> None:
        self.check_scoring(store, Scoring(neighbours=neighbours))

    def test_two_scorings_do_not_disturb_each_other(self, store: VectorStore) -> None:
        for scoring in (Scoring(), Scoring(floor=0.6), Scoring(neighbours=2), Scoring()):
            self.check_scoring(store, scoring)

    def test_skills_that_nobody_has_any_more_take_no_place_among_the_nearest(self, store: VectorStore) -> None:
        community = make_community(9)
        store.put(community.entries, community.vectors)
        gone, left = community.entries[10:40], (*community.entries[:10], *community.entries[40:])
        store.delete({person.uid: 1000 for person in gone[:20]})
        store.put(
            [entry(person.uid, rev=1000, offers=["skill 0"]) for person in gone[20:]],
            community.vectors,
        )
        changed = [entry(person.uid, rev=1000, offers=["skill 0"]) for person in gone[20:]]
        now = Community(entries=(*left, *changed), vectors=community.vectors)
        seeker = now.seeker_of(left[0])
        for scoring in (Scoring(), Scoring(neighbours=2)):
            found = store.candidates(seeker, scoring, limit=10, where=ANYONE)
            self.check(found, now, seeker, limit=10, where=ANYONE, scoring=scoring)

    @pytest.mark.parametrize(
        "where",
        [
            Where(facets={"city": ("Bonn",)}),
            Where(facets={"city": ("Bonn", "Köln", "Ulm")}),
            Where(facets={"city": ("Köln",), "language": ("es", "de")}),
            Where(facets={"city": ("Ulm",)}),
            Where(facets={"height": ("Bonn",)}),
            Where(facets={"city": ("bonn",)}),
            Where(exclude=frozenset(f"p{number:03d}" for number in range(0, 60, 2))),
            Where(facets={"language": ("en",)}, exclude=frozenset({"p001", "p003", "nobody"})),
        ],
    )
    def test_only_who_fits_is_a_candidate(self, store: VectorStore, where: Where) -> None:
        community = make_community(10)
        store.put(community.entries, community.vectors)
        for person in community.entries[:5]:
            seeker = community.seeker_of(person)
            found = store.candidates(seeker, Scoring(), limit=5, where=where)
            self.check(found, community, seeker, limit=5, where=where)

    def test_who_fits_is_found_behind_many_better_ones_who_do_not(self, store: VectorStore) -> None:
        community = make_community(11)
        better = [entry(f"b{n}", offers=["skill 0"], needs=["skill 1"]) for n in range(200)]
        (only,) = [
            entry("z", offers=["skill 2"], needs=["skill 3"], facets={"city": ("Bonn",)}),
        ]
        store.put([*better, only], community.vectors)
        seeker = community.seeker(offers=["skill 1"], needs=["skill 0"])
        where = Where(facets={"city": ("Bonn",)})
        found = store.candidates(seeker, Scoring(), limit=1, where=where)
        assert [candidate.uid for candidate in found.items] == ["z"]

    def test_of_many_equals_the_smallest_uids_are_candidates(self, store: VectorStore) -> None:
        community = make_community(12)
        uids = [f"p{number * 37 % 300:03d}" for number in range(300)]
        equals = tuple(entry(uid, offers=["skill 0"], needs=["skill 1"]) for uid in uids)
        store.put(equals, community.vectors)
        seeker = community.seeker(offers=["skill 1"], needs=["skill 0"])
        where = Where(exclude=frozenset({"p000"}))
        found = store.candidates(seeker, Scoring(), limit=10, where=where)
        now = Community(entries=equals, vectors=community.vectors)
        self.check(found, now, seeker, limit=10, where=where)

    @pytest.mark.parametrize(("offers", "needs"), [((), ("skill 0",)), (("skill 0",), ()), ((), ())])
    def test_a_seeker_without_skills_on_a_side_finds_nobody(
        self, store: VectorStore, offers: tuple[str, ...], needs: tuple[str, ...]
    ) -> None:
        community = make_community(13)
        store.put(community.entries, community.vectors)
        seeker = community.seeker(offers=offers, needs=needs)
        found = store.candidates(seeker, Scoring(), limit=10, where=ANYONE)
        assert found.items == ()
        assert found.bound >= 0

    def test_an_empty_index_has_no_candidates(self, store: VectorStore) -> None:
        community = make_community(14)
        seeker = community.seeker_of(community.entries[0])
        assert store.candidates(seeker, Scoring(), limit=10, where=ANYONE).items == ()

    def test_people_with_one_side_only_are_no_match(self, store: VectorStore) -> None:
        community = make_community(15)
        store.put(
            [
                entry("giver", offers=["skill 0"]),
                entry("taker", needs=["skill 1"]),
                entry("both", offers=["skill 0"], needs=["skill 1"]),
            ],
            community.vectors,
        )
        seeker = community.seeker(offers=["skill 1"], needs=["skill 0"])
        found = store.candidates(seeker, Scoring(), limit=10, where=ANYONE)
        shapes = {c.uid: (c.receives.shape, c.gives.shape) for c in found.items}
        assert shapes.pop("both") == ((1, 1), (1, 1))
        assert shapes.items() <= {"giver": ((1, 1), (0, 1)), "taker": ((1, 0), (1, 1))}.items()

    def check_scoring(self, store: VectorStore, scoring: Scoring) -> None:
        """Hold the candidates of a community against the brute force, by one scoring."""
        community = make_community(16)
        store.put(community.entries, community.vectors)
        for person in community.entries[:10]:
            seeker = community.seeker_of(person)
            found = store.candidates(seeker, scoring, limit=5, where=ANYONE)
            self.check(found, community, seeker, limit=5, where=ANYONE, scoring=scoring)

    def check(
        self,
        found: Candidates,
        community: Community,
        seeker: Seeker,
        *,
        limit: int,
        where: Where,
        scoring: Scoring | None = None,
    ) -> None:
        """Hold candidates against the brute force: who is there, with which cosines, and what the bound says."""
        scoring = scoring or Scoring()
        by_uid = {person.uid: person for person in community.entries}
        uids = [candidate.uid for candidate in found.items]
        assert len(set(uids)) == len(uids), "somebody is there twice"
        met = all_met(community.entries, community.vectors, seeker, scoring)
        for candidate in found.items:
            person = by_uid[candidate.uid]
            assert fits(person, where)
            assert candidate.rev == person.rev
            for ours, theirs in zip((candidate.receives, candidate.gives), cosines(person, met), strict=True):
                assert ours.shape == theirs.shape
                np.testing.assert_allclose(ours, theirs, atol=CLOSE)
        others = [person.uid for person in community.entries if not fits(person, where)]
        ranked = brute_force_match(community.entries, community.vectors, seeker, scoring=scoring, exclude=others)
        self.check_bound(found, ranked, limit=limit)

    def check_bound(self, found: Candidates, ranked: list[OracleMatch], *, limit: int) -> None:
        """Check that nobody left out beats the bound, and that enough of the best are there."""
        uids = {candidate.uid for candidate in found.items}
        for match in ranked:
            assert match.uid in uids or match.score <= found.bound + CLOSE, "the bound is too low"
        best = ranked[:limit]
        there = sum(match.uid in uids for match in best)
        assert there >= self.recall_floor * len(best)
