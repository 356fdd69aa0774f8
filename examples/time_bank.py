"""A time bank: people from a file, filters by city and language, and a search by what somebody writes.

python examples/time_bank.py
"""

from swapmatch import Matcher
from swapmatch.demo import community


def main() -> None:
    """Load the demo community and ask it three questions."""
    with Matcher.open("memory:") as matcher:
        report = matcher.put_many(community())
        print(f"{report.written} people, {report.embedded} distinct skills")

        ana = matcher.get("ana")
        nearby = matcher.match("ana", limit=3, where={"city": ana.city or ""})
        print(f"in {ana.city}: {', '.join(f'{match.profile.uid} ({match.score:.2f})' for match in nearby)}")

        for hit in matcher.search("someone to mend my bike", limit=3, where={"languages": ["English", "Spanish"]}):
            print(f"{hit.profile.uid} offers {', '.join(hit.skills)} ({hit.score:.2f})")

        for found in matcher.recommend_skills("Python programming", limit=3):
            print(f"{found.skill}: {found.reason}")


if __name__ == "__main__":
    main()
