"""What the model can draw: the table ``things.txt``, colors, and names of many things at once.

To train a model for your own small domain, edit the table and ``training/pictures/places.txt``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("things.txt")
TONES = ("light", "medium", "dark")
"""Skin tones of the drawings of people."""

COLORS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "black": (16, 16, 20),
    "red": (216, 40, 44),
    "orange": (250, 140, 30),
    "yellow": (252, 222, 50),
    "green": (52, 160, 72),
    "blue": (40, 96, 216),
    "light blue": (140, 206, 250),
    "purple": (132, 62, 182),
    "pink": (250, 158, 194),
    "brown": (128, 82, 48),
    "gray": (150, 150, 154),
}
"""Colors of backgrounds, sRGB 0..255. Drawings are also repainted in them."""

COLOR_WORDS = {
    "gray": ("gray", "grey"),
    "light blue": ("light blue", "sky blue", "cyan", "bright blue"),
    "green": ("green", "green", "green", "dark green", "light green"),
    "blue": ("blue", "blue", "blue", "dark blue"),
    "red": ("red", "red", "red", "bright red"),
    "purple": ("purple", "violet"),
    "golden": ("golden", "gold", "yellow"),
}
"""Color to its words in captions."""


@dataclass(frozen=True)
class Icon:
    """One icon of the emoji sets. ``toned``: it exists in several skin tones. ``paint``: how it is
    recolored (``training.tiles.painted``); empty if it is not."""

    name: str
    toned: bool
    paint: str = ""

    @classmethod
    def read(cls, cell: str) -> "Icon":
        """Read the icon of a cell of the table, such as "fox", "~woman" or "bus@pale yellow"."""
        name, _, paint = cell.lstrip("~").partition("@")
        return cls(name, cell.startswith("~"), paint)


@dataclass(frozen=True)
class Thing:
    """One thing: icons, names, group, usual places (``homes``), own color, and other colors in
    which it is also drawn."""

    icons: tuple[Icon, ...]
    names: tuple[str, ...]
    group: str
    homes: tuple[str, ...]
    color: str
    colors: tuple[str, ...]

    @property
    def name(self) -> str:
        """The main name."""
        return self.names[0]


@dataclass(frozen=True)
class Group:
    """A group of things: its name ("animal"), the plural, and the numbers of its members."""

    name: str
    plural: str
    members: tuple[int, ...]


def _split(cell: str, by: str = ",") -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(by) if part.strip())


def _thing(line: str, group: str, homes: tuple[str, ...]) -> Thing:
    icons, names, own_homes, color, colors = (line.split("|") + [""] * 5)[:5]
    return Thing(
        tuple(Icon.read(cell) for cell in _split(icons, "+")),
        _split(names),
        group,
        _split(own_homes) or homes,
        color.strip(),
        _split(colors),
    )


@cache
def things() -> tuple[Thing, ...]:
    """Return the things in the order of the table, which is part of the data."""
    made: list[Thing] = []
    group = ""
    homes: tuple[str, ...] = ()
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = line[1 : line.index("]")].split(",")[0].strip()
            homes = _split(line[line.index("]") + 1 :])
        elif line and not line.startswith("#"):
            made.append(_thing(line, group, homes))
    return tuple(made)


@cache
def groups() -> tuple[Group, ...]:
    """Return the groups of the table with their members' numbers."""
    heads = [
        _split(line[1 : line.index("]")])
        for line in TABLE.read_text(encoding="utf-8").splitlines()
        if line.startswith("[")
    ]
    return tuple(
        Group(name, plural, tuple(i for i, t in enumerate(things()) if t.group == name))
        for name, plural in heads
    )


@cache
def by_name() -> dict[str, int]:
    """Return name to number of the thing, for all names. If several things have a name, it is that
    of the first."""
    found: dict[str, int] = {}
    for number, thing in enumerate(things()):
        for name in thing.names:
            found.setdefault(name, number)
    return found


def numbers(names: Iterable[str]) -> tuple[int, ...]:
    """Return the numbers of things by their names. Raises KeyError for an unknown name."""
    return tuple(by_name()[name] for name in names)
