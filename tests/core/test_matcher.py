"""The matcher as its users meet it, on stores in memory and the lexical encoder."""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread

import pytest

from swapmatch import Matcher, Profile, Scoring
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import (
    ConflictError,
    EncoderError,
    EncoderMismatchError,
    InvalidProfileError,
    InvalidQueryError,
    NotIndexedError,
    ProfileNotFoundError,
    StoreError,
)
from swapmatch.ports import Changes, Stored, Vectors
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.vector_stores.exact import ExactVectorStore

ANA = Profile(
    uid="ana",
    email="ana@example.org",
    display_name="Ana",
    skills_to_offer="Python, data analysis",
    services_needed="guitar lessons",
    city="Lisbon",
)
BEN = Profile(
    uid="ben",
    email="ben@example.org",
    display_name="Ben",
    skills_to_offer="guitar lessons",
    services_needed="help with Python",
    city="Porto",
    facets={"languages": ["English", "Dutch"]},
)
CAT = Profile(uid="cat", skills_to_offer="guitar", services_needed="knitting", city="Porto", timezone="Europe/Lisbon")
DAN = Profile(uid="dan", services_needed="Python")


class Encoder(HashingEncoder):
    """Fails on demand."""

    is_broken = False

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.is_broken:
            raise EncoderError("the model failed")
        return super().encode(texts)


@pytest.fixture
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture
def matcher(encoder: Encoder) -> Iterator[Matcher]:
    with Matcher.open("memory:", encoder=encoder) as opened:
        opened.put_many([ANA, BEN, CAT, DAN])
        yield opened


def test_the_best_swap_comes_first_and_is_explained(matcher: Matcher) -> None:
    (best, *_) = matcher.match("ana")
    assert best.profile.uid == "ben"
    assert best.exact
    assert [(one.direction, one.need, one.offer) for one in best.pairings] == [
        ("receives", "guitar lessons", "guitar lessons"),
        ("gives", "help with Python", "Python"),
    ]
    assert best.explanation == (
        "you need guitar lessons: Ben offers guitar lessons; Ben needs help with Python: you offer Python (perhaps)"
    )


def test_swapping_the_two_people_swaps_the_directions(matcher: Matcher) -> None:
    (mine,) = (one for one in matcher.match("ana") if one.profile.uid == "ben")
    (theirs,) = (one for one in matcher.match("ben") if one.profile.uid == "ana")
    assert (mine.score, mine.receives, mine.gives) == (theirs.score, theirs.gives, theirs.receives)


def test_nobody_matches_themselves_nor_who_is_excluded(matcher: Matcher) -> None:
    assert "ana" not in {one.profile.uid for one in matcher.match("ana")}
    assert "ben" not in {one.profile.uid for one in matcher.match("ana", exclude=["ben"])}
    asked = matcher.match_text(offer="Python", need="guitar", uid="ben")
    assert "ben" not in {one.profile.uid for one in asked}


def test_somebody_with_one_side_alone_matches_nobody(matcher: Matcher) -> None:
    assert matcher.match("dan") == []
    assert "dan" not in {one.profile.uid for one in matcher.match("ana")}


def test_a_match_by_text_stores_nothing(matcher: Matcher) -> None:
    found = matcher.match_text(offer="Python", need="guitar lessons", limit=1)
    assert [one.profile.uid for one in found] == ["ben"]
    assert {profile.uid for profile in matcher.people()} == {"ana", "ben", "cat", "dan"}


def test_results_carry_no_email_and_no_timestamps_unless_emails_are_exposed(matcher: Matcher) -> None:
    (best, *_) = matcher.match("ana")
    assert (best.profile.email, best.profile.created_at, best.profile.updated_at) == (None, None, None)
    exposed = Matcher(encoder=matcher.encoder, profiles=matcher.profiles, vectors=ExactVectorStore(), expose_email=True)
    assert exposed.match("ana")[0].profile.email == "ben@example.org"
    assert exposed.search("guitar")[0].profile.created_at is None


