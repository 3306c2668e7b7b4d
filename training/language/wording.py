"""Names of several things and of places: plurals, named sets, landscapes at an hour."""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.language.phrases import ADJECTIVES, article
from training.language.vocabulary import by_name, groups
from training.pictures import places


@dataclass(frozen=True)
class Together:
    """A named set of things, see ``sets.txt``."""

    names: tuple[str, ...]
    members: tuple[int, ...]
    least: int
    most: int
    front: int | None
    place: str


@cache
def together() -> tuple[Together, ...]:
    """Return the named sets in ``sets.txt``."""
    made = []
    kinds = {group.name: group.members for group in groups()}
    for line in Path(__file__).with_name("sets.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        names, members, count, front, place = (cell.strip() for cell in line.split("|"))
        least, _, most = count.partition("-")
        pool: list[int] = []
        for member in members.split(","):
            word = member.strip()
            pool += kinds[word[1:-1]] if word.startswith("[") else [by_name()[word]]
        made.append(
            Together(
                tuple(n.strip() for n in names.split(",")),
                tuple(pool),
                int(least),
                int(most or least),
                by_name()[front] if front else None,
                place,
            )
        )
    return tuple(made)


def plural(name: str) -> str:
    """Return the plural of a thing's name."""
    irregular = {"mouse": "mice", "goose": "geese", "knife": "knives", "leaf": "leaves"}
    irregular |= {"man": "men", "woman": "women", "child": "children", "person": "people"}
    irregular |= {"fish": "fish", "sheep": "sheep", "deer": "deer", "shoes": "shoes"}
    head, _, last = name.rpartition(" ")
    if " of " in name:
        first, _, rest = name.partition(" ")
        return f"{plural(first)} {rest}"
    if last in irregular or last.endswith(("man", "woman")):
        made = irregular.get(last, last.removesuffix("man") + "men")
    elif last.endswith(("s", "sh", "ch", "x")):
        made = last if last.endswith("s") and not last.endswith("ss") else last + "es"
    elif last.endswith("y") and last[-2] not in "aeiou":
        made = last[:-1] + "ies"
    else:
        made = last + "s"
    return f"{head} {made}".strip()


NIGHT_SKY = (
    "a night sky with stars and moon",
    "a starry night",
    "a starry sky",
    "the moon",
    "night sky",
    "stars and moon",
    "a full moon at night",
)


def place_words(place: str, hour: str, rng: random.Random) -> str:
    """Return words for a place at an hour."""
    name = rng.choice(places.words().alone[place])
    if place == "sky" and hour == "night":
        return rng.choice(NIGHT_SKY)
    if place in places.INDOORS:
        return name
    if hour in ("sunset", "sunrise") and rng.random() < 0.45:
        bare = name.removeprefix("a ").removeprefix("an ").removeprefix("the ")
        adjective = rng.choice(("beautiful ", "beautiful ", "", "", "red ", "colorful "))
        start = f"{article(adjective or hour)} {adjective}{hour}"
        link = rng.choice(("over", "over", "over", "in", "behind", "at"))
        whole = f"{start} {link} {rng.choice((bare, bare, 'the ' + bare, name))}"
        return start if rng.random() < 0.08 else whole
    first, _, rest = name.partition(" ")
    if first == "a" and rng.random() < 0.3:
        fitting = {"rain": "rainy", "night": "dark", "snowfall": "snowy", "day": "sunny"}.get(hour)
        if fitting and rng.random() < 0.5:
            return f"a {fitting} {rest}"
        name = f"a {rng.choice(ADJECTIVES)} {rest}"
    return f"{name} {rng.choice(places.words().when[hour])}".strip()
