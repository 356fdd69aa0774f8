"""What is special to people in an SQLite file."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from swapmatch import profile_stores
from swapmatch.errors import (
    ConfigurationError,
    ConflictError,
    EncoderMismatchError,
    ProfileNotFoundError,
    StoreError,
    StoreUnavailableError,
)
from swapmatch.models import Profile
from swapmatch.ports import Cursor
from swapmatch.profile_stores.sqlite import SQLiteProfileStore, rows, schema, skill_vectors
from swapmatch.profile_stores.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION
from swapmatch.testing.people import end_of, everything, feed, in_threads, person
from swapmatch.testing.skill_vectors_suite import KEYS, same, some_vectors

KILLS = 10
HEAD = """
import sys
from swapmatch.models import Profile
from swapmatch.profile_stores.sqlite import SQLiteProfileStore
store = SQLiteProfileStore(sys.argv[1])
name = sys.argv[2]
"""
# Says each batch once it is acknowledged; the first of every third one is deleted again.
WRITE_FOR_EVER = (
    HEAD
    + """
number = 0
while True:
    number += 1
    batch = [f"{name}-{number}-{k}" for k in range(5)]
    store.put([Profile(uid=uid, skills_to_offer="Python", bio=uid * 20) for uid in batch])
    print("put", *batch, flush=True)
    if number % 3 == 0:
        print("deleting", batch[0], flush=True)
        store.delete(batch[0])
        print("deleted", batch[0], flush=True)
"""
)
WRITE_SOME = (
    HEAD
    + """
for number in range(40):
    store.put([Profile(uid=f"{name}-{number}", skills_to_offer="Python")])
    store.put([Profile(uid="shared", skills_to_offer="Python", bio=f"{name} {number}")])
store.close()
"""
)
# Knows the encoder "one", waits until its parent has changed it, and goes on.
GO_ON = """
import sys
from swapmatch.errors import EncoderMismatchError
from swapmatch.models import Profile
from swapmatch.profile_stores.sqlite import SQLiteProfileStore
from swapmatch.testing.skill_vectors_suite import KEYS, some_vectors
store = SQLiteProfileStore(sys.argv[1])
store.put_vectors("one", some_vectors())
print(*(len(store.get_vectors(name, KEYS)) for name in ("one", "two")), store.counts().skills, flush=True)
input()
print(*(len(store.get_vectors(name, KEYS)) for name in ("one", "two")), store.counts().skills)
try:
    store.put_vectors("one", some_vectors())
except EncoderMismatchError:
    print("refused")
store.put_vectors("two", some_vectors(("another",)))
print(store.put([Profile(uid="ana", skills_to_offer="chess")])[0].rev, store.encoder())
store.close()
"""
# Kills itself before each statement of a change of encoder, in a copy of the file each time.
KILL_EVERYWHERE = """
import os, shutil, signal, sys
from pathlib import Path
from swapmatch.profile_stores.sqlite import SQLiteProfileStore, skill_vectors
skill_vectors.SWEPT = 4
path = Path(sys.argv[1])
for number in range(100):
    copy = path.with_name(f"{number}.db")
    shutil.copy(path, copy)
    if not os.fork():
        store, left = SQLiteProfileStore(copy), number
        def count(_):
            global left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        store._connections._writer.set_trace_callback(count)
        store.use_encoder("two")
        os._exit(0)
    if not os.wait()[1]:
        break
print(number)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "people.db"


@pytest.fixture
def store(path):
    with closing(SQLiteProfileStore(path)) as store:
        yield store


def start(code, path, name, **pipes):
    command = [sys.executable, "-c", code, str(path), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **pipes)


