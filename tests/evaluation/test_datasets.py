import gzip
import json
import random

import numpy as np
import pytest

from swapmatch.errors import InvalidQueryError, PeopleFileError
from swapmatch.evaluation import Dataset, load_dataset

CSV = "uid,country,offers,needs\n1,NL,C++;None,Go\n2,,Go, C++ ;Rust\n3,DE,,C++\n"
PERSON = {
    "uid": "ana",
    "skills_to_offer": "mends bikes",
    "services_needed": "Spanish",
    "offer_ids": ["bike repair"],
    "need_ids": ["es"],
}


def some_people(count, seed):
    chance = random.Random(seed)
    skills = [f"s{number}" for number in range(12)]
    people = []
    for number in range(count):
        offers = frozenset(chance.sample(skills, chance.randint(0, 4)))
        needs = frozenset(chance.sample(skills, chance.randint(0, 4)))
        people.append((f"p{number}", "; ".join(sorted(offers)), "; ".join(sorted(needs)), offers, needs))
    return Dataset.of("some", people)


def worked_out(dataset, person):
    """Return the true values by the definition, pair by pair."""
    my_needs, my_offers = dataset.need_ids[person], dataset.offer_ids[person]
    values = []
    for other in range(len(dataset)):
        met = [skill in dataset.offer_ids[other] for skill in my_needs]
        given = [skill in my_offers for skill in dataset.need_ids[other]]
        a = sum(met) / len(met) if met else 0
        b = sum(given) / len(given) if given else 0
        values.append(2 * a * b / (a + b) if a + b and other != person else 0)
    return values


@pytest.mark.parametrize("seed", range(5))
def test_the_truth_equals_the_definition_pair_by_pair(seed):
    dataset = some_people(40, seed)
    for person in range(len(dataset)):
        np.testing.assert_allclose(dataset.truth(person), worked_out(dataset, person))


def test_the_truth_of_a_worked_example():
    people = [
        ("me", "", "", frozenset("ab"), frozenset("xyz")),
        ("half", "", "", frozenset("x"), frozenset("ac")),
        ("one-sided", "", "", frozenset("xyz"), frozenset("c")),
    ]
    # They offer 1 of my 3 needs, I offer 1 of their 2.
    expected = 2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2)
    np.testing.assert_allclose(Dataset.of("worked", people).truth(0), [0, expected, 0])


def test_seekers_are_drawn_by_the_seed_from_those_with_somebody_to_swap_with():
    dataset = some_people(60, 1)
    able = {person for person in range(60) if max(worked_out(dataset, person)) > 0}
    assert 0 < len(able) < 60
    assert set(dataset.seekers(1_000, seed=1)) == able
    few = dataset.seekers(5, seed=1)
    assert len(few) == len(set(few)) == 5
    assert few == dataset.seekers(5, seed=1)
    assert few != dataset.seekers(5, seed=2)
    assert few == dataset.seekers(10, seed=1)[:5]


def test_a_subset_is_drawn_by_the_seed_and_keeps_the_order():
    dataset = some_people(60, 1)
    subset = dataset.subset(10, seed=1)
    assert len(subset) == 10
    places = [dataset.uids.index(uid) for uid in subset.uids]
    assert places == sorted(places)
    assert [dataset.offers[place] for place in places] == list(subset.offers)
    assert subset == dataset.subset(10, seed=1) != dataset.subset(10, seed=2)
    assert dataset.subset(60, seed=1) is dataset
    with pytest.raises(InvalidQueryError, match="people must be at least 1"):
        dataset.subset(0, seed=1)


def test_people_beyond_the_limits_or_without_skills_cannot_be_stored():
    nothing = frozenset()
    many = "; ".join(f"skill {number}" for number in range(33))
    people = [("a", many, "x", nothing, nothing), ("b", "x", "", nothing, nothing), ("c", " ", "", nothing, nothing)]
    assert Dataset.of("limits", people).storable() == [1]


def test_a_csv_is_read_with_its_skills_as_spelled(tmp_path):
    path = tmp_path / "people.v1.csv"
    path.write_text(CSV, encoding="utf-8")
    dataset = load_dataset(path)
    assert dataset.name == "people.v1"
    assert dataset.uids == ("1", "2", "3")
    assert dataset.offers == ("C++;None", "Go", "")
    assert dataset.offer_ids == ({"C++", "None"}, {"Go"}, frozenset())
    assert dataset.need_ids == ({"Go"}, {"C++", "Rust"}, {"C++"})


def test_a_packed_csv_with_a_byte_order_mark_is_read_likewise(tmp_path):
    path = tmp_path / "people.csv.gz"
    path.write_bytes(gzip.compress(CSV.encode("utf-8-sig")))
    assert load_dataset(path).uids == ("1", "2", "3")
    assert load_dataset(path).name == "people"


def test_jsonl_is_read_with_its_true_skills(tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_text(json.dumps(PERSON) + "\n\n" + json.dumps(PERSON | {"uid": "ben"}) + "\n", encoding="utf-8")
    dataset = load_dataset(str(path))
    assert dataset.uids == ("ana", "ben")
    assert dataset.needs == ("Spanish", "Spanish")
    assert dataset.offer_ids[0] == {"bike repair"}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("people.csv", "uid,offers\n1,Go\n", "no column needs"),
        ("people.csv", "", "no column uid"),
        ("people.csv", CSV + "1,NL,Go,C\n", "twice"),
        ("people.jsonl", "{", "line 1 is no JSON"),
        ("people.jsonl", "\n[]", "line 2 is no JSON object"),
        ("people.jsonl", json.dumps(PERSON | {"uid": 7}), "line 1 has no text uid"),
        ("people.jsonl", json.dumps(PERSON | {"need_ids": None}), "line 1 has no list need_ids"),
        ("people.jsonl", json.dumps(PERSON | {"offer_ids": [1]}), "line 1 has no list offer_ids"),
        ("people.parquet", "", "neither .csv nor .jsonl"),
        ("people.csv.gz", CSV, "could not read"),
    ],
)
def test_a_file_that_is_no_data_set_is_refused_with_the_place(tmp_path, name, content, told):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PeopleFileError, match=told):
        load_dataset(path)


def test_a_file_that_ends_early_or_is_no_text_or_absent_is_refused(tmp_path):
    cut, binary = tmp_path / "cut.csv.gz", tmp_path / "binary.csv"
    cut.write_bytes(gzip.compress(CSV.encode() * 1_000)[:-20])
    binary.write_bytes(b"uid,offers,needs\n1,\xff,\xfe\n")
    for path in (cut, binary, tmp_path / "absent.csv"):
        with pytest.raises(PeopleFileError, match="could not read"):
            load_dataset(path)
