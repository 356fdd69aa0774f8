"""`swapmatch reindex`: everybody is embedded anew while the encoder so far serves."""

from __future__ import annotations

import io
import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from swapmatch import Matcher, Profile, following, registry
from swapmatch.cli import reindex
from swapmatch.encoders import caching
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import EncoderError

OTHER = ("--encoder", "hashing:64")
DB = "swapmatch.db"


class NewEncoder:
    """What the encoder of 64 dimensions is seen to do, but for the text that it is tried with."""

    def __init__(self):
        self.texts = []
        self.calls = 0
        self.before = lambda: None  # is called before each encoding


@pytest.fixture
def new_encoder(monkeypatch):
    new = NewEncoder()
    encode = HashingEncoder.encode
    monkeypatch.setattr(reindex, "PROBE", "nobody's skill")

    def noted(self, texts):
        if self.dimension == 64 and list(texts) != [reindex.PROBE]:
            new.calls += 1
            new.before()
            new.texts.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(HashingEncoder, "encode", noted)
    return new


def opened(dimension):
    return Matcher.open(DB, encoder=HashingEncoder(dimension=dimension), vectors="exact:unsaved")


def found(matcher, skill):
    return [hit.profile.uid for hit in matcher.search(skill, threshold=0.9)]


@pytest.mark.usefixtures("community")
def test_a_database_of_another_encoder_is_refused_and_reindex_repairs_it(swapmatch):
    refused = swapmatch("match", "--uid", "ana", *OTHER)
    assert refused.code == 2
    assert "hashing-lexical-1/256" in refused.err
    assert "swapmatch reindex" in refused.err

    result = swapmatch("reindex", "--yes", *OTHER)
    assert result.code == 0
    assert "4 people; 4 distinct skills to embed with hashing-lexical-1/64" in result.err
    assert "the vectors of hashing-lexical-1/256 count until all of these are embedded" in result.err
    assert "4 skills of 4 people embedded" in result.err
    assert len(swapmatch("match", "--uid", "ana", "--json", *OTHER).json) == 2
    assert swapmatch("match", "--uid", "ana").code == 2


@pytest.mark.usefixtures("community")
def test_reindex_with_the_same_encoder_has_nothing_to_do(swapmatch):
    result = swapmatch("reindex")
    assert result.code == 0
    assert "0 skills of 4 people embedded" in result.err


@pytest.mark.usefixtures("community")
def test_reindex_asks_before_it_deletes(swapmatch):
    result = swapmatch("reindex", *OTHER)
    assert result.code == 2
    assert "add --yes" in result.err
    assert swapmatch("match", "--uid", "ana").code == 0

    assert swapmatch("reindex", *OTHER, stdin=b"n\n", is_terminal=True).code == 1
    assert swapmatch("match", "--uid", "ana").code == 0
    assert swapmatch("reindex", *OTHER, stdin=b"y\n", is_terminal=True).code == 0
    assert swapmatch("match", "--uid", "ana", *OTHER).code == 0


@pytest.mark.usefixtures("community")
def test_reindex_keeps_the_old_vectors_where_the_new_encoder_does_not_work(swapmatch, monkeypatch):
    def fail(self, texts):
        raise EncoderError("no model")

    with monkeypatch.context() as broken:
        broken.setattr("swapmatch.encoders.hashing.HashingEncoder.encode", fail)
        assert swapmatch("reindex", "--yes", *OTHER).code == 6
    assert swapmatch("match", "--uid", "ana").code == 0


def test_reindex_has_nothing_to_do_for_a_store_without_vectors(swapmatch, monkeypatch):
    monkeypatch.setattr(registry, "open_profile_store", lambda _: io.BytesIO())  # something to close, no more
    result = swapmatch("reindex", "--db", "memory:")
    assert result.code == 2
    assert "memory: keeps no vectors" in result.err


# while others serve


@pytest.mark.usefixtures("community")
def test_who_serves_goes_on_meanwhile_and_afterwards(swapmatch, new_encoder, monkeypatch, caplog):
    monkeypatch.setenv("SWAPMATCH_VECTORS", "exact:unsaved")  # nobody looks again after the change
    newcomers = ["juggling", "origami", "falconry"]

    def come():
        if newcomers:
            skill = newcomers.pop()
            old.put(Profile(uid=skill, skills_to_offer=skill))
            assert found(old, skill) == [skill]
            assert len(old.match("ana")) == 2
            old.put(Profile(uid="dora", skills_to_offer="knitting", bio=skill))
            assert old.profiles.encoder() == "hashing-lexical-1/256"

    new_encoder.before = come
    with opened(256) as old:
        assert swapmatch("reindex", "--yes", *OTHER).code == 0
        assert new_encoder.calls == 4  # the community, and each newcomer in a look of its own
        assert len(old.match("ana")) == 2
        with caplog.at_level(logging.WARNING):
            for skill in ("archery", "beekeeping"):
                old.put(Profile(uid=skill, skills_to_offer=skill))
                assert found(old, skill) == [skill]
        assert [record.message[:38] for record in caplog.records] == ["restart with the encoder that counts n"]
        new_encoder.texts.clear()
        with opened(64) as new:
            assert sorted(new_encoder.texts) == ["archery", "beekeeping"]
            assert len(new.match("ana")) == 2
            for skill in ("juggling", "origami", "falconry", "archery", "beekeeping"):
                assert found(new, skill) == [skill]
    assert swapmatch("search", "chess").code == 2  # the old encoder is not taken any more