def tables(path, *statements):
    """Write to a file of one's own."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def backup(path):
    """Return what a file holds, its write-ahead log included, as the bytes of a file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def lineages(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT first_rev, name FROM lineages ORDER BY first_rev").fetchall()


class TestNames:
    def test_three_slashes_are_relative_and_four_absolute(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "sub").mkdir()
        urls = {
            "sqlite:///one.db": "one.db",
            "SQLite:///sub/two.db": "sub/two.db",
            f"sqlite:///{tmp_path}/three.db": "three.db",
            "sqlite:four.db": "four.db",
            f"sqlite:{tmp_path}/five.db": "five.db",
            "six.db": "six.db",
            "odd name?#%41é.db": "odd name?#%41é.db",
        }
        for url, name in urls.items():
            SQLiteProfileStore.from_url(url).close()
            assert (tmp_path / name).is_file(), url

    @pytest.mark.parametrize("url", ["sqlite://people.db", "sqlite:///", "sqlite:", "", ":memory:"])
    def test_a_name_of_no_file_is_refused_with_a_way_out(self, url, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigurationError, match=r"sqlite:///relative\.db|'memory:'"):
            SQLiteProfileStore.from_url(url)
        assert not list(tmp_path.iterdir())

    def test_a_relative_path_stays_where_it_was_opened(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with closing(SQLiteProfileStore("people.db")) as store:
            (tmp_path / "sub").mkdir()
            monkeypatch.chdir(tmp_path / "sub")
            store.put([person("ana")])
            assert store.get("ana")


class TestFilesThatAreRefused:
    def test_a_directory(self, tmp_path):
        with pytest.raises(ConfigurationError, match="name a file in it"):
            SQLiteProfileStore(tmp_path)

    def test_a_path_in_no_directory(self, tmp_path):
        with pytest.raises(ConfigurationError, match="create it first"):
            SQLiteProfileStore(tmp_path / "no" / "people.db")

    def test_a_file_that_is_no_database(self, path):
        path.write_text("uid,email\nana,ana@example.org\n" * 100)
        before = path.read_bytes()
        with pytest.raises(ConfigurationError, match=r"no SQLite database.*name another path"):
            SQLiteProfileStore(path)
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        "statements",
        [
            ("CREATE TABLE people (id)",),
            ("PRAGMA application_id = 7",),
            ("PRAGMA user_version = 1", "CREATE TABLE meta (name, value)"),
        ],
    )
    def test_the_database_of_another_application(self, path, statements):
        tables(path, *statements)
        before = path.read_bytes()
        with pytest.raises(ConfigurationError, match=r"another application.*name another path"):
            SQLiteProfileStore(path)
        assert path.read_bytes() == before

    def test_a_newer_schema(self, path):
        SQLiteProfileStore(path).close()
        tables(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        before = path.read_bytes()
        with pytest.raises(ConfigurationError, match=r"newer swapmatch.*pip install --upgrade"):
            SQLiteProfileStore(path)
        assert path.read_bytes() == before

    def test_a_database_without_its_identity(self, path):
        SQLiteProfileStore(path).close()
        tables(path, "DELETE FROM meta")
        with pytest.raises(StoreError, match="restore a copy"):
            SQLiteProfileStore(path)

    @pytest.mark.skipif(not Path("/proc/version").exists(), reason="there is no /proc here")
    def test_a_place_where_nobody_may_write(self):
        with pytest.raises(StoreError, match="may write the file") as error:
            SQLiteProfileStore("/proc/people.db")
        assert isinstance(error.value.__cause__, sqlite3.Error)

    @pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere")
    def test_a_file_that_may_only_be_read(self, path):
        SQLiteProfileStore(path).close()
        path.chmod(0o400)
        with pytest.raises(StoreError, match="cannot be written"):
            SQLiteProfileStore(path)

    def test_a_damaged_file(self, path):
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person(f"p{number}", bio="x" * 500) for number in range(200)])
        whole = path.read_bytes()
        path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
        with pytest.raises(StoreError, match="damaged"), closing(SQLiteProfileStore(path)) as store:
            store.get("p1")

    def test_an_empty_file_is_taken(self, path):
        path.touch()
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person("ana")])

    def test_a_file_knows_whose_it_is(self, path, store):
        with closing(sqlite3.connect(path)) as connection:
            pragmas = ("application_id", "user_version", "journal_mode")
            values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        assert values == [APPLICATION_ID, SCHEMA_VERSION, "wal"]


