"""What people write around their skills: sentences, biographies, slips of the keyboard."""

# Each holds {can}, {want} or {wording} of one skill. MORE_ sentences follow a first one.
OFFER_SENTENCES = ("I can {can}", "I could {can}", "Happy to {can}", "I can help with {wording}")
MORE_OFFER_SENTENCES = (
    "I can also {can}",
    "I also {can}",
    "Also happy to {can}",
    "Also {wording}",
)
NEED_SENTENCES = (
    "I would like to {want}",
    "I want to {want}",
    "Looking for {wording}",
    "I hope to {want}",
)
MORE_NEED_SENTENCES = (
    "I also want to {want}",
    "Also looking for {wording}",
    "I would also like to {want}",
)

OCCUPATIONS = (
    "Retired teacher",
    "Nurse on night shifts",
    "Student",
    "Bus driver",
    "Freelance designer",
    "Accountant by day",
    "Baker with early mornings",
    "Software developer",
    "Retired electrician",
    "Librarian",
    "Carpenter",
    "Stay-at-home parent",
    "Shop owner",
    "Social worker",
    "Waiter between two jobs",
    "Civil engineer",
    "Physiotherapist",
    "Research assistant",
    "Postman",
    "Market gardener",
)

LIFE = (
    "New in town and keen to meet people.",
    "Grandparent of four.",
    "Two kids, one cat, never enough time.",
    "Moved here three years ago.",
    "I have lived in {city} all my life.",
    "Came to {city} for work and stayed.",
    "Living on the edge of {city} with a small garden.",
    "Sharing a flat with three others.",
    "Working from home most days.",
    "Looking for work at the moment.",
    "Just back from parental leave.",
    "I like long walks and short meetings.",
)

MANNER = (
    "Patient with beginners.",
    "Happy to meet for a coffee first.",
    "I prefer to swap rather than pay.",
    "Evenings and weekends are best.",
    "Online works well for me.",
    "I learn best by doing.",
    "Free on most mornings.",
    "No question is too simple.",
    "I answer messages slowly but surely.",
    "Ask me anything!",
)

# Right -> wrong, a slip that is seen often in listings. At most one a skill is applied.
TYPOS = {
    "accounting": "acounting",
    "acoustic": "accoustic",
    "beginners": "begginers",
    "bicycle": "bycicle",
    "calligraphy": "caligraphy",
    "children": "childern",
    "conversation": "conversaton",
    "editing": "editting",
    "furniture": "furnitture",
    "gardening": "gardning",
    "guitar": "guitarr",
    "help": "hepl",
    "jewellery": "jewelery",
    "learn": "lern",
    "lessons": "lesons",
    "massage": "masage",
    "planning": "planing",
    "practice": "pratice",
    "programming": "programing",
    "repair": "repiar",
    "spreadsheets": "spreadsheats",
    "teach": "teech",
    "translation": "tranlsation",
    "vegetables": "vegtables",
    "website": "webiste",
    "writing": "writting",
}
