"""What an index of people's skills promises, as tests: see `swapmatch.ports.VectorStore`."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from swapmatch.errors import StoreError
from swapmatch.ports import Where
from swapmatch.scoring import Scoring
from swapmatch.testing.candidates_suite import ANYONE, CLOSE, CandidatesContract, fits
from swapmatch.testing.communities import entry, make_community
from swapmatch.testing.oracle import search_scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from swapmatch.models import Side
    from swapmatch.ports import Entry, Hit, Vector, VectorStore
    from swapmatch.testing.communities import Community

COMMUNITY = make_community(1)
VECTORS = COMMUNITY.vectors
MANY = 1000


class VectorStoreContract(CandidatesContract):
    """Every promise of VectorStore.

    Give a fixture `store`, a new and empty index for vectors of 32 numbers that the fixture closes.
    """

    # put, delete, __len__

    def test_an_empty_index_finds_nobody(self, store: VectorStore) -> None:
        assert len(store) == 0
        assert offering(store, "skill 0") == {}

    def test_a_write_is_visible_to_the_next_call(self, store: VectorStore) -> None:
        for number in range(20):
            store.put([entry(f"p{number}", offers=["skill 0"])], VECTORS)
            assert len(offering(store, "skill 0")) == len(store) == number + 1

    def test_a_later_entry_stands_in_place_of_the_earlier_one(self, store: VectorStore) -> None:
        store.put([entry("ana", rev=1, offers=["skill 0"], facets={"city": ("Bonn",)})], VECTORS)
        store.put([entry("ana", rev=2, offers=["skill 20"], facets={"city": ("Köln",)})], VECTORS)
        assert len(store) == 1
        (hit,) = found(store, "skill 20", where=Where(facets={"city": ("Köln",)}))
        assert (hit.uid, hit.rev) == ("ana", 2)
        assert hit.score == pytest.approx(1.0, abs=CLOSE)
        assert found(store, "skill 20", where=Where(facets={"city": ("Bonn",)})) == []
        assert all(hit.score < 0.99 for hit in found(store, "skill 0"))  # noqa: PLR2004

    def test_a_deleted_person_is_not_found(self, store: VectorStore) -> None:
        store.put([entry("ana", rev=1, offers=["skill 0"]), entry("bo", rev=2, offers=["skill 0"])], VECTORS)
        store.delete({"ana": 3})
        assert offering(store, "skill 0") == {"bo": 2}
        assert len(store) == 1

    def test_writing_nothing_changes_nothing(self, store: VectorStore) -> None:
        store.put([], {})
        store.delete({})
        assert len(store) == 0

    def test_who_comes_back_is_found_again(self, store: VectorStore) -> None:
        store.put([entry("ana", rev=1, offers=["skill 0"])], VECTORS)
        store.delete({"ana": 2})
        store.put([entry("ana", rev=3, offers=["skill 0"])], VECTORS)
        assert offering(store, "skill 0") == {"ana": 3}
        assert len(store) == 1

    def test_an_older_entry_changes_nothing(self, store: VectorStore) -> None:
        store.put([entry("ana", rev=5, offers=["skill 0"])], VECTORS)
        store.put([entry("ana", rev=4, offers=["skill 20"])], VECTORS)
        assert offering(store, "skill 0")["ana"] == 5  # noqa: PLR2004
        assert found(store, "skill 0")[0].score == pytest.approx(1.0, abs=CLOSE)

    def test_an_older_deletion_changes_nothing(self, store: VectorStore) -> None:
        store.put([entry("ana", rev=5, offers=["skill 0"])], VECTORS)
        store.delete({"ana": 4})
        assert offering(store, "skill 0") == {"ana": 5}

    def test_an_unknown_uid_is_remembered_as_deleted(self, store: VectorStore) -> None:
        store.delete({"ana": 5})
        assert len(store) == 0
        store.put([entry("ana", rev=4, offers=["skill 0"])], VECTORS)
        assert len(store) == 0
        assert offering(store, "skill 0") == {}
        store.put([entry("ana", rev=6, offers=["skill 0"])], VECTORS)
        assert offering(store, "skill 0") == {"ana": 6}

    def test_writes_may_be_repeated(self, store: VectorStore) -> None:
        for _ in range(3):
            store.put(COMMUNITY.entries, VECTORS)
            store.delete({"p000": 500, "p001": 500})
        assert len(store) == len(COMMUNITY.entries) - 2
        assert not offering(store, *VECTORS).keys() & {"p000", "p001"}

    @pytest.mark.parametrize("last", ["put", "delete"])
    def test_writes_may_arrive_in_any_order(self, store: VectorStore, last: str) -> None:
        for number, order in enumerate(permutations((1, 2, 3, 4))):
            uid = f"p{number}"
            for rev in order:
                if rev == 2 or (rev == 4 and last == "delete"):  # noqa: PLR2004
                    store.delete({uid: rev})
                else:
                    store.put([entry(uid, rev=rev, offers=[f"skill {rev * 5}"])], VECTORS)
        there = {uid: rev for uid, rev in offering(store, *VECTORS).items() if uid.startswith("p")}
        assert set(there.values()) == ({4} if last == "put" else set())
        assert len(store) == len(there) == (number + 1 if last == "put" else 0)

    def test_of_a_uid_given_twice_the_later_rev_counts(self, store: VectorStore) -> None:
        both = [entry("ana", rev=2, offers=["skill 0"]), entry("ana", rev=1, offers=["skill 20"])]
        store.put(both, VECTORS)
        store.put([entry("bo", rev=1, needs=["skill 0"]), entry("bo", rev=2, offers=["skill 0"])], VECTORS)
        assert len(store) == 2  # noqa: PLR2004
        assert offering(store, "skill 0") == {"ana": 2, "bo": 2}

    def test_more_vectors_than_named_are_allowed(self, store: VectorStore) -> None:
        store.put([entry("ana", offers=["skill 0"])], VECTORS)
        assert offering(store, "skill 0") == {"ana": 1}

    @pytest.mark.parametrize("fault", ["missing", "nan", "infinite", "long", "zero", "short of numbers"])
    def test_a_bad_vector_is_refused_and_nothing_is_indexed(self, store: VectorStore, fault: str) -> None:
        good, bad = VECTORS["skill 0"], VECTORS["skill 20"].copy()
        store.put([entry("ana", rev=1, offers=["skill 0"])], {"skill 0": good})
        vectors: dict[str, Vector] = {"skill 0": good, "skill 1": VECTORS["skill 1"], "bad": bad}
        if fault == "missing":
            del vectors["bad"]
        elif fault == "short of numbers":
            vectors["bad"] = bad[:-1] / np.linalg.norm(bad[:-1])
        elif fault in {"long", "zero"}:
            vectors["bad"] = bad * np.float32(2.0 if fault == "long" else 0.0)
        else:
            bad[3] = np.nan if fault == "nan" else np.inf
        entries = [
            entry("ana", rev=2, offers=["skill 1"]),
            entry("bo", rev=2, offers=["skill 1"], needs=["bad"]),
            entry("cy", rev=2, offers=["skill 1"]),
        ]
        for order in (entries, entries[::-1]):
            with pytest.raises(StoreError):
                store.put(order, vectors)
            assert len(store) == 1
            assert offering(store, "skill 0", "skill 1") == {"ana": 1}
            assert found(store, "skill 0")[0].score == pytest.approx(1.0, abs=CLOSE)
        store.put(entries[::2], vectors)
        store.put([entry("bo", rev=2, offers=["skill 1"], needs=["skill 20"])], VECTORS)
        assert offering(store, "skill 1") == {"ana": 2, "bo": 2, "cy": 2}

    # search

    @pytest.mark.parametrize("side", ["offers", "needs"])
    @pytest.mark.parametrize("rows", [1, 2, 5])
    @pytest.mark.parametrize("limit", [1, 7, MANY])
    def test_a_search_finds_the_best_by_mean_cosine(
        self, store: VectorStore, side: Side, rows: int, limit: int
    ) -> None:
        store.put(COMMUNITY.entries, VECTORS)
        for start in range(0, 40, 8):
            keys = [f"skill {(start + 9 * row) % 40}" for row in range(rows)]
            check_search(store, COMMUNITY, keys, side, limit=limit, where=ANYONE)

    @pytest.mark.parametrize(
        "where",
        [
            Where(facets={"city": ("Bonn",)}),
            Where(facets={"city": ("Köln", "Ulm"), "language": ("es", "de")}),
            Where(facets={"city": ("Ulm",)}),
            Where(facets={"height": ("1",)}),
            Where(exclude=frozenset(f"p{number:03d}" for number in range(0, 60, 2))),
            Where(facets={"language": ("en",)}, exclude=frozenset({"p001", "nobody"})),
        ],
    )
    def test_a_search_returns_only_who_fits(self, store: VectorStore, where: Where) -> None:
        store.put(COMMUNITY.entries, VECTORS)
        for limit in (3, MANY):
            check_search(store, COMMUNITY, ["skill 3"], "offers", limit=limit, where=where)

    def test_a_search_finds_who_fits_behind_many_better_ones(self, store: VectorStore) -> None:
        better = [entry(f"b{number}", offers=["skill 0"]) for number in range(300)]
        store.put([*better, entry("z", offers=["skill 1"], facets={"city": ("Bonn",)})], VECTORS)
        (hit,) = found(store, "skill 0", limit=1, where=Where(facets={"city": ("Bonn",)}))
        assert hit.uid == "z"
        others = frozenset(person.uid for person in better)
        assert [hit.uid for hit in found(store, "skill 0", limit=1, where=Where(exclude=others))] == ["z"]

    def test_equals_come_by_uid(self, store: VectorStore) -> None:
        uids = [f"p{number * 37 % 100:03d}" for number in range(100)]
        store.put([entry(uid, offers=["skill 0"]) for uid in uids], VECTORS)
        for limit in (1, 10, MANY):
            assert [hit.uid for hit in found(store, "skill 0", limit=limit)] == sorted(uids)[:limit]

    def test_nobody_who_scores_0_is_found(self, store: VectorStore) -> None:
        opposite = {**VECTORS, "opposite": -VECTORS["skill 0"]}
        store.put([entry("ana", offers=["opposite"], needs=["skill 0"])], opposite)
        assert found(store, "skill 0") == []

    # threads, closing

    def test_many_threads_write_and_read_at_once(self, store: VectorStore) -> None:
        seeker = COMMUNITY.seeker_of(COMMUNITY.entries[0])

        def write(number: int) -> None:
            for turn in range(15):
                uid = f"p{number}-{turn % 5}"
                store.put([entry(uid, rev=turn + 1, offers=["skill 0"], needs=["skill 1"])], VECTORS)
                if turn >= 10 and turn % 5 == 0:  # noqa: PLR2004
                    store.delete({uid: MANY})
                assert (uid in offering(store, "skill 0")) == (turn % 5 != 0 or turn < 10)  # noqa: PLR2004
                store.candidates(seeker, Scoring(), limit=10, where=ANYONE)

        with ThreadPoolExecutor(6) as threads:
            list(threads.map(write, range(6)))
        expected = {f"p{number}-{turn}": turn + 11 for number in range(6) for turn in range(1, 5)}
        assert offering(store, "skill 0") == expected
        assert len(store) == len(expected)

    def test_a_closed_index_can_be_closed_again_and_refuses_the_rest(self, store: VectorStore) -> None:
        store.put(COMMUNITY.entries, VECTORS)
        store.close()
        store.close()
        seeker = COMMUNITY.seeker_of(COMMUNITY.entries[0])
        calls = {
            "put": lambda: store.put(COMMUNITY.entries, VECTORS),
            "delete": lambda: store.delete({"ana": 1}),
            "search": lambda: found(store, "skill 0"),
            "candidates": lambda: store.candidates(seeker, Scoring(), limit=1, where=ANYONE),
            "len": lambda: len(store),
        }
        assert [name for name, call in calls.items() if not refuses(call)] == []


def refuses(call: Callable[[], object]) -> bool:
    """Tell whether a call raises StoreError."""
    try:
        call()
    except StoreError:
        return True
    return False


def found(store: VectorStore, *keys: str, side: Side = "offers", limit: int = MANY, where: Where = ANYONE) -> list[Hit]:
    """Search for skills by their keys."""
    query = np.array([VECTORS[key] for key in keys], np.float32)
    return store.search(query, side, limit=limit, where=where)


def offering(store: VectorStore, *keys: str) -> dict[str, int]:
    """Return the rev of everybody whose offers are anywhere near some skills."""
    return {hit.uid: hit.rev for key in keys for hit in found(store, key)}


def check_search(
    store: VectorStore, community: Community, keys: list[str], side: Side, *, limit: int, where: Where
) -> None:
    """Hold the hits of a search against the brute force."""
    hits = found(store, *keys, side=side, limit=limit, where=where)
    people = {person.uid: person for person in community.entries if fits(person, where)}
    query = np.array([community.vectors[key] for key in keys], np.float32)
    expected = search_scores(people.values(), community.vectors, query, side)
    assert len({hit.uid for hit in hits}) == len(hits) == min(limit, len(expected))
    for hit in hits:
        assert hit.rev == people[hit.uid].rev
        assert hit.score == pytest.approx(expected[hit.uid], abs=CLOSE)
        check_best_skills(hit, people[hit.uid], community, keys, side)
    assert all((-one.score, one.uid) < (-two.score, two.uid) for one, two in pairwise(hits))
    left_out = expected.keys() - {hit.uid for hit in hits}
    assert all(expected[uid] <= hits[-1].score + CLOSE for uid in left_out)


def check_best_skills(hit: Hit, person: Entry, community: Community, keys: list[str], side: Side) -> None:
    """Check that a hit names, for each row of the query, the position of a nearest skill."""
    theirs: tuple[str, ...] = getattr(person, side)
    assert len(hit.skills) == len(keys)
    for key, position in zip(keys, hit.skills, strict=True):
        cosines = [float(community.vectors[key] @ community.vectors[other]) for other in theirs]
        assert cosines[position] == pytest.approx(max(cosines), abs=CLOSE)