class TestSharing:
    def test_two_stores_on_one_file_see_each_other(self, path, store):
        with closing(SQLiteProfileStore(path)) as other:
            (ana,) = store.put([person("ana")])
            assert other.get("ana").rev == ana.rev
            cursor = end_of(other)
            other.put([person("ana", bio="2")])
            other.put_vectors("one", some_vectors())
            assert store.get("ana").profile.bio == "2"
            assert [change.uid for change in feed(store, cursor)] == ["ana"]
            assert store.encoder() == "one"
            with pytest.raises(EncoderMismatchError):
                store.put_vectors("two", {})
            store.delete("ana")
            with pytest.raises(ProfileNotFoundError):
                other.get("ana")

    def test_a_new_file_can_be_opened_by_many_at_once(self, path):
        stores = in_threads(lambda _: SQLiteProfileStore(path), 8)
        cursors = {store.changes(None).cursor for store in stores}
        for store in stores:
            store.close()
        assert len(cursors) == 1

    def test_several_processes_write_to_one_file(self, path, store):
        processes = [start(WRITE_SOME, path, name) for name in ("a", "b", "c")]
        for process in processes:
            process.communicate()
            assert process.returncode == 0
        changes = feed(store)
        assert len(changes) == 3 * 40 + 1
        assert len({change.rev for change in changes}) == len(changes)
        assert changes[-1].rev == 2 * 3 * 40

    def test_readers_do_not_wait_for_a_writer_elsewhere(self, path):
        with (
            closing(SQLiteProfileStore(path, timeout_s=0.1)) as store,
            closing(sqlite3.connect(path, isolation_level=None)) as other,
        ):
            store.put([person("ana")])
            other.execute("BEGIN IMMEDIATE")
            assert store.get("ana")
            assert len(feed(store)) == 1

    def test_a_file_locked_by_another_process_is_unavailable_after_the_timeout(self, path):
        with (
            closing(SQLiteProfileStore(path, timeout_s=0.1)) as store,
            closing(sqlite3.connect(path, isolation_level=None)) as other,
        ):
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match=r"locked.*try again") as error:
                store.put([person("ana")])
            assert isinstance(error.value.__cause__, sqlite3.OperationalError)
            other.execute("ROLLBACK")
            store.put([person("ana")])

    def test_a_thread_that_waits_too_long_for_another_is_told(self, path):
        with closing(SQLiteProfileStore(path, timeout_s=0.1)) as store:
            with (
                store._connections.writing("wait"),
                pytest.raises(StoreUnavailableError, match="another thread is writing"),
            ):
                store.put([person("ana")])
            store.put([person("ana")])

    def test_a_store_from_before_a_fork_is_refused(self, store, monkeypatch):
        monkeypatch.setattr(store._connections, "_pid", -1)
        for call in (lambda: store.get("ana"), lambda: store.put([person("ana")])):
            with pytest.raises(StoreError, match="open it again"):
                call()
        store.close()
        monkeypatch.undo()
        store.put([person("ana")])  # the parent's is still open

    def test_the_cursor_of_another_database_is_refused(self, tmp_path, store):
        store.put([person("ana")])
        with closing(SQLiteProfileStore(tmp_path / "other.db")) as other:
            other.put([person("ana")])
            with pytest.raises(StoreError, match="not one of this store's"):
                other.changes(end_of(store))

    def test_a_cursor_from_after_a_restored_copy_is_refused(self, path):
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person("ana")])
        copy = path.read_bytes()
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person("bo")])
            cursor = end_of(store)
        path.write_bytes(copy)
        with (
            closing(SQLiteProfileStore(path)) as store,
            pytest.raises(StoreError, match="older copy"),
        ):
            store.changes(cursor)

    def test_a_cursor_from_before_a_restored_copy_goes_on(self, path):
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person("ana")])
            cursor = end_of(store)
        copy = path.read_bytes()
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person("bo")])
        path.write_bytes(copy)
        with closing(SQLiteProfileStore(path)) as store:
            assert feed(store, cursor) == []
            store.put([person("cy")])
            assert [change.uid for change in feed(store, cursor)] == ["cy"]

    @pytest.mark.parametrize("more", [0, 1, 2, 3])
    def test_a_cursor_from_after_a_restored_copy_is_refused_however_much_is_written_since(self, path, more):
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person("ana")])
            copy = backup(path)
            store.put([person("bo"), person("cy")])  # by the store that wrote before the copy was made
            cursor = end_of(store)
        path.write_bytes(copy)
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person(f"p{number}") for number in range(more)])
            with pytest.raises(StoreError, match=r"older copy.*from the beginning"):
                store.changes(cursor)
            assert [change.uid for change in feed(store)] == ["ana", *(f"p{number}" for number in range(more))]
            assert feed(store, end_of(store)) == []

    def test_a_deletion_begins_another_past_too(self, path):
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person("ana"), person("bo")])
        copy = path.read_bytes()
        cursors = []
        for uid in ("ana", "bo"):
            path.write_bytes(copy)
            with closing(SQLiteProfileStore(path)) as store:
                store.delete(uid)
                cursors.append(end_of(store))
        with closing(SQLiteProfileStore(path)) as store:
            assert feed(store, cursors[1]) == []
            with pytest.raises(StoreError, match="older copy"):
                store.changes(cursors[0])

    def test_a_store_that_has_the_file_open_notices_that_it_went_back(self, path, store):
        with closing(sqlite3.connect(":memory:")) as copy, closing(sqlite3.connect(path)) as file:
            store.put([person("ana")])
            file.backup(copy)
            store.put([person("bo")])
            cursor = end_of(store)
            copy.backup(file)
        store.put([person("cy")])
        with pytest.raises(StoreError, match="older copy"):
            store.changes(cursor)
        assert [change.uid for change in feed(store)] == ["ana", "cy"]

    def test_a_copy_is_the_same_database_until_one_of_both_is_written_to(self, path, tmp_path):
        with closing(SQLiteProfileStore(path)) as store:
            store.put([person("ana")])
            cursor = end_of(store)
        other = tmp_path / "copy.db"
        other.write_bytes(path.read_bytes())
        with closing(SQLiteProfileStore(path)) as store, closing(SQLiteProfileStore(other)) as copied:
            assert copied.changes(cursor).cursor == store.changes(cursor).cursor == cursor
            store.put([person("bo")])
            with pytest.raises(StoreError, match="older copy"):
                copied.changes(end_of(store))
            copied.put([person("cy")])
            for one, another in ((store, copied), (copied, store)):
                assert len(feed(one, cursor)) == 1
                with pytest.raises(StoreError, match="older copy"):
                    one.changes(end_of(another))

    def test_cursors_stay_good_while_several_write_by_turns_and_open_again(self, path):
        cursors = []
        for turn in range(3):
            with closing(SQLiteProfileStore(path)) as one, closing(SQLiteProfileStore(path)) as other:
                for store in (one, other, one):
                    cursors.append(end_of(store))
                    store.put([person(f"p{turn}-{len(cursors)}")])
        with closing(SQLiteProfileStore(path)) as store:
            everybody = [change.uid for change in feed(store)]
            assert [[change.uid for change in feed(store, cursor)] for cursor in cursors] == [
                everybody[number:] for number in range(9)
            ]
        assert len(lineages(path)) == 6  # one for each store that wrote

    def test_who_writes_nothing_begins_no_lineage(self, path, store):
        store.put([])
        store.delete("nobody")
        store.put_vectors("one", some_vectors())
        beginning = end_of(store)
        with pytest.raises(ConflictError):
            store.put([person("ana")], expected_rev=1)
        assert lineages(path) == []
        store.put([person("ana")])
        with closing(SQLiteProfileStore(path)) as other:
            other.put([person("ana")])
            assert [change.uid for change in feed(other, beginning)] == ["ana"]
        assert [first for first, _ in lineages(path)] == [1]

    @pytest.mark.parametrize("digits", ["", "-1", "x", "\u0661", "9" * 20, "9" * 5000])
    def test_a_cursor_with_no_rev_is_refused(self, store, digits):
        name = end_of(store).rpartition(":")[0]
        with pytest.raises(StoreError, match="not one of this store's"):
            store.changes(Cursor(f"{name}:{digits}"))

    def test_cursors_survive_a_vacuum(self, path, store):
        store.put([person("ana"), person("bo")])
        cursor = end_of(store)
        store.delete("ana")
        tables(path, "VACUUM")
        assert [change.uid for change in feed(store, cursor)] == ["ana"]

    def test_a_cursor_at_a_person_who_was_deleted_for_good_is_not_ahead(self, path, store):
        store.put([person("ana")])
        cursor = end_of(store)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DELETE FROM people")
            connection.commit()
        assert store.changes(cursor).items == ()