def test_where_filters_by_city_timezone_and_facets_in_any_case(matcher: Matcher) -> None:
    def found(**where: str | Sequence[str]) -> set[str]:
        return {hit.profile.uid for hit in matcher.search("guitar lessons", where=where)}

    assert found() == {"ben", "cat"}
    assert found(city="porto") == {"ben", "cat"}
    assert found(city=["Lisbon", "Faro"]) == set()
    assert found(timezone="europe/lisbon") == {"cat"}
    assert found(languages=["dutch", "german"], city="Porto") == {"ben"}
    assert found(unknown="x") == set()


def test_a_city_that_is_not_shown_cannot_be_asked_for(matcher: Matcher) -> None:
    matcher.update("ben", {"show_city": False})
    assert {hit.profile.uid for hit in matcher.search("guitar", where={"city": "Porto"})} == {"cat"}
    (ben,) = (hit for hit in matcher.search("guitar") if hit.profile.uid == "ben")
    assert ben.profile.city is None


def test_a_search_looks_at_the_side_it_was_told(matcher: Matcher) -> None:
    assert {hit.profile.uid for hit in matcher.search("Python", mode="offers", threshold=0.5)} == {"ana"}
    assert {hit.profile.uid for hit in matcher.search("Python", mode="needs", threshold=0.5)} == {"ben", "dan"}
    both = matcher.search("Python", mode="both", threshold=0.5)
    assert [(hit.profile.uid, hit.side) for hit in both][:2] == [("ana", "offers"), ("dan", "needs")]
    assert both[0].score == 1.0
    assert both[0].skills == ("Python",)


def test_a_search_for_two_skills_prefers_who_has_both(matcher: Matcher) -> None:
    matcher.put(Profile(uid="eve", skills_to_offer="Python; guitar lessons"))
    (first, *_) = matcher.search("Python; guitar lessons")
    assert (first.profile.uid, first.score, first.skills) == ("eve", 1.0, ("Python", "guitar lessons"))


def test_recommendations_come_from_people_nearby_without_what_was_named() -> None:
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        matcher.put_many(
            {"uid": f"p{n}", "skills_to_offer": "Python; cooking" if n < 3 else "Python; piano"} for n in range(5)
        )
        found = matcher.recommend_skills("python", limit=2)
    assert [(one.skill, one.score, one.reason) for one in found] == [
        ("cooking", 0.6, "3 of the 5 people nearest to your skills also offer or want it"),
        ("piano", 0.4, "2 of the 5 people nearest to your skills also offer or want it"),
    ]


def test_somebody_with_one_of_many_skills_asked_about_is_near() -> None:
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        for number, skill in enumerate(
            ["Python", "juggling", "welding", "beekeeping", "origami", "chess", "yoga", "tea"]
        ):
            matcher.put(Profile(uid=f"p{number}", skills_to_offer=skill, services_needed=f"knitting; other {number}"))
        found = matcher.recommend_skills("Python; juggling; welding; beekeeping; origami; chess; yoga; tea", limit=1)
        (without,) = matcher.recommend_skills("Python", exclude=["p0"], limit=1) or [None]
    assert [(one.skill, one.score) for one in found] == [("knitting", 1.0)]
    assert without is None


def test_words_for_one_skill_are_recommended_once() -> None:
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        matcher.put_many(
            [{"uid": "a", "skills_to_offer": "Python; cooking"}, {"uid": "b", "skills_to_offer": "Python; Cooking!"}]
        )
        matcher.put(Profile(uid="c", skills_to_offer="Python", services_needed="cookings"))
        assert [one.skill for one in matcher.recommend_skills("Python")] == ["cooking"]


def test_without_anybody_near_nothing_is_recommended(matcher: Matcher) -> None:
    assert matcher.recommend_skills("zzzz") == []


def test_a_single_person_nearby_is_called_so() -> None:
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        matcher.put(Profile(uid="a", skills_to_offer="Python; cooking"))
        (only,) = matcher.recommend_skills("Python")
    assert only.reason == "the one person near to your skills also offers or wants it"


def test_everybody_is_matched_in_one_go(matcher: Matcher) -> None:
    found = dict(matcher.match_all(limit=1))
    assert set(found) == {"ana", "ben", "cat", "dan"}
    assert found["ana"] == matcher.match("ana", limit=1)


