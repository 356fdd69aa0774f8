"""Two-way matches in a few lines: a small community in one file, no server.

python examples/quickstart.py [DATABASE]
"""

import sys

from swapmatch import Matcher, Profile

PEOPLE = [
    Profile(uid="ana", display_name="Ana", skills_to_offer="Python, data analysis", services_needed="guitar lessons"),
    Profile(uid="ben", display_name="Ben", skills_to_offer="acoustic guitar lessons", services_needed="Python basics"),
    Profile(uid="chen", display_name="Chen", skills_to_offer="Mandarin lessons", services_needed="yoga"),
]


def main(db: str = "memory:") -> None:
    """Store three people and print Ana's matches."""
    with Matcher.open(db) as matcher:
        matcher.put_many(PEOPLE)
        for match in matcher.match("ana", limit=3):
            print(f"{match.profile.display_name}  {match.score:.2f}  {match.explanation}")
        (best, *_) = matcher.match_text(offer="gentle yoga", need="Chinese lessons")
        print(f"a passer-by should meet {best.profile.display_name}: {best.explanation}")


if __name__ == "__main__":
    main(*sys.argv[1:])