class TestNextEncoder:
    @pytest.fixture
    def prepared(self, path, store):
        """A store in which "one" counts and "two" is prepared."""
        store.put_vectors("one", some_vectors())
        store.prepare_encoder("two")
        store.put_vectors("two", some_vectors(seed=2))
        return store

    def test_another_store_and_another_process_go_on_when_the_encoder_changes(self, path, prepared):
        with closing(SQLiteProfileStore(path)) as other, start(GO_ON, path, "", stdin=subprocess.PIPE) as process:
            assert process.stdout.readline() == "7 7 7\n"
            for _ in range(2):
                other.put_vectors("one", some_vectors())
                assert same(other.get_vectors("one", KEYS), some_vectors())
            prepared.use_encoder("two")
            out, _ = process.communicate("\n")
            assert out.splitlines() == ["0 7 7", "refused", "1 two"]
            assert other.get_vectors("one", KEYS) == {}
            assert same(other.get_vectors("two", KEYS), some_vectors(seed=2))
            assert other.counts().skills == 8
            with pytest.raises(EncoderMismatchError, match=r"two.*one"):
                other.put_vectors("one", some_vectors())

    def test_a_reader_of_the_old_vectors_holds_nobody_up(self, prepared):
        with prepared._connections.reading("look") as connection:
            connection.execute("BEGIN")
            assert connection.execute("SELECT count(*) FROM skill_vectors").fetchone() == (7,)
            prepared.use_encoder("two")
            assert same(skill_vectors.find(connection, "one", KEYS), some_vectors())
            connection.execute("COMMIT")
            assert same(skill_vectors.find(connection, "two", KEYS), some_vectors(seed=2))

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
    def test_whoever_is_killed_while_the_encoder_changes_leaves_all_as_before_or_all_as_after(self, path, prepared):
        prepared.close()
        done = subprocess.run([sys.executable, "-c", KILL_EVERYWHERE, path], capture_output=True, text=True, check=True)
        found = [self.left_by_the_killed(path.with_name(f"{number}.db")) for number in range(int(done.stdout) + 1)]
        assert found == sorted(found)  # "one", then "two"
        assert found.count("one") > 5  # statements of a transaction
        assert found.count("two") > 5  # with those that delete by and by

    def left_by_the_killed(self, path):
        """Return which encoder counts in a file, once it and the other are seen to be whole."""
        with closing(SQLiteProfileStore(path)) as store:
            encoder = store.encoder()
            assert same(store.get_vectors("two", KEYS), some_vectors(seed=2))
            assert same(store.get_vectors("one", KEYS), some_vectors() if encoder == "one" else {})
            store.use_encoder("two")
            assert same(store.get_vectors("two", KEYS), some_vectors(seed=2))
            assert store.get_vectors("one", KEYS) == {}
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM next_vectors").fetchone() == (0,)
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return encoder

    def test_old_vectors_are_deleted_by_and_by_so_that_others_can_write(self, path, prepared, monkeypatch):
        monkeypatch.setattr(skill_vectors, "SWEPT", 2)
        with closing(SQLiteProfileStore(path, timeout_s=0.0)) as other:
            monkeypatch.setattr(time, "sleep", lambda _: other.put([person("ana", bio=str(end_of(other)))]))
            prepared.use_encoder("two")
            assert other.get("ana").rev == 3  # after 2, 4 and 6 of 7

    def test_nobody_sweeps_what_was_prepared_meanwhile(self, path, prepared, monkeypatch):
        monkeypatch.setattr(skill_vectors, "SWEPT", 2)

        def prepare(_):
            monkeypatch.undo()
            prepared.prepare_encoder("three")
            prepared.put_vectors("three", some_vectors(seed=3))

        monkeypatch.setattr(time, "sleep", prepare)
        prepared.use_encoder("two")
        assert same(prepared.get_vectors("three", KEYS), some_vectors(seed=3))

    def test_no_byte_of_the_old_vectors_stays_after_a_checkpoint(self, path, prepared):
        old = some_vectors()["guitar"].tobytes()
        assert old in backup(path)
        prepared.use_encoder("two")
        assert old not in backup(path)
        assert some_vectors(seed=2)["guitar"].tobytes() in path.read_bytes()