def test_changes_are_seen_by_the_next_question(matcher: Matcher) -> None:
    matcher.update("ben", {"skills_to_offer": "juggling"})
    assert "ben" not in {hit.profile.uid for hit in matcher.search("guitar lessons", threshold=0.3)}
    assert matcher.search("juggling")[0].profile.uid == "ben"
    assert matcher.get("ben").city == "Porto"
    assert matcher.delete("ben")
    assert not matcher.delete("ben")
    assert "ben" not in {one.profile.uid for one in matcher.match("ana")}
    with pytest.raises(ProfileNotFoundError):
        matcher.match("ben")


def test_a_profile_is_found_by_its_email(matcher: Matcher) -> None:
    assert matcher.find_by_email("ANA@example.ORG").uid == "ana"
    with pytest.raises(ProfileNotFoundError):
        matcher.find_by_email("nobody@example.org")


def test_an_update_that_gives_no_profile_changes_nothing(matcher: Matcher) -> None:
    for changes in ({"services_needed": "x" * 201}, {"uid": "bea"}, {"rev": 1}, {"dm_open": None}):
        with pytest.raises(InvalidProfileError):
            matcher.update("ben", changes)
    assert matcher.get("ben").same_as(BEN)
    with pytest.raises(ProfileNotFoundError):
        matcher.update("nobody", {"city": "Faro"})


