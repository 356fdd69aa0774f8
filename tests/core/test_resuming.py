"""A matcher takes its index up again where it was left, and notices when the people are not those any more."""

import logging
import shutil
import signal
import subprocess
import sys

import pytest

from swapmatch import Matcher, Profile, following
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import ConfigurationError, StoreError, StoreUnavailableError
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.vector_stores.exact import ExactVectorStore, arrays, memory

SKILLS = ("guitar", "Python", "baking", "knitting", "Mandarin", "chess", "plumbing", "yoga")


@pytest.fixture(autouse=True)
def everything_is_worth_saving(monkeypatch):
    monkeypatch.setattr(following, "SAVED_FROM", 1)


@pytest.fixture
def db(tmp_path):
    return tmp_path / "people.db"


@pytest.fixture
def saved(db):
    return db.with_name("people.db-index")


def people(count, prefix="p", shift=1):
    return [
        Profile(
            uid=f"{prefix}{n:03}",
            skills_to_offer=SKILLS[n % len(SKILLS)],
            services_needed=SKILLS[(n + shift) % len(SKILLS)],
            city="Köln" if n % 3 else None,
        )
        for n in range(count)
    ]


def opened(db, **options):
    return Matcher.open(db, encoder=HashingEncoder(), **options)


def answers(matcher):
    found = [matcher.match_text(offer=offer, need=need, limit=5) for offer in SKILLS for need in SKILLS]
    filtered = matcher.match_text(offer="Python", need="guitar", limit=5, where={"city": "köln"})
    return [[(one.profile.uid, one.score) for one in some] for some in (*found, filtered)]


@pytest.fixture
def read(monkeypatch):
    """The uids that were read from the feed, to be indexed."""
    uids = []
    real = following._entry

    def noted(stored):
        uids.append(stored.profile.uid)
        return real(stored)

    monkeypatch.setattr(following, "_entry", noted)
    return uids


def filled(db, count=40):
    with opened(db) as matcher:
        matcher.put_many(people(count))
        return answers(matcher)


def restore_what_was_there_before_more_came(db):
    """Leave a database of 20 people, and beside it the saved index of 40."""
    copy = db.with_name("copy")
    filled(db, 20)
    shutil.copy(db, copy)
    with opened(db) as matcher:
        matcher.put_many(people(20, prefix="later"))
    for suffix in ("", "-wal", "-shm"):
        db.with_name(db.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, db)
    assert db.with_name("people.db-index").exists()


def test_nobody_is_read_again_after_a_start(db, saved, read):
    before = filled(db)
    assert saved.exists()
    read.clear()
    with opened(db) as matcher:
        assert read == []
        assert answers(matcher) == before


def test_only_what_others_wrote_meanwhile_is_read(db, read):
    filled(db)
    with opened(db, vectors="exact:unsaved") as other:
        other.put(Profile(uid="new", skills_to_offer="guitar", services_needed="Python"))
        other.delete("p001")
    read.clear()
    with opened(db) as matcher:
        assert read == ["new"]
        found = answers(matcher)
    with opened(db, vectors="exact:unsaved") as fresh:
        assert found == answers(fresh)


def test_a_small_change_is_not_worth_a_file_of_everybody(db, saved):
    filled(db, 100)
    before = saved.read_bytes()
    with opened(db) as matcher:
        matcher.put(Profile(uid="new", skills_to_offer="guitar"))
    assert saved.read_bytes() == before
    with opened(db) as matcher:
        matcher.put_many(people(20, prefix="more"))
    assert saved.read_bytes() != before


