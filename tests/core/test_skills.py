"""Where one skill ends and the next begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapmatch import skills
from swapmatch.errors import InvalidProfileError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (" \t\n ", ()),
        ("\u00a0\u200b\u200d\ufeff", ()),
        ("... ; !! , -", ()),
        ("guitar", ("guitar",)),
        ("process, store and ship goods; guitar", ("process, store and ship goods", "guitar")),
        ("Python, data analysis, Excel", ("Python", "data analysis", "Excel")),
        ("Python, data analysis, and Excel.", ("Python", "data analysis", "Excel")),
        ("Python, SQL\n", ("Python", "SQL")),
        ("Python, SQL;", ("Python, SQL",)),
        ("guitar\npiano\r\ndrums", ("guitar", "piano", "drums")),
        ("guitar | piano • drums", ("guitar", "piano", "drums")),
        ("- guitar, acoustic\n* piano\n1. drums\n2) bass", ("guitar, acoustic", "piano", "drums", "bass")),
        ("1. guitar 2. piano 3. drums", ("guitar", "piano", "drums")),
        ("I can teach C++. I also mend bikes, and sinks!", ("I can teach C++", "I also mend bikes, and sinks")),
        ("cooking, e.g. curry", ("cooking", "e.g. curry")),
        ("Studies of C. elegans", ("Studies of C. elegans",)),
        ("10,000 steps a day, yoga", ("10,000 steps a day", "yoga")),
        (".NET, C#, C++, Node.js", (".NET", "C#", "C++", "Node.js")),
        (
            "- 1) guitar\n- -- piano\n3. drums 4. bass\nwell-made. nets",
            ("1) guitar", "piano", "drums", "bass", "well-made", "nets"),
        ),
        ("吉他，钢琴、鼓", ("吉他", "钢琴", "鼓")),
        ("吉他。钢琴。", ("吉他", "钢琴")),
        ("Excel; EXCEL ; \uff45\uff58\uff43\uff45\uff4c", ("Excel",)),
        ("  a   lot\tof   room  ", ("a lot of room",)),
        ("🎸; 👩\u200d💻", ("🎸", "👩\u200d💻")),
        ("Other(s):;HTML/CSS", ("Other(s)", "HTML/CSS")),
        ("gui\u202etar", ("guitar",)),
    ],
)
def test_a_text_is_split_where_a_reader_would(text: str, expected: tuple[str, ...]) -> None:
    assert skills.split(text) == expected


def test_thirty_two_skills_of_two_hundred_characters_are_taken() -> None:
    text = ";".join(f"{number:0>200}" for number in range(32))
    assert len(skills.split(text)) == 32


def test_repeated_skills_count_once_towards_the_limit() -> None:
    assert skills.split("guitar;" * 50) == ("guitar",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (";".join(map(str, range(33))), "33 skills"),
        ("x" * 201, "201 characters"),
        (f"guitar; {'x' * 201}; piano", r"201 characters \(number 2\)"),
        ("\u0958" * 150, "300 characters"),  # each is two in NFC
        ("x" * 1_000_000, "1,000,000 characters"),
        (" " * 1_000_000, "1,000,000 characters"),
        ("guitar\x00", "NUL"),
        ("guitar \ud800", "surrogate"),
    ],
)
def test_a_text_beyond_the_limits_is_refused_with_the_reason_and_the_field(text: str, told: str) -> None:
    with pytest.raises(InvalidProfileError, match=told) as caught:
        skills.split(text, field="skills_to_offer")
    assert caught.value.field == "skills_to_offer"
    assert str(caught.value).startswith("skills_to_offer ")


@given(st.text(max_size=300))
def test_splitting_gives_distinct_filled_tidy_skills_or_a_clear_error(text: str) -> None:
    try:
        found = skills.split(text)
    except InvalidProfileError:
        return
    keys = [skills.key(skill) for skill in found]
    assert len(set(keys)) == len(keys) <= skills.MAX_SKILLS
    assert list(skills.split_by_key(text).items()) == list(zip(keys, found, strict=True))
    assert all(keys)
    assert all(skill == " ".join(skill.split()) for skill in found)


@given(st.text())
def test_the_key_of_a_key_is_the_key(text: str) -> None:
    assert skills.key(skills.key(text)) == skills.key(text)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_the_short_way_for_ascii_gives_the_same_key(text: str) -> None:
    plain = skills.key(text)
    assert plain == skills.key(text + " \u00e9").removesuffix("\u00e9").strip()


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00")))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert skills.clean(skills.clean(text)) == skills.clean(text)


def test_controls_and_bidi_marks_are_taken_out_but_lines_stay() -> None:
    assert skills.clean("a\x07b\u202ec\nd\te") == "a bc\nd\te"


def test_decomposed_text_is_composed() -> None:
    assert skills.clean("Cafe\u0301") == "Café"
