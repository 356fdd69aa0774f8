"""Invented names by the place they come from, and the cities of the demo community."""

from typing import NamedTuple


class Names(NamedTuple):
    """First and last names that are used together, and the languages spoken with them."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    languages: tuple[str, ...]


class City(NamedTuple):
    """A city, its share of the community relative to the others, and who lives there."""

    name: str
    timezone: str
    people: int
    languages: tuple[str, ...]
    names: tuple[str, ...]


def _names(first: str, last: str, *languages: str) -> Names:
    return Names(tuple(first.split()), tuple(last.split()), languages)


NAMES = {
    "lusophone": _names(
        "Beatriz Joana Telmo Tomé Inês Duarte Catarina Nuno Marta Vasco Leonor Gonçalo Luísa Caetano",
        "Sequeira Ferreira Carvalho Nogueira Pimenta Moreira Teixeira Azevedo Conceição Simões Lourenço",
        "Portuguese",
    ),
    "hispanic": _names(
        "Lucía Mateo Ximena Andrés Paloma Emiliano Rocío Joaquín Itzel Rodrigo Marisol Hernán Noelia",
        "Castañeda Ibarra Montaño Robledo Salcedo Zepeda Villaseñor Arriaga Cárdenas Peralta Quiroga",
        "Spanish",
    ),
    "anglophone": _names(
        "Hannah Oliver Grace Callum Megan Toby Ruth Declan Sophie Angus Fiona Harriet Rhys Maeve",
        "Whitfield Barlow Ashdown Kerrigan Fenwick Prescott Lockhart Hargreave Pryce Donnelly Thornley",
        "English",
    ),
    "francophone": _names(
        "Camille Étienne Amélie Baptiste Noémie Rémi Solène Lucie Thibault Maëlle Gaspard Clémence",
        "Fournier Lavallée Desrosiers Bouchard Marchand Tremblay Gauvin Lachance Perrault Beaulieu",
        "French",
    ),
    "german": _names(
        "Jonas Anneke Lukas Greta Matthias Svenja Jürgen Frieda Tobias Käthe Henning Ulrike Malte",
        "Brandt Hoffacker Krüger Lindemann Seidel Vogt Weidner Zimmermann Böttcher Eichhorn Petersen",
        "German",
    ),
    "turkish": _names(
        "Elif Emir Zeynep Kerem Aylin Volkan Defne Onur Selin Cem Nesrin Tolga",
        "Tekin Aksoy Demirci Korkmaz Özkan Şahin Taştan Ünal Erdem Sezgin",
        "Turkish",
    ),
    "east-african": _names(
        "Wanjiru Kamau Achieng Otieno Amina Baraka Njeri Mwangi Zuri Kiprono Makena Juma Nyokabi Omari",
        "Kariuki Odhiambo Wambui Mutua Njoroge Cheruiyot Waweru Onyango Kilonzo Barasa Gathoni",
        "Swahili",
    ),
    "west-african": _names(
        "Adaeze Kwame Chidi Abena Folake Kofi Ngozi Tunde Efua Babajide Yaa Obinna",
        "Okonkwo Mensah Adeyemi Boateng Nwosu Owusu Balogun Asante Eze Ogunleye",
        "English",
    ),
    "indian": _names(
        "Ananya Rohan Kavya Arjun Meera Siddharth Lalita Nikhil Divya Farhan Pooja Harish Ishita Vikram",
        "Raghavan Kulkarni Deshpande Iyer Bhandary Varrier Chowdhury Gowda Saxena Nambiar Pillai Shenoy",
        "Hindi",
    ),
    "japanese": _names(
        "Haruka Kenta Natsuko Sota Misaki Ryota Aoi Takumi Nanami Daichi Chihiro Kaito Sayuri Noboru",
        "Nakatani Kurokawa Morimoto Fujimura Okada Hasegawa Kubo Matsuda Ueda Takeda Shimizu Arai",
        "Japanese",
    ),
    "chinese": _names(
        "Mei Jian Xiaoyu Hao Lihua Wenqi Yating Bo Qing Zhiwei Ling Ruolan",
        "Zhang Huang Lin Zhou Xu Guo Tang Deng Cai Peng",
        "Mandarin",
    ),
    "korean": _names(
        "Jiwoo Minseo Hyejin Seojun Yuna Taewon Soyeon Dohyun",
        "Kwon Seo Hwang Ahn Yoon Bae Noh Moon",
        "Korean",
    ),
    "arabic": _names(
        "Layla Karim Nour Youssef Salma Tariq Rania Hassan Dalia Samir Huda Bilal",
        "Haddad Mansour Khoury Najjar Saleh Fadel Aziz Hamdan Rahal Zaki",
        "Arabic",
    ),
    "polish": _names(
        "Agnieszka Paweł Kasia Wojciech Zofia Michał Magda Łukasz Hania Bartosz",
        "Nowak Sikora Kowalczyk Gołąb Wróbel Mazur Krawczyk Gajda",
        "Polish",
    ),
    "italian": _names(
        "Chiara Matteo Giulia Davide Ilaria Lorenzo Elisa Niccolò Serena Fabio",
        "Moretti Galli Fontana Ferrara Rinaldi Marchetti Bellini Sartori Grassi Bonfanti",
        "Italian",
    ),
    "vietnamese": _names(
        "Linh Minh Thao Quang Huong Tuan Ngoc Khanh",
        "Nguyen Tran Pham Vu Dang Bui Duong Truong",
        "Vietnamese",
    ),
}

CITIES = (
    City(
        "Berlin",
        "Europe/Berlin",
        13,
        ("German", "English"),
        ("german", "german", "german", "turkish", "polish", "arabic", "italian", "anglophone"),
    ),
    City(
        "Toronto",
        "America/Toronto",
        12,
        ("English",),
        ("anglophone", "francophone", "indian", "chinese", "lusophone", "west-african", "korean"),
    ),
    City(
        "Lisbon",
        "Europe/Lisbon",
        11,
        ("Portuguese",),
        ("lusophone", "lusophone", "lusophone", "italian", "francophone", "anglophone"),
    ),
    City(
        "Bengaluru",
        "Asia/Kolkata",
        11,
        ("English", "Hindi"),
        ("indian", "indian", "indian", "indian", "anglophone"),
    ),
    City(
        "Mexico City",
        "America/Mexico_City",
        9,
        ("Spanish",),
        ("hispanic", "hispanic", "hispanic", "hispanic", "anglophone", "korean"),
    ),
    City(
        "Nairobi",
        "Africa/Nairobi",
        9,
        ("English", "Swahili"),
        ("east-african", "east-african", "east-african", "indian", "west-african", "arabic"),
    ),
    City(
        "Melbourne",
        "Australia/Melbourne",
        8,
        ("English",),
        ("anglophone", "anglophone", "vietnamese", "chinese", "italian", "indian", "arabic"),
    ),
    City(
        "Osaka",
        "Asia/Tokyo",
        7,
        ("Japanese",),
        ("japanese", "japanese", "japanese", "japanese", "korean", "anglophone"),
    ),
)

OTHER_LANGUAGES = ("English", "English", "English", "Spanish", "French", "German", "Italian")
EMAIL_DOMAINS = ("example.org", "example.org", "example.com", "post.example")
