"""Read by the type checker, never run: what users write must type-check as they expect."""

from collections.abc import Iterator
from typing import assert_type

from swapmatch import Match, Matcher, Profile, PutReport, Recommendation, Scoring, SearchHit, Where
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder
from swapmatch.ports import Encoder, ProfileStore, VectorStore
from swapmatch.powers import Counted, InFile, InMemory, Resumable, Sequenced, SkillVectors
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.profile_stores.sqlite import SQLiteProfileStore
from swapmatch.vector_stores.exact import ExactVectorStore

encoders: tuple[Encoder, ...] = (HashingEncoder(), SentenceTransformersEncoder())
stores: tuple[ProfileStore, ...] = (MemoryProfileStore(), SQLiteProfileStore("people.db"))
keepers: tuple[SkillVectors, ...] = (MemoryProfileStore(), SQLiteProfileStore("people.db"))
counted: tuple[Counted, ...] = (MemoryProfileStore(), SQLiteProfileStore("people.db"))
sequenced: tuple[Sequenced, ...] = (MemoryProfileStore(), SQLiteProfileStore("people.db"))
in_file: InFile = SQLiteProfileStore("people.db")
in_memory: InMemory = ExactVectorStore()
resumable: Resumable = ExactVectorStore()
indexes: tuple[VectorStore, ...] = (ExactVectorStore(),)

with Matcher.open("people.db", scoring=Scoring(fusion="geometric")) as matcher:
    assert_type(matcher, Matcher)
    assert_type(matcher.put(Profile(uid="ana", skills_to_offer="Python")), Profile)
    assert_type(matcher.put_many([{"uid": "ben", "skills_to_offer": "guitar"}], progress=True), PutReport)
    assert_type(matcher.match("ana", where={"city": ["Lisbon", "Porto"]}), list[Match])
    assert_type(matcher.match_text(offer="Python", need="guitar"), list[Match])
    assert_type(matcher.match_all(), Iterator[tuple[str, list[Match]]])
    assert_type(matcher.search("guitar", mode="both"), list[SearchHit])
    assert_type(matcher.recommend_skills("Python"), list[Recommendation])
    assert_type(matcher.people(), Iterator[Profile])
    assert_type(matcher.delete("ana"), bool)

assert_type(Where(exclude=frozenset({"ana"})).exclude, frozenset[str])