@pytest.mark.usefixtures("community")
def test_a_start_with_the_new_encoder_embeds_nothing(swapmatch, new_encoder):
    assert swapmatch("reindex", "--yes", *OTHER).code == 0
    new_encoder.texts.clear()
    with opened(64) as matcher:
        assert len(matcher.vectors) == 4
        assert len(matcher.match("ana")) == 2
    assert new_encoder.texts == []


@pytest.mark.usefixtures("community")
def test_an_interrupted_reindex_changes_nothing_for_others_and_goes_on_where_it_was(
    swapmatch, new_encoder, monkeypatch
):
    def interrupt():
        if new_encoder.calls == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(caching, "BATCH", 1)
    new_encoder.before = interrupt
    assert swapmatch("reindex", "--yes", *OTHER).code == 130
    assert swapmatch("match", "--uid", "ana").code == 0
    assert swapmatch("match", "--uid", "ana", *OTHER).code == 2
    assert swapmatch("import", "people.jsonl").code == 0
    assert len(new_encoder.texts) == 2

    result = swapmatch("reindex", "--yes", *OTHER)
    assert result.code == 0
    assert "4 people; 2 distinct skills to embed with hashing-lexical-1/64" in result.err
    assert "2 skills of 4 people embedded" in result.err
    assert sorted(new_encoder.texts) == ["chess", "guitar lessons", "knitting", "python"]


KILLED = """
import os, signal
from swapmatch import cli
from swapmatch.encoders import caching, hashing

caching.BATCH = 1
encode, calls = hashing.HashingEncoder.encode, []


def killed(self, texts):
    calls.append(texts)
    if len(calls) == 4:  # one of them to try the encoder
        os.kill(os.getpid(), signal.SIGKILL)
    return encode(self, texts)


hashing.HashingEncoder.encode = killed
cli.run(["reindex", "--yes", "--encoder", "hashing:64"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL here")
@pytest.mark.usefixtures("community")
def test_a_killed_reindex_goes_on_where_it_was(swapmatch, new_encoder):
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert swapmatch("match", "--uid", "ana").code == 0
    assert swapmatch("reindex", "--yes", *OTHER).code == 0
    assert len(new_encoder.texts) == 2


@pytest.mark.usefixtures("community")
def test_whoever_changes_their_mind_gets_rid_of_what_was_begun(swapmatch, new_encoder):
    new_encoder.before = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        swapmatch("reindex", "--yes", *OTHER)
    new_encoder.before = lambda: None
    assert swapmatch("reindex").code == 0
    result = swapmatch("reindex", "--yes", *OTHER)
    assert "4 skills of 4 people embedded" in result.err


@pytest.mark.usefixtures("community")
def test_reindex_says_whom_to_restart(swapmatch):
    result = swapmatch("reindex", "--yes", *OTHER)
    told = "restart whatever still runs with hashing-lexical-1/256, with SWAPMATCH_ENCODER=hashing:64"
    assert result.err.splitlines()[-1] == told
    assert "restart" not in swapmatch("reindex", *OTHER).err


# the saved index


@pytest.mark.usefixtures("community")
def test_the_index_is_saved_for_a_quick_start_and_who_runs_with_the_old_encoder_leaves_it_alone(swapmatch, monkeypatch):
    monkeypatch.setattr(following, "SAVED_FROM", 1)
    index = Path(f"{DB}-index")
    with Matcher.open(DB, encoder=HashingEncoder()) as old:
        assert swapmatch("reindex", "--yes", *OTHER).code == 0
        saved = index.read_bytes()
        old.put_many([Profile(uid=f"p{number}", skills_to_offer="chess") for number in range(9)])
    assert index.read_bytes() == saved
    read = []
    entry = following._entry
    monkeypatch.setattr(following, "_entry", lambda stored: read.append(stored.profile.uid) or entry(stored))
    with Matcher.open(DB, encoder=HashingEncoder(dimension=64)) as matcher:
        assert len(matcher.vectors) == 13
    assert len(read) == 9


@pytest.mark.parametrize("name", ["exact:unsaved", "other:"])
@pytest.mark.usefixtures("community")
def test_where_no_index_is_saved_none_is_made(swapmatch, monkeypatch, name):
    monkeypatch.setattr(registry, "open_vector_store", lambda name: pytest.fail(f"{name} was opened"))
    monkeypatch.setenv("SWAPMATCH_VECTORS", name)
    assert swapmatch("reindex", "--yes", *OTHER).code == 0


@pytest.mark.usefixtures("community")
def test_an_index_that_cannot_be_saved_is_told_and_no_more(swapmatch):
    Path(f"{DB}-index").mkdir()
    result = swapmatch("reindex", "--yes", *OTHER)
    assert result.code == 0
    assert "warning: the next start will take longer: " in result.err
    assert "restart whatever" in result.err
    Path(f"{DB}-index").rmdir()
    assert swapmatch("match", "--uid", "ana", *OTHER).code == 0
