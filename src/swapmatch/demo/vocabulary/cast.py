"""The people written by hand: three protagonists and, for each, neighbours who fit both ways.

They use words of their own as well as the vocabulary's, so that a demonstration on them is not a
matching of like text only.
"""

PROTAGONISTS: tuple[dict[str, object], ...] = (
    {
        "uid": "ana",
        "email": "ana@example.org",
        "display_name": "Ana",
        "full_name": "Ana Vilhena",
        "username": "ana_v",
        "skills_to_offer": "Python for beginners, data analysis, Portuguese conversation, "
        "Excel spreadsheets, birthday cakes",
        "services_needed": "acoustic guitar lessons, bicycle repair, Mandarin lessons, public speaking",
        "bio": "Analyst at a bus company. I bake when I cannot sleep, and I have owned a guitar "
        "for ten years without learning a single song.",
        "city": "Lisbon",
        "timezone": "Europe/Lisbon",
        "photo_url": "https://example.org/photos/ana.jpg",
        "dm_open": True,
        "email_updates": True,
        "show_city": True,
        "facets": {
            "languages": ["Portuguese", "English"],
            "format": ["online", "in person"],
            "availability": ["evenings", "weekends"],
        },
    },
    {
        "uid": "ben",
        "email": "ben@example.org",
        "display_name": "Ben",
        "full_name": "Ben Ostrander",
        "username": "ben-on-bikes",
        "skills_to_offer": "- Guitar lessons for beginners\n- Bike repairs\n"
        "- Sourdough bread baking\n- English conversation",
        "services_needed": "- Learning Python\n- Portuguese conversation practice\n"
        "- Building a website\n- Yoga for back pain\n- Making Chinese dumplings",
        "bio": "I run a small bicycle workshop and play in a band that nobody has heard of. "
        "Saving up for a long ride down the coast of Portugal.",
        "city": "Toronto",
        "timezone": "America/Toronto",
        "dm_open": True,
        "email_updates": False,
        "show_city": True,
        "facets": {
            "languages": ["English"],
            "format": ["online", "in person"],
            "availability": ["mornings", "weekends"],
        },
    },
    {
        "uid": "chen",
        "email": "chen@example.com",
        "display_name": "Chen",
        "full_name": "Chen Yulan",
        "username": "chen.yulan",
        "skills_to_offer": "Mandarin Chinese lessons. Making dumplings. Public speaking practice. "
        "Chinese calligraphy with brush and ink.",
        "services_needed": "Learn data analysis. English conversation practice. "
        "Baking sourdough bread. Bicycle repairs.",
        "bio": "Retired radio presenter, now back at university at sixty-one. My dumplings are better than my essays.",
        "city": "Melbourne",
        "timezone": "Australia/Melbourne",
        "dm_open": True,
        "email_updates": True,
        "show_city": True,
        "facets": {
            "languages": ["Mandarin", "English"],
            "format": ["online", "in person"],
            "availability": ["mornings", "afternoons"],
        },
    },
)


def _neighbour(
    name: str, place: tuple[str, str], *, offers: str, needs: str, bio: str, languages: str
) -> dict[str, object]:
    """Return the profile of a neighbour; `place` is the city and its timezone."""
    first, last = name.split()
    uid = f"{first}-{last}".lower()
    return {
        "uid": uid,
        "email": f"{uid}@example.com",
        "display_name": first,
        "full_name": name,
        "username": f"{first}.{last}".lower(),
        "skills_to_offer": offers,
        "services_needed": needs,
        "bio": bio,
        "city": place[0],
        "timezone": place[1],
        "dm_open": True,
        "email_updates": True,
        "show_city": True,
        "facets": {"languages": languages.split(), "format": ["in person", "online"]},
    }


_LISBON = ("Lisbon", "Europe/Lisbon")
_TORONTO = ("Toronto", "America/Toronto")
_MELBOURNE = ("Melbourne", "Australia/Melbourne")

NEIGHBOURS: tuple[dict[str, object], ...] = (
    _neighbour(
        "Rita Almada",
        _LISBON,
        offers="Acoustic guitar; songwriting",
        needs="Python for beginners; Excel",
        bio="Music teacher who has to hand in the school's numbers every month.",
        languages="Portuguese English",
    ),
    _neighbour(
        "Telmo Brito",
        _LISBON,
        offers="Fixing bicycles, giving speeches in public",
        needs="Data analysis, baking a birthday cake",
        bio="Cycle courier and best man at five weddings.",
        languages="Portuguese Spanish",
    ),
    _neighbour(
        "Wei Fangyi",
        _LISBON,
        offers="Mandarin lessons\nMaking dumplings",
        needs="Portuguese conversation practice\nHelp filling in forms",
        bio="Moved here last spring and still order coffee by pointing.",
        languages="Mandarin English",
    ),
    _neighbour(
        "Maya Levenson",
        _TORONTO,
        offers="Building websites | Python",
        needs="Guitar for beginners | Baking sourdough bread",
        bio="Developer with flour on the keyboard.",
        languages="English French",
    ),
    _neighbour(
        "Sandro Pires",
        _TORONTO,
        offers="Portuguese conversation; barbecue",
        needs="Bike repair; spoken English",
        bio="Fresh from Porto with one suitcase and a squeaking bicycle.",
        languages="Portuguese",
    ),
    _neighbour(
        "Asha Kapadia",
        _TORONTO,
        offers="- Gentle yoga for back pain\n- Indian cooking",
        needs="- Acoustic guitar lessons\n- Bicycle maintenance",
        bio="Yoga teacher. My guitar and I are both out of tune.",
        languages="English Hindi",
    ),
    _neighbour(
        "Oscar Tulley",
        _MELBOURNE,
        offers="Data analysis and statistics. Repairing bikes.",
        needs="Chinese conversation in Mandarin. Chinese dumplings.",
        bio="Statistician with a wife from Chengdu and a long list of in-laws.",
        languages="English",
    ),
    _neighbour(
        "Niamh Corrigan",
        _MELBOURNE,
        offers="English conversation, sourdough bread",
        needs="Calligraphy, public speaking",
        bio="I talk all day and freeze as soon as there is a microphone.",
        languages="English",
    ),
    _neighbour(
        "Dev Malhi",
        _MELBOURNE,
        offers="English conversation practice; bicycle repair; table tennis",
        needs="Learn Mandarin; making dumplings at home",
        bio="Postman, tinkerer, always hungry.",
        languages="English Hindi",
    ),
)

CAST = PROTAGONISTS + NEIGHBOURS