def test_a_small_community_leaves_no_file(db, saved, monkeypatch):
    monkeypatch.setattr(following, "SAVED_FROM", 41)
    filled(db, 40)
    assert not saved.exists()


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_file_costs_time_and_nothing_else(db, saved, damage, caplog, read):
    before = filled(db)
    if damage is None:
        content = bytearray(saved.read_bytes())
        content[len(content) // 2] ^= 1
        damage = bytes(content)
    saved.write_bytes(damage)
    read.clear()
    with caplog.at_level(logging.WARNING), opened(db) as matcher:
        assert len(read) == 40
        assert answers(matcher) == before
    assert str(saved) in caplog.text
    read.clear()
    with opened(db):
        assert read == []  # saved anew


def test_another_encoders_index_is_not_read(db, saved, read):
    filled(db)
    content = saved.read_bytes()
    db.unlink()
    other = HashingEncoder(dimension=64)
    with Matcher.open(db, encoder=other) as matcher:
        matcher.put_many(people(5, prefix="q"))
        assert len(matcher.vectors) == 5
    saved.write_bytes(content)
    read.clear()
    with Matcher.open(db, encoder=other) as matcher:
        assert len(read) == 5
        assert len(matcher.vectors) == 5


def test_who_runs_with_the_old_encoder_does_not_save_over_the_index_of_the_new_one(db, saved, monkeypatch, read):
    filled(db)
    new = HashingEncoder(dimension=64)
    with opened(db) as old:
        old.profiles.use_encoder(new.fingerprint)
        Matcher.open(db, encoder=new).close()
        content = saved.read_bytes()
        old.put_many(people(20, prefix="more"))
        monkeypatch.setattr(following, "SAVE_EVERY_S", 0.0)
        old.sync()
        assert saved.read_bytes() == content
        old.put_many(people(20, prefix="later"))
        assert len(old.vectors) == 80
    assert saved.read_bytes() == content
    read.clear()
    with Matcher.open(db, encoder=new) as matcher:
        assert len(read) == 40
        assert len(matcher.vectors) == 80


def test_an_older_copy_of_the_people_is_noticed(db, caplog, read):
    restore_what_was_there_before_more_came(db)
    read.clear()
    with caplog.at_level(logging.WARNING), opened(db) as matcher:
        assert len(matcher.vectors) == 20
        assert len(read) == 20
    assert "read anew" in caplog.text


def test_an_older_copy_that_was_written_to_is_noticed(db):
    restore_what_was_there_before_more_came(db)
    with opened(db, vectors="exact:unsaved") as matcher:
        matcher.put_many(people(50, prefix="other", shift=2))  # beyond the revs that the saved index knows
    with opened(db) as matcher, opened(db, vectors="exact:unsaved") as fresh:
        assert len(matcher.vectors) == 70
        assert answers(matcher) == answers(fresh)


def test_the_index_of_other_people_is_noticed(db, saved, tmp_path):
    filled(db, 20)
    other = tmp_path / "other.db"
    with opened(other) as matcher:
        matcher.put_many(people(7, prefix="other"))
    shutil.copy(saved, tmp_path / "other.db-index")
    with opened(other) as matcher:
        assert len(matcher.vectors) == 7


def test_whoever_is_deleted_is_on_no_disk(db, saved):
    filled(db)
    with opened(db) as matcher:
        matcher.put(Profile(uid="mallory", skills_to_offer="taxidermy", city="Atlantis"))
        matcher.put_many(people(10, prefix="more"))
    assert b"mallory" in saved.read_bytes()
    with opened(db) as matcher:
        matcher.delete("mallory")
        assert not saved.exists()
    for word in (b"mallory", b"taxidermy", b"atlantis"):
        assert word not in saved.read_bytes()


def test_a_long_running_process_saves_from_time_to_time(db, saved, monkeypatch):
    monkeypatch.setattr(following, "SAVE_EVERY_S", 0.0)
    with opened(db) as matcher:
        matcher.put_many(people(40))
        assert not saved.exists()
        matcher.sync()
        assert saved.exists()


def test_whoever_another_process_deleted_is_not_saved_again(db, saved):
    filled(db)
    with opened(db) as ours:
        ours.put_many(people(20, prefix="more"))
        with opened(db) as theirs:
            theirs.delete("p003")
            assert not saved.exists()
        assert b"p003" not in saved.read_bytes()
    assert not saved.exists() or b"p003" not in saved.read_bytes()
    filled(db)
    with opened(db) as theirs:  # who does not know whom we store
        with opened(db) as ours:
            ours.put_many(people(20, prefix="unknown"))
        assert b"unknown003" in saved.read_bytes()
        theirs.delete("unknown003")
        assert not saved.exists()


def test_a_match_does_not_wait_for_a_save(db, monkeypatch):
    monkeypatch.setattr(following, "SAVE_EVERY_S", 0.0)
    with opened(db) as matcher, opened(db, vectors="exact:unsaved") as other:
        matcher.put_many(people(40))
        other.update("p000", {"bio": "changed"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(following.Follower, "_save", None)
            assert any(answers(matcher))


def test_a_database_that_is_locked_for_a_moment_costs_no_index(db, saved, monkeypatch):
    filled(db)

    def locked(*_):
        raise StoreUnavailableError("it is locked by another process: try again")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("swapmatch.profile_stores.sqlite.SQLiteProfileStore.changes", locked)
        with pytest.raises(StoreUnavailableError, match="try again"):
            opened(db)
    assert saved.exists()


def test_an_index_that_cannot_be_saved_is_told_and_no_more(db, saved, caplog, monkeypatch):
    monkeypatch.setattr(arrays, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with caplog.at_level(logging.WARNING):
        filled(db)
    assert "the next start will take longer" in caplog.text


def test_a_folder_in_the_place_of_the_index_is_told(db, saved):
    saved.mkdir()
    with pytest.raises(ConfigurationError, match="is no index, and was not changed"):
        filled(db)


def test_parts_that_were_closed_before_are_no_trouble(db):
    matcher = Matcher(
        encoder=HashingEncoder(), profiles=MemoryProfileStore(), vectors=ExactVectorStore(db.with_name("own"))
    )
    matcher.put_many(people(40))
    matcher.vectors.close()
    matcher.close()
    matcher.close()


def test_a_store_in_memory_can_have_an_index_on_the_disk(tmp_path):
    place = tmp_path / "index"
    store = MemoryProfileStore()
    for _ in range(2):
        with Matcher.open(store, encoder=HashingEncoder(), vectors=f"exact:{place}") as matcher:
            matcher.put_many(people(40))
        assert place.exists()


def test_where_the_memory_is_short_nobody_is_loaded(db, monkeypatch, read):
    filled(db)
    read.clear()
    monkeypatch.setattr(memory, "available", lambda: memory.BASE_BYTES + 20 * memory.PERSON_BYTES)
    with pytest.raises(ConfigurationError, match="40 people with 8 distinct skills"):
        opened(db)
    assert read == []


def test_a_feed_that_fails_while_it_is_asked_about_is_no_reason_to_answer_wrongly(db, monkeypatch):
    filled(db)
    real = following.Follower._resumed

    def failing(self, index):
        def fail(*_):
            raise StoreError("the disk reports an error")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self._profiles, "changes", fail)
            return real(self, index)

    monkeypatch.setattr(following.Follower, "_resumed", failing)
    with opened(db) as matcher:
        assert len(matcher.vectors) == 40


KILLED = """
import os, signal, sys
from swapmatch import Matcher, Profile, following
from swapmatch.encoders.hashing import HashingEncoder

following.SAVED_FROM = 1


def people(prefix):
    return [Profile(uid=f"{prefix}{n:03}", skills_to_offer="guitar", services_needed="Python") for n in range(30)]


matcher = Matcher.open(sys.argv[1], encoder=HashingEncoder())
matcher.put_many(people("saved"))
matcher._index._save()
matcher.put_many(people("unsaved"))
matcher.delete("unsaved003")
print("ready", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_loses_nobody(db):
    done = subprocess.run([sys.executable, "-c", KILLED, db], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("ready\n", -signal.SIGKILL), done.stderr
    with opened(db) as matcher, opened(db, vectors="exact:unsaved") as fresh:
        assert len(matcher.vectors) == len(fresh.vectors) == 59
        assert answers(matcher) == answers(fresh)
