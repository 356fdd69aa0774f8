"""Names with options."""

import pytest

from swapmatch.errors import ConfigurationError
from swapmatch.naming import curve, number, read_name
from swapmatch.relevance import Relevance

TAKES = ("threads", "prompt", "midpoint", "scale")


@pytest.mark.parametrize(
    ("name", "rest", "options"),
    [
        ("fastembed:", "", {}),
        ("fastembed:some/folder", "some/folder", {}),
        ("fastembed:a folder?threads=2", "a folder", {"threads": "2"}),
        ("x:C:\\models\\m?threads=2&midpoint=0.5", "C:\\models\\m", {"threads": "2", "midpoint": "0.5"}),
        ("x:f?prompt=query:%20", "f", {"prompt": "query: "}),
        ("x:f?prompt=", "f", {"prompt": ""}),
        ("x:100%25", "100%25", {}),
    ],
)
def test_a_name_is_read(name: str, rest: str, options: dict[str, str]) -> None:
    assert read_name(name, takes=TAKES) == (rest, options)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x:f?thread=2", "no option 'thread'; choose from threads, prompt"),
        ("x:f?threads", r"write options as \?threads=…"),
        ("x:f?threads=1&threads=2", "each option once"),
    ],
)
def test_a_wrong_option_is_named(name: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read_name(name, takes=TAKES)


def test_constants_replace_those_of_the_curve() -> None:
    default = Relevance(midpoint=0.6, scale=0.1)
    assert curve({}, default) is default
    assert curve({"midpoint": "0.8"}, default) == Relevance(midpoint=0.8, scale=0.1)
    assert curve({"scale": "0.02", "midpoint": "0.8"}, default) == Relevance(midpoint=0.8, scale=0.02)


@pytest.mark.parametrize("options", [{"scale": "-1"}, {"midpoint": "nan"}, {"scale": "inf"}, {"midpoint": "much"}])
def test_constants_that_make_no_curve_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        curve(options, Relevance())


def test_a_number_that_is_none_is_named() -> None:
    with pytest.raises(ConfigurationError, match="threads=many: not a number"):
        number({"threads": "many"}, "threads")
