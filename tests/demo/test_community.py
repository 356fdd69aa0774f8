"""The bundled community is what the generator writes, and is fit to be shown to anybody."""

import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from importlib.resources import files
from itertools import chain
from zoneinfo import ZoneInfo

import pytest

from swapmatch.demo import community
from swapmatch.demo.chance import Chance
from swapmatch.demo.generate import BUNDLED, PEOPLE, jsonl, main, people
from swapmatch.demo.vocabulary import THEMES
from swapmatch.demo.vocabulary.cast import PROTAGONISTS
from swapmatch.models import Profile
from swapmatch.skills import key, split

BYTES = (files("swapmatch.demo") / "community.jsonl").read_bytes()
EVERYBODY = tuple(community())
SKILLS = tuple(chain.from_iterable(theme.skills for theme in THEMES.values()))
# A new process finds the package where this one did.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def texts(field):
    return [str(person[field]) for person in EVERYBODY]


def every_text(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from every_text(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from every_text(inner)


def test_regenerating_gives_byte_for_byte_the_bundled_file(tmp_path):
    output = tmp_path / "community.jsonl"

    main(["-o", str(output)])

    assert output.read_bytes() == BYTES


def test_without_a_path_the_generator_writes_the_bundled_file():
    assert BUNDLED.read_bytes() == BYTES


def test_two_runs_in_one_process_do_not_influence_each_other():
    assert jsonl(people()) == jsonl(people())


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_order_of_hashes_does_not_change_the_community(tmp_path, seed):
    output = tmp_path / "community.jsonl"

    subprocess.run(
        [sys.executable, "-m", "swapmatch.demo.generate", "-o", str(output)],
        check=True,
        env={**ENVIRONMENT, "PYTHONHASHSEED": seed},
    )

    assert output.read_bytes() == BYTES


def test_at_least_300_people_live_in_eight_cities_with_a_real_timezone_each():
    cities = Counter(texts("city"))

    assert len(EVERYBODY) == PEOPLE >= 300
    assert len(cities) == 8
    assert min(cities.values()) >= 20
    assert len(set(zip(texts("city"), texts("timezone"), strict=True))) == 8
    assert all(ZoneInfo(timezone) for timezone in set(texts("timezone")))


def test_everybody_is_a_valid_profile():
    assert [Profile.parse(person).uid for person in EVERYBODY] == texts("uid")


def test_uids_and_emails_are_unique_and_uids_are_readable():
    uids, emails = texts("uid"), texts("email")

    assert len(set(uids)) == len(set(emails)) == len(EVERYBODY)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", uid) for uid in uids)


def test_every_address_belongs_to_a_domain_reserved_for_examples():
    reserved = re.compile(r"(.+\.)?example(\.org|\.com)?")

    assert all(reserved.fullmatch(email.partition("@")[2]) for email in texts("email"))
    photos = [str(person["photo_url"]) for person in EVERYBODY if "photo_url" in person]
    assert 0 < len(photos) < len(EVERYBODY) / 4
    assert all(photo.startswith("https://example.org/") for photo in photos)


def test_a_few_only_offer_and_a_few_only_need_but_everybody_does_something():
    sides = Counter((bool(person["skills_to_offer"]), bool(person["services_needed"])) for person in EVERYBODY)

    assert sides[False, False] == 0
    assert 5 <= sides[True, False] <= 40
    assert 5 <= sides[False, True] <= 40


def test_some_hide_their_city_take_no_messages_or_want_no_updates():
    for field in ("show_city", "dm_open", "email_updates"):
        claims = Counter(person[field] for person in EVERYBODY)
        assert 0 < claims[False] < claims[True]


def test_nobody_offers_and_needs_the_same_skill():
    for person in EVERYBODY:
        offers, needs = split(str(person["skills_to_offer"])), split(str(person["services_needed"]))
        assert {key(skill) for skill in offers}.isdisjoint(key(skill) for skill in needs)


def test_every_split_skill_is_short_and_few_of_them_make_a_side():
    sides = [split(text) for text in texts("skills_to_offer") + texts("services_needed")]

    assert max(map(len, sides)) <= 8
    assert max(len(skill) for side in sides for skill in side) <= 100


def test_people_list_their_skills_in_every_way_that_splitting_knows():
    written = texts("skills_to_offer") + texts("services_needed")

    for separator in (", ", "; ", " | ", "\n- ", "\n* ", "\n• ", ". "):
        assert sum(separator in text for text in written) >= 5, separator
    assert sum(text.isupper() for text in written) >= 5


def test_skills_are_popular_to_different_degrees():
    counts = Counter(key(skill) for text in texts("skills_to_offer") for skill in split(text))

    assert counts.most_common(1)[0][1] >= 8
    assert sum(count == 1 for count in counts.values()) >= 100


def test_ana_ben_and_chen_come_first():
    assert texts("uid")[:3] == ["ana", "ben", "chen"]
    assert EVERYBODY[:3] == PROTAGONISTS


def test_the_bundled_file_is_utf_8_in_nfc_with_unix_line_ends_and_nothing_invisible():
    text = BYTES.decode("utf-8")

    assert unicodedata.is_normalized("NFC", text)
    assert text.endswith("}\n")
    assert text.count("\n") == len(EVERYBODY)
    unseen = {"Cc", "Cf", "Zl", "Zp", "Co", "Cn"}
    assert {c for c in text if unicodedata.category(c) in unseen} == {"\n"}
    inner = set("".join(chain.from_iterable(map(every_text, EVERYBODY))))
    assert {c for c in inner if unicodedata.category(c) in unseen} <= {"\n"}


def test_the_vocabulary_has_120_skills_with_three_wordings_or_more_each():
    assert len(SKILLS) >= 120
    assert all(3 <= len({*skill.wordings, skill.can, skill.want}) <= 6 for skill in SKILLS)


def test_no_wording_belongs_to_two_skills():
    wordings = [key(w) for skill in SKILLS for w in (*skill.wordings, skill.can, skill.want)]

    assert [wording for wording, count in Counter(wordings).items() if count > 1] == []


def test_every_wording_is_one_skill_however_it_is_listed():
    for skill in SKILLS:
        for wording in (*skill.wordings, skill.can, skill.want):
            assert split(f"{wording}, x") == (wording, "x")


def test_a_choice_never_falls_on_a_weight_of_nothing():
    chance = Chance(1)

    assert {chance.weighted((0, 3, 0, 1)) for _ in range(200)} == {1, 3}


def test_reading_the_community_imports_the_standard_library_only():
    code = (
        "import sys; before = set(sys.modules);"
        "from swapmatch.demo import community; next(community());"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - sys.stdlib_module_names - {'swapmatch'}))"
    )

    result = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
    )

    assert result.stdout.strip() == "[]"