class TestOlderFiles:
    @pytest.fixture
    def old(self, path):
        """A file as the first version left it: Ana, Bo, who is gone, and the vector of a skill."""
        tables(
            path,
            "PRAGMA journal_mode = WAL",
            "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            """
            CREATE TABLE people (
                rev INTEGER PRIMARY KEY AUTOINCREMENT,
                uid TEXT NOT NULL UNIQUE,
                profile TEXT,        -- JSON without uid and timestamps
                email_hash BLOB,
                created_at INTEGER,  -- microseconds since 1970, UTC
                updated_at INTEGER
            )
            """,
            "CREATE INDEX people_by_email ON people (email_hash, uid) WHERE email_hash IS NOT NULL",
            "CREATE TABLE skill_vectors (hash BLOB PRIMARY KEY, vector BLOB NOT NULL)",
            "INSERT INTO meta VALUES ('identity', '0123456789abcdef'), ('encoder', 'one')",
            f"PRAGMA application_id = {APPLICATION_ID}",
            "PRAGMA user_version = 1",
            """INSERT INTO people VALUES (2, 'ana', '{"skills_to_offer":"Python","services_needed":"guitar",
            "dm_open":true,"email_updates":true,"show_city":true,"facets":{}}', NULL, 1000000, 2000000)""",
            "INSERT INTO people VALUES (3, 'bo', NULL, NULL, 0, 0)",
            f"INSERT INTO skill_vectors VALUES (x'{rows.hashed('guitar').hex()}', x'{'0000803f' * 4}')",
        )
        return path

    def test_a_file_of_the_first_version_is_brought_up_to_date_and_nothing_is_lost(self, old):
        for _ in range(2):
            with closing(SQLiteProfileStore(old)) as store:
                assert [(change.uid, change.rev, change.stored is None) for change in feed(store)] == [
                    ("ana", 2, False),
                    ("bo", 3, True),
                ]
                ana = store.get("ana").profile
                assert (ana.offers, ana.needs) == (("Python",), ("guitar",))
                assert ana.updated_at == datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)
                assert store.get_vectors("one", ["guitar"])["guitar"].tolist() == [1.0] * 4
        with closing(sqlite3.connect(old)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)

    def test_its_cursors_stay_good(self, old):
        with closing(SQLiteProfileStore(old)) as store:
            cursor = Cursor("0123456789abcdef:2")
            assert [change.uid for change in feed(store, cursor)] == ["bo"]
            (cy,) = store.put([person("cy")])
            assert cy.rev == 4
            assert [change.uid for change in feed(store, cursor)] == ["bo", "cy"]
            with pytest.raises(StoreError, match="older copy"):
                store.changes(Cursor("0123456789abcdef:4"))

    def test_many_may_open_it_at_once(self, old):
        for store in in_threads(lambda _: SQLiteProfileStore(old), 8):
            with closing(store):
                assert store.get("ana")

    @pytest.mark.parametrize("version", [1, 2])
    def test_another_encoder_can_be_prepared_in_it(self, old, version):
        if version == 2:
            tables(old, "PRAGMA user_version = 2", "CREATE TABLE lineages (first_rev INTEGER PRIMARY KEY, name TEXT)")
        with closing(SQLiteProfileStore(old)) as store:
            assert store.get("ana")
            store.prepare_encoder("two")
            store.put_vectors("two", some_vectors())
            assert store.get_vectors("one", ["guitar"])["guitar"].tolist() == [1.0] * 4
            assert store.counts().skills == 1
            store.use_encoder("two")
            assert store.counts().skills == len(KEYS)
        with closing(sqlite3.connect(old)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (3,)

    def test_an_upgrade_that_fails_leaves_it_as_it_was(self, old, monkeypatch):
        monkeypatch.setitem(schema._UPGRADES, 2, "CREATE TABLE meta (name)")
        with pytest.raises(StoreError):
            SQLiteProfileStore(old)
        monkeypatch.undo()
        with closing(SQLiteProfileStore(old)) as store:
            assert store.get("ana")


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be moved here")
class TestFilesThatAreMoved:
    @pytest.fixture(params=["deleted", "moved", "replaced", "replaced while a write runs"])
    def lost(self, path, store, request, monkeypatch):
        """A store whose file is no longer at its path."""
        store.put([person("ana")])
        store.get("ana")
        with closing(SQLiteProfileStore(path.with_name("other.db"))) as other:
            other.put([person("bo")])

        def lose():
            if request.param == "deleted":
                path.unlink()
            elif request.param == "moved":
                path.rename(path.with_name("moved.db"))
            else:
                path.with_name("other.db").replace(path)
                # SQLite would take the old one's log for the new one's.
                path.with_name(f"{path.name}-wal").unlink()
                path.with_name(f"{path.name}-shm").unlink()
            monkeypatch.undo()
            return datetime.now(UTC)

        if request.param == "replaced while a write runs":
            monkeypatch.setattr(profile_stores, "now", lose)
        else:
            lose()
        return store

    def test_nothing_is_acknowledged_any_more(self, path, lost):
        calls = (
            lambda: lost.put([person("cy")]),
            lambda: lost.delete("ana"),
            lambda: lost.put_vectors("one", some_vectors()),
            lambda: lost.use_encoder("one"),
            lambda: lost.changes(None),
            lambda: lost.get("ana"),
        )
        for call in calls:
            with pytest.raises(StoreUnavailableError, match=r"no longer the database.*nothing was written; restart"):
                call()

    def test_a_new_store_takes_what_is_at_the_path_now(self, path, lost):
        with pytest.raises(StoreUnavailableError):
            lost.put([person("cy")])
        with closing(SQLiteProfileStore(path)) as opened:
            assert {change.uid for change in feed(opened)} <= {"bo"}
            opened.put([person("cy")])
            lost.close()  # and takes nothing of the other file with it
            assert opened.get("cy")

    def test_a_file_that_comes_back_is_used_again(self, path, store):
        moved = path.rename(path.with_name("moved.db"))
        with pytest.raises(StoreUnavailableError):
            store.put([person("ana")])
        moved.rename(path)
        store.put([person("ana")])
        assert store.get("ana")

    def test_a_link_to_the_file_is_as_good_as_the_file(self, path, tmp_path):
        path.touch()
        (tmp_path / "link.db").symlink_to(path)
        with closing(SQLiteProfileStore(tmp_path / "link.db")) as store:
            store.put([person("ana")])
            assert store.get("ana")


class TestDurability:
    @pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL here")
    def test_killed_writers_lose_nothing_that_was_acknowledged(self, path):
        chance = random.Random(7)
        seen = {"put": set(), "deleting": set(), "deleted": set()}
        for kill in range(KILLS):
            process = start(WRITE_FOR_EVER, path, f"k{kill}")
            lines = [process.stdout.readline() for _ in range(chance.randint(1, 25))]
            time.sleep(chance.random() * 0.01)
            process.kill()
            lines += process.stdout.read().splitlines(keepends=True)
            process.wait()
            process.stdout.close()
            for line in lines:
                if not line.endswith("\n"):  # the pipe broke off in it
                    continue
                action, *uids = line.split()
                seen[action].update(uids)
            self.check(path, seen["put"] - seen["deleting"], seen["deleted"])

    def check(self, path, alive, gone):
        with closing(SQLiteProfileStore(path)) as store:
            assert store.get_many(list(alive)).keys() == alive
            there = [change for change in feed(store) if change.stored]
            assert not gone & {change.uid for change in there}
            for change in there:
                assert change.stored.profile == Profile.model_validate(change.stored.profile.model_dump())
                assert change.stored.profile.bio == change.uid * 20
            batches = {change.uid.rsplit("-", 1)[0] for change in feed(store)}
            assert 5 * len(batches) == len(feed(store))  # no batch is there in part
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def test_a_full_disk_is_told_in_words_and_nothing_of_the_batch_is_written(self, store):
        store.put([person("ana")])
        before = feed(store)
        writer = store._connections._writer
        (pages,) = writer.execute("PRAGMA page_count").fetchone()
        writer.execute(f"PRAGMA max_page_count = {pages + 5}")
        batch = [person("ana", bio="new"), *(person(f"p{n}", bio="x" * 900) for n in range(500))]
        with pytest.raises(StoreError, match="disk is full and nothing of this call") as error:
            store.put(batch)
        assert isinstance(error.value.__cause__, sqlite3.OperationalError)
        with pytest.raises(StoreError, match="disk is full"):
            store.put_vectors("one", some_vectors(tuple(f"skill {n}" for n in range(200))))
        assert feed(store) == before
        assert store.encoder() is None
        writer.execute("PRAGMA max_page_count = 1000000")
        store.put(batch)
        assert len(feed(store)) == len(batch)

    def test_an_interrupted_write_leaves_nothing(self, store, monkeypatch):
        def interrupt():
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(profile_stores, "now", interrupt)
            with pytest.raises(KeyboardInterrupt):
                store.put([person("ana")])
        assert feed(store) == []
        store.put([person("ana")])

    def test_what_is_acknowledged_is_on_the_disk_and_what_is_deleted_overwritten(self, store):
        writer = store._connections._writer
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
        assert writer.execute("PRAGMA secure_delete").fetchone() == (1,)

    def test_no_byte_of_a_deleted_person_stays_after_a_checkpoint(self, path, store):
        canary = {
            "email": "canary-mail@example.org",
            "bio": "canary-bio " * 300,
            "skills_to_offer": "canary-skill",
            "facets": {"canary_facet": "canary-value"},
        }
        uids = [f"p{number * 37 % 101}" for number in range(101)]
        store.put([person(uid, email=f"{uid}@example.org", bio=uid * 60) for uid in uids])
        store.put([person("gone", **canary), person("changed", **canary)])
        store.put_vectors("one", some_vectors(("canary-skill",)))
        store.delete("gone")
        store.put([person("changed")])
        store._connections._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for file in path.parent.iterdir():
            assert b"canary" not in file.read_bytes(), file.name
        assert b"p1p1p1" in path.read_bytes()

    def test_a_clock_that_is_set_back_never_moves_updated_at_back(self, store, monkeypatch):
        (first,) = store.put([person("ana")])
        yesterday = datetime.now(UTC) - timedelta(days=1)
        monkeypatch.setattr(profile_stores, "now", lambda: yesterday)
        (second,) = store.put([person("ana", bio="new")])
        assert second.profile.updated_at == first.profile.updated_at
        assert second.profile.updated_at >= second.profile.created_at

    @pytest.mark.parametrize("moment", ["1970-01-01T00:00:00.000001Z", "2199-12-31T23:59:59.999999Z"])
    def test_timestamps_are_exact_to_the_microsecond(self, store, monkeypatch, moment):
        monkeypatch.setattr(profile_stores, "now", lambda: datetime.fromisoformat(moment))
        store.put([everything("ana")])
        assert store.get("ana").profile.created_at == datetime.fromisoformat(moment)


class TestConnections:
    def test_as_many_readers_as_calls_at_once_and_few_stay_open(self, store):
        store.put([person("ana")])
        with closing(store):
            in_threads(lambda _: [store.get("ana") for _ in range(20)], 24)
            assert len(store._connections._idle) <= 8

    def test_a_reader_that_is_given_back_after_closing_is_closed(self, store):
        with store._connections.reading("wait") as connection:
            store.close()
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(sqlite3.ProgrammingError):
            connection.execute("SELECT 1")

    def test_an_unexpected_error_of_the_driver_is_a_store_error(self, store):
        with (
            pytest.raises(StoreError, match=r"could not look in .*no such table"),
            store._connections.reading("look") as connection,
        ):
            connection.execute("SELECT * FROM absent")
