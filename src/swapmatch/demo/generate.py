"""Write the demo community: `python -m swapmatch.demo.generate [-o PATH]`.

The same vocabulary gives the same bytes on every machine and every Python.
"""

import argparse
import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from swapmatch.demo.chance import Chance
from swapmatch.demo.vocabulary import THEMES, Skill, Theme
from swapmatch.demo.vocabulary.cast import CAST
from swapmatch.demo.vocabulary.languages import SKILLS as LANGUAGE_SKILLS
from swapmatch.demo.vocabulary.people import CITIES, EMAIL_DOMAINS, NAMES, OTHER_LANGUAGES, City
from swapmatch.demo.vocabulary.phrases import LIFE, MANNER, OCCUPATIONS
from swapmatch.demo.wording import needs_text, offers_text

PEOPLE = 340
SEED = 20_261_122
BUNDLED = Path(__file__).with_name("community.jsonl")

# How many people have one skill, two skills, and so on.
OFFERS_EACH = (5, 14, 24, 24, 16, 10, 5, 2)
NEEDS_EACH = (13, 26, 28, 20, 10, 3)
SIDES = (("offers", "needs"), ("offers",), ("needs",))
SIDES_WEIGHTS = (90, 5, 5)

# Letters that have no decomposition into an ASCII letter and a mark.
UNDECOMPOSED = str.maketrans({"ł": "l", "Ł": "L"})

AVAILABILITY = ("mornings", "afternoons", "evenings", "weekends")
FORMATS = (["in person"], ["online"], ["in person", "online"])


def people() -> list[dict[str, object]]:
    """Return everybody of the demo community, those who are written by hand first."""
    chance = Chance(SEED)
    community = list(CAST)
    taken = {str(profile["uid"]) for profile in community}
    while len(community) < PEOPLE:
        profile = _person(chance)
        if str(profile["uid"]) not in taken:
            taken.add(str(profile["uid"]))
            community.append(profile)
    return community


def jsonl(profiles: Sequence[dict[str, object]]) -> str:
    """Return the profiles as JSON Lines, accents kept as they are written."""
    return "".join(json.dumps(profile, ensure_ascii=False) + "\n" for profile in profiles)


def _person(chance: Chance) -> dict[str, object]:
    city = CITIES[chance.weighted([city.people for city in CITIES])]
    first, last, languages = _name(chance, city)
    uid = _ascii(f"{first}-{last}").lower()
    offers, needs = _skills(chance, languages)
    profile: dict[str, object] = {
        "uid": uid,
        "email": f"{uid.replace('-', '.')}@{chance.pick(EMAIL_DOMAINS)}",
        "display_name": chance.pick((first, first, f"{first} {last}", f"{first} {last[0]}.")),
        "full_name": f"{first} {last}",
        "username": _username(chance, first, last),
        "skills_to_offer": offers_text(chance, offers),
        "services_needed": needs_text(chance, needs),
        "bio": _bio(chance, city),
        "city": city.name,
        "timezone": city.timezone,
    }
    if chance.happens(12):
        profile["photo_url"] = f"https://example.org/photos/{uid}.jpg"
    profile["dm_open"] = chance.happens(92)
    profile["email_updates"] = chance.happens(70)
    profile["show_city"] = chance.happens(85)
    profile["facets"] = _facets(chance, languages)
    return profile


def _name(chance: Chance, city: City) -> tuple[str, str, list[str]]:
    names = NAMES[chance.pick(city.names)]
    # One in ten has a last name from elsewhere, as families do.
    family = NAMES[chance.pick(city.names)] if chance.happens(10) else names
    spoken = [*city.languages, *names.languages]
    if chance.happens(60):
        spoken.append(chance.pick(OTHER_LANGUAGES))
    return chance.pick(names.first), chance.pick(family.last), list(dict.fromkeys(spoken))


def _username(chance: Chance, first: str, last: str) -> str:
    first, last = _ascii(first).lower(), _ascii(last).lower()
    number = 10 + chance.below(90)
    return chance.pick((f"{first}.{last}", f"{first[0]}{last}", f"{first}{number}", f"{last}_{first}"))


def _ascii(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.translate(UNDECOMPOSED))
    return decomposed.encode("ascii", "ignore").decode("ascii")


def _skills(chance: Chance, languages: Sequence[str]) -> tuple[list[Skill], list[Skill]]:
    """Return what somebody offers and needs, never the same skill on both sides."""
    sides = SIDES[chance.weighted(SIDES_WEIGHTS)]
    spoken = [skill for skill in LANGUAGE_SKILLS if _language(skill) in languages]
    foreign = [skill for skill in LANGUAGE_SKILLS if _language(skill) not in (*languages, None)]
    offers: list[Skill] = []
    needs: list[Skill] = []
    if "offers" in sides:
        favourites = [_theme(chance, offered=True) for _ in range(2)]
        for _ in range(1 + chance.weighted(OFFERS_EACH)):
            theme = chance.pick(favourites) if chance.happens(70) else _theme(chance, offered=True)
            offers.append(_unused(chance, theme, offers + foreign))
    if "needs" in sides:
        for _ in range(1 + chance.weighted(NEEDS_EACH)):
            theme = _theme(chance, offered=False)
            needs.append(_unused(chance, theme, offers + needs + spoken))
    return offers, needs


def _language(skill: Skill) -> str | None:
    """Return the language that is taught, if any: nobody teaches one that they do not speak."""
    name = skill.wordings[0].split()[0]
    return name if name[0].isupper() else None


def _theme(chance: Chance, *, offered: bool) -> Theme:
    themes = list(THEMES.values())
    return themes[chance.weighted([t.offered if offered else t.needed for t in themes])]


def _unused(chance: Chance, theme: Theme, used: Sequence[Skill]) -> Skill:
    """Return a skill of the theme that is not used yet; popularity falls with its place (Zipf)."""
    left = [(place, skill) for place, skill in enumerate(theme.skills) if skill not in used]
    if not left:  # somebody teaches every language they speak
        return _unused(chance, _theme(chance, offered=True), used)
    return left[chance.weighted([1000 // (place + 1) for place, _ in left])][1]


def _bio(chance: Chance, city: City) -> str:
    parts = [f"{chance.pick(OCCUPATIONS)}."] if chance.happens(60) else []
    if chance.happens(65):
        parts.append(chance.pick(LIFE).format(city=city.name))
    if chance.happens(55):
        parts.append(chance.pick(MANNER))
    return " ".join(parts)


def _facets(chance: Chance, languages: list[str]) -> dict[str, list[str]]:
    facets = {"languages": languages, "format": chance.pick(FORMATS)}
    if chance.happens(75):
        free = [time for time in AVAILABILITY if chance.happens(50)]
        facets["availability"] = free or ["weekends"]
    return facets


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the community to the bundled file, or to the path that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m swapmatch.demo.generate", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=BUNDLED, help="default: the bundled file")
    path: Path = parser.parse_args(arguments).output
    path.write_text(jsonl(people()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
