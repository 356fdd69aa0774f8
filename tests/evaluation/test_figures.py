import random

import pytest

from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import ConfigurationError, InvalidQueryError, PeopleFileError
from swapmatch.evaluation import WAYS, Dataset, evaluate
from swapmatch.evaluation.brute_force import BruteForce
from swapmatch.matcher import Matcher
from swapmatch.scoring import Scoring

SKILLS = "guitar, piano, cooking, baking, swimming, cycling, python, knitting, drawing, German, Dutch, gardening"


def community(people, seed=1):
    chance = random.Random(seed)
    skills = SKILLS.split(", ")
    rows = []
    for number in range(people):
        offers, needs = chance.sample(skills, chance.randint(1, 3)), chance.sample(skills, chance.randint(1, 3))
        rows.append((f"p{number}", "; ".join(offers), "; ".join(needs), frozenset(offers), frozenset(needs)))
    return rows


def by_name(figures, way):
    return {figure.name: figure for figure in figures if figure.way == way}


def test_every_way_gets_its_figures_on_the_same_people():
    figures = evaluate(Dataset.of("some", community(80)), HashingEncoder(), sample=30, seed=3)
    assert list(dict.fromkeys(figure.way for figure in figures)) == list(WAYS)
    assert set(by_name(figures, "wap")) == {"ndcg@10", "share_without_result", "recall@10_of_pooled"}
    assert set(by_name(figures, "pooled")) == {"ndcg@10", "share_without_result", "recall@10_of_pooled"}
    ours = by_name(figures, "swapmatch")
    assert set(ours) == {"ndcg@10", "share_without_result", "recall@10_of_formula", "match_p50_ms"}
    assert ours["recall@10_of_formula"].value == 1.0
    assert ours["recall@10_of_formula"].sample == 20
    assert ours["ndcg@10"].value > 0.95
    assert ours["match_p50_ms"].value > 0
    assert by_name(figures, "pooled")["recall@10_of_pooled"].value == 1.0
    assert {(figure.dataset, figure.n, figure.seed) for figure in figures} == {("some", 80, 3)}
    assert ours["ndcg@10"].sample == 30


def test_the_same_seed_gives_the_same_figures():
    dataset = Dataset.of("some", community(60))
    quality = [
        [figure for figure in evaluate(dataset, HashingEncoder(), sample=10) if figure.name != "match_p50_ms"]
        for _ in range(2)
    ]
    assert quality[0] == quality[1]


def test_people_beyond_the_limits_are_left_out_and_their_loss_is_a_figure_of_its_own():
    everything = frozenset(SKILLS.split(", "))
    many = "; ".join([*sorted(everything), *(f"skill {number}" for number in range(33))])
    rows = [*community(60), ("all", many, many, everything, everything)]
    figures = evaluate(Dataset.of("some", rows), HashingEncoder(), sample=30, ways=["swapmatch"])
    ours = by_name(figures, "swapmatch")
    assert ours["ndcg@10"].n == 60
    assert ours["ndcg@10_of_whole_file"].value < ours["ndcg@10"].value


def test_progress_goes_to_stderr_or_to_a_function(capsys):
    dataset = Dataset.of("some", community(30))
    evaluate(dataset, HashingEncoder(), sample=3)
    assert capsys.readouterr() == ("", "")
    evaluate(dataset, HashingEncoder(), sample=3, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "30 people: asking swapmatch about 3" in err
    told = []
    evaluate(dataset, HashingEncoder(), sample=3, progress=told.append)
    assert told == err.splitlines()


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("ways", {"ways": ["wap", "magic"]}),
        ("ways", {"ways": []}),
        ("sample", {"sample": 0}),
        ("limit", {"limit": 0}),
        ("formula_sample", {"formula_sample": 0}),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(field, arguments):
    with pytest.raises(InvalidQueryError, match=field.removesuffix("s")) as caught:
        evaluate(Dataset.of("some", community(5)), HashingEncoder(), **arguments)
    assert caught.value.field == field


def test_a_data_set_without_any_two_way_pair_is_refused():
    rows = [("a", "x", "y", frozenset("x"), frozenset("y")), ("b", "x", "y", frozenset("x"), frozenset("y"))]
    for people in (rows, []):
        with pytest.raises(PeopleFileError, match="nothing to measure"):
            evaluate(Dataset.of("some", people), HashingEncoder())


def test_the_brute_force_scores_a_worked_example():
    rows = [
        ("me", "guitar", "python; baking", frozenset(), frozenset()),
        ("one of two", "python", "guitar", frozenset(), frozenset()),
        ("nothing", "", "guitar", frozenset(), frozenset()),
    ]
    encoder = HashingEncoder()
    same = float(encoder.relevance(encoder.encode(["x"]) @ encoder.encode(["x"]).T)[0, 0])
    # python and baking share no part, so their cosine lies below the floor: half of my needs are met.
    receives, gives = 0.5 * (same / 2) + 0.5 * same, same
    scores = BruteForce(Dataset.of("worked", rows), encoder, Scoring(relevance=encoder.relevance)).scores(0)
    assert scores == pytest.approx([0.0, 2 * receives * gives / (receives + gives), 0.0])


def test_the_brute_force_gives_people_without_needs_or_beyond_the_limits_nothing():
    many = "; ".join(f"skill {number}" for number in range(33))
    rows = [("me", "guitar", "python"), ("a", "python", ""), ("b", many, "guitar"), ("c", "python", "guitar")]
    dataset = Dataset.of("some", [(*row, frozenset(), frozenset()) for row in rows])
    encoder = HashingEncoder()
    brute_force = BruteForce(dataset, encoder, Scoring(relevance=encoder.relevance))
    assert [score > 0 for score in brute_force.scores(0)] == [False, False, False, True]
    assert not brute_force.scores(1).any()


def test_one_way_alone_gets_its_figures_and_none_that_cannot_be_known():
    rows = [("a", "x", "y", frozenset("x"), frozenset("y")), ("b", "z", "w", frozenset("y"), frozenset("x"))]
    figures = evaluate(Dataset.of("strangers", rows), HashingEncoder(), ways=["wap"])
    assert {figure.name: figure.value for figure in figures} == {"ndcg@10": 0.0, "share_without_result": 1.0}
    figures = evaluate(Dataset.of("some", community(20)), HashingEncoder(), ways=["pooled"])
    assert {figure.way for figure in figures} == {"pooled"}


def test_the_brute_force_and_the_matcher_give_one_score():
    dataset = Dataset.of("some", community(50))
    encoder = HashingEncoder()
    with Matcher.open(
        "memory:", encoder=encoder, scoring=Scoring(relevance=encoder.relevance, neighbours=5)
    ) as matcher:
        matcher.put_many(
            {"uid": uid, "skills_to_offer": offers, "services_needed": needs}
            for uid, offers, needs in zip(dataset.uids, dataset.offers, dataset.needs, strict=True)
        )
        brute_force = BruteForce(dataset, encoder, matcher.scoring)
        for seeker in range(50):
            scores = brute_force.scores(seeker)
            matches = matcher.match(dataset.uids[seeker], limit=50)
            found = {match.profile.uid: match.score for match in matches}
            assert [found.get(uid, 0.0) for uid in dataset.uids] == pytest.approx(scores.tolist(), abs=1e-5)


def test_the_brute_force_knows_the_harmonic_mean_only():
    with pytest.raises(ConfigurationError, match="minimum"):
        BruteForce(Dataset.of("some", community(5)), HashingEncoder(), Scoring(fusion="minimum"))