def test_updates_of_one_person_by_many_threads_are_all_kept(matcher: Matcher) -> None:
    fields = ["bio", "city", "display_name"]

    def change(field: str) -> None:
        matcher.update("ben", {field: f"new {field}"})

    threads = [Thread(target=change, args=(field,)) for field in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ben = matcher.get("ben")
    assert [getattr(ben, field) for field in fields] == [f"new {field}" for field in fields]


def test_an_update_gives_up_when_others_keep_changing_the_same_person(matcher: Matcher) -> None:
    store = matcher.profiles
    real, count = store.put, iter(range(1000))

    def busy(profiles: Sequence[Profile], *, expected_rev: int | None = None) -> list[Stored]:
        if expected_rev is not None:
            real([BEN.model_copy(update={"bio": f"{next(count)}"})])
        return real(profiles, expected_rev=expected_rev)

    store.put = busy  # type: ignore[method-assign]
    with pytest.raises(ConflictError):
        matcher.update("ben", {"city": "Faro"})


def test_many_people_are_counted_and_the_bad_ones_told_apart(encoder: Encoder) -> None:
    counted: list[int] = []
    rows = [ANA, {"uid": "x y", "skills_to_offer": "a"}, BEN.model_dump(), "no row", InvalidProfileError("unreadable")]
    with Matcher.open("memory:", encoder=encoder) as matcher:
        report = matcher.put_many(rows, progress=counted.append)  # type: ignore[arg-type]
        again = matcher.put_many([ANA, BEN])
        assert {profile.uid for profile in matcher.people()} == {"ana", "ben"}
    assert (report.written, report.unchanged, report.embedded) == (2, 0, 4)
    assert [(reject.row, reject.uid) for reject in report.rejects] == [(2, "x y"), (4, None), (5, None)]
    assert report.rejects[2].reason == "unreadable"
    assert (again.written, again.unchanged, again.embedded, again.rejects) == (0, 2, 0, ())
    assert counted == [5]


def test_progress_can_be_printed(matcher: Matcher, capsys: pytest.CaptureFixture[str]) -> None:
    matcher.put_many(({"uid": f"p{n}", "skills_to_offer": "x"} for n in range(1_500)), progress=True)
    assert capsys.readouterr().err.splitlines() == ["1,000 people", "1,500 people"]


@pytest.mark.parametrize("is_on", [True, False])
def test_collecting_garbage_is_left_on_or_off_as_it_was(matcher: Matcher, is_on: bool) -> None:
    def rows() -> Iterator[Profile]:
        yield ANA
        message = "the file broke off"
        raise OSError(message)

    (gc.enable if is_on else gc.disable)()
    try:
        matcher.put_many([BEN])
        with pytest.raises(OSError, match="broke off"):
            matcher.put_many(rows())
        assert gc.isenabled() is is_on
    finally:
        gc.enable()


def test_no_garbage_is_collected_within_a_batch_but_between_batches() -> None:
    class Looking(Encoder):
        seen: list[bool] = []  # noqa: RUF012 - of this test alone

        def encode(self, texts: Sequence[str]) -> Vectors:
            self.seen.append(gc.isenabled())
            return super().encode(texts)

    def rows() -> Iterator[Profile]:
        for number in range(1_500):
            between.append(gc.isenabled())
            yield Profile(uid=f"p{number}", skills_to_offer=f"skill {number}")

    between: list[bool] = []
    with Matcher.open("memory:", encoder=Looking()) as opened:
        opened.put_many(rows())
    assert Looking.seen
    assert not any(Looking.seen)
    assert all(between)


def test_a_person_whose_text_cannot_be_embedded_is_stored_told_and_found_later(
    matcher: Matcher, encoder: Encoder
) -> None:
    encoder.is_broken = True
    with pytest.raises(NotIndexedError, match="stored"):
        matcher.put(Profile(uid="eve", skills_to_offer="juggling"))
    assert matcher.get("eve").uid == "eve"
    encoder.is_broken = False
    matcher.sync()
    assert matcher.search("juggling")[0].profile.uid == "eve"


def test_whom_the_index_missed_is_found_once_the_same_people_are_stored_again(
    matcher: Matcher, encoder: Encoder
) -> None:
    eve = Profile(uid="eve", skills_to_offer="juggling")
    encoder.is_broken = True
    for _ in range(2):
        with pytest.raises(NotIndexedError):
            matcher.put_many([eve])
    encoder.is_broken = False
    assert matcher.put_many([eve]).unchanged == 1
    assert matcher.search("juggling")[0].profile.uid == "eve"


def test_a_deletion_that_the_index_missed_is_told_and_never_shown(matcher: Matcher) -> None:
    matcher.vectors.close()
    with pytest.raises(NotIndexedError, match="deleted"):
        matcher.delete("ben")
    with pytest.raises(ProfileNotFoundError):
        matcher.get("ben")


def test_what_another_process_wrote_is_found_after_sync_and_never_shown_stale(matcher: Matcher) -> None:
    matcher.profiles.put([Profile(uid="eve", skills_to_offer="juggling")])
    assert matcher.sync() >= 1
    assert matcher.search("juggling")[0].profile.uid == "eve"
    matcher.profiles.delete("eve")
    matcher.profiles.put([BEN.model_copy(update={"skills_to_offer": "guitar lessons; juggling"})])
    assert matcher.search("juggling")[0].profile.uid == "ben"


def test_whoever_keeps_changing_while_being_read_is_left_out(matcher: Matcher) -> None:
    store = matcher.profiles
    real, count = store.get_many, iter(range(1000))

    def restless(uids: Sequence[str]) -> dict[str, Stored]:
        store.put([BEN.model_copy(update={"bio": f"{next(count)}"})])
        return real(uids)

    store.get_many = restless  # type: ignore[method-assign]
    assert "ben" not in {hit.profile.uid for hit in matcher.search("guitar")}


def test_going_through_everybody_meets_each_once_even_if_they_change_meanwhile(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swapmatch.matcher.BATCH", 1)
    met = []
    for profile in matcher.people():
        met.append(profile.uid)
        if len(met) == 1:
            matcher.update("ana", {"bio": "changed"})
    assert sorted(met) == ["ana", "ben", "cat", "dan"]


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (lambda m: m.match("ana", limit=0), "limit"),
        (lambda m: m.match("ana", limit=True), "limit"),
        (lambda m: m.match("ana", limit=2.5), "limit"),
        (lambda m: m.match_text(offer=" ", need="guitar"), "offer"),
        (lambda m: m.match_text(offer="guitar", need="\u200b"), "need"),
        (lambda m: m.match_text(offer="x" * 201, need="guitar"), "offer"),
        (lambda m: m.match_text(offer="x", need="\ud800"), "need"),
        (lambda m: m.match_text(offer=None, need="x"), "offer"),
        (lambda m: m.search(""), "query"),
        (lambda m: m.search("x" * 1_000_000), "query"),
        (lambda m: m.search("x", mode="any"), "mode"),
        (lambda m: m.search("x", threshold=1.5), "threshold"),
        (lambda m: m.search("x", threshold=float("nan")), "threshold"),
        (lambda m: m.search("x", limit=-1), "limit"),
        (lambda m: m.search("x", threshold="x"), "threshold"),
        (lambda m: m.search("x", where=5), "where"),
        (lambda m: m.search("x", where="city=Faro"), "where"),
        (lambda m: m.search("x", where={"city": 5}), "where"),
        (lambda m: m.search("x", where={"city": ["Faro", None]}), "where"),
        (lambda m: m.search("x", exclude="ana"), "exclude"),
        (lambda m: m.search("x", exclude=[5]), "exclude"),
        (lambda m: m.get(5), "uid"),
        (lambda m: m.match(None), "uid"),
        (lambda m: m.delete(b"ana"), "uid"),
        (lambda m: m.update(5, {}), "uid"),
        (lambda m: m.find_by_email(5), "email"),
        (lambda m: list(m.match_all(limit=0)), "limit"),
        (lambda m: m.recommend_skills("\x00"), "current_skills"),
        (lambda m: m.recommend_skills("x", limit=0), "limit"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_by_its_field(matcher: Matcher, ask, field: str) -> None:
    with pytest.raises(InvalidQueryError, match=field) as caught:
        ask(matcher)
    assert caught.value.field == field


def test_a_database_keeps_people_and_vectors_over_a_restart(tmp_path: Path, encoder: Encoder) -> None:
    path = tmp_path / "people.db"
    with Matcher.open(path, encoder=encoder) as matcher:
        matcher.put_many([ANA, BEN])
    encoder.is_broken = True  # nothing may be embedded from here on
    with Matcher.open(path, encoder=encoder) as matcher:
        assert matcher.match("ana")[0].profile.uid == "ben"
        assert matcher.put_many([ANA, BEN]).unchanged == 2


def test_a_database_of_another_encoder_is_refused_and_closed(tmp_path: Path) -> None:
    path = str(tmp_path / "people.db")
    with Matcher.open(path, encoder="hashing:64") as matcher:
        matcher.put(ANA)
    with pytest.raises(EncoderMismatchError, match="swapmatch reindex"):
        Matcher.open(path, encoder="hashing:")


def test_parts_that_were_given_are_left_open(encoder: Encoder) -> None:
    profiles, vectors = MemoryProfileStore(), ExactVectorStore()
    with Matcher.open(profiles, encoder=encoder, vectors=vectors) as matcher:
        matcher.put(ANA)
    assert profiles.get("ana").profile.same_as(ANA)
    assert len(vectors) == 1


def test_parts_that_were_opened_are_closed(encoder: Encoder) -> None:
    matcher = Matcher.open("memory:", encoder=encoder)
    matcher.close()
    matcher.close()
    with pytest.raises(StoreError, match="closed"):
        matcher.get("ana")


def test_another_formula_can_be_chosen(encoder: Encoder) -> None:
    scoring = Scoring(relevance=encoder.relevance, fusion="minimum")
    with Matcher.open("memory:", encoder=encoder, scoring=scoring) as matcher:
        matcher.put_many([ANA, BEN])
        (best, *_) = matcher.match("ana")
    assert best.score == min(best.receives, best.gives)


def test_the_feed_is_followed_page_by_page(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swapmatch.following.PAGE", 2)
    store = MemoryProfileStore()
    store.put([ANA, BEN, CAT, DAN])
    store.delete("dan")
    pages: list[Changes] = []
    real = store.changes
    monkeypatch.setattr(store, "changes", lambda since, limit: pages.append(real(since, limit)) or pages[-1])
    matcher = Matcher(encoder=encoder, profiles=store, vectors=ExactVectorStore())
    assert len(matcher.vectors) == 3
    assert [len(page.items) for page in pages] == [2, 2]
    assert matcher.sync() == 0


def test_who_came_before_an_iterable_broke_off_is_stored(encoder: Encoder) -> None:
    def rows() -> Iterator[Profile]:
        yield ANA
        raise OSError("the disk is gone")

    with Matcher.open("memory:", encoder=encoder) as matcher:
        with pytest.raises(OSError, match="gone"):
            matcher.put_many(rows())
        assert [profile.uid for profile in matcher.people()] == ["ana"]
