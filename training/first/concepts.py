"""What the model can draw: objects, colors and places, as plain tables.

Edit these tables (and ``training/pictures/scenes.py``) to train a model of your own small domain.
"""

from dataclasses import dataclass

# icon | names, the first is the main one | natural places | colors it is also taught in
_OBJECT_ROWS = """
cat-face        | cat, kitten, kitty           | meadow, city          | black, white
dog-face        | dog, puppy                   | meadow, beach         |
fox             | fox                          | forest, snow, meadow  |
lion            | lion                         | desert, meadow        |
tiger-face      | tiger                        | forest, snow          |
bear            | bear                         | forest, mountains     |
panda           | panda, panda bear            | forest                |
rabbit-face     | rabbit, bunny                | meadow, snow          |
mouse-face      | mouse                        | meadow                |
cow-face        | cow                          | meadow, mountains     |
pig-face        | pig, piglet                  | meadow                |
frog            | frog                         | forest, meadow        |
monkey-face     | monkey                       | forest                |
unicorn         | unicorn                      | meadow, forest, sky   |
chicken         | chicken, hen                 | meadow                |
penguin         | penguin                      | snow, sea             |
owl             | owl                          | forest, night         |
bird            | bird                         | sky, forest, sea      | red, yellow
duck            | duck                         | sea, meadow           |
elephant        | elephant                     | desert, meadow        |
horse           | horse, pony                  | meadow, desert, beach |
honeybee        | bee, honeybee                | meadow                |
butterfly       | butterfly                    | meadow, forest        |
lady-beetle     | ladybug, ladybird, beetle    | meadow                |
tropical-fish   | fish, tropical fish          | sea                   |
spouting-whale  | whale                        | sea                   |
octopus         | octopus                      | sea                   |
turtle          | turtle, tortoise             | beach, sea            |
snail           | snail                        | forest, meadow        |
red-apple       | apple                        | meadow                | green, yellow
banana          | banana                       | beach                 |
strawberry      | strawberry                   | meadow                |
cherries        | cherries, cherry             | meadow                |
watermelon      | watermelon, slice of watermelon | beach              |
lemon           | lemon                        | beach                 |
pineapple       | pineapple                    | beach                 |
pizza           | pizza, slice of pizza        | city                  |
hamburger       | hamburger, burger            | city                  |
birthday-cake   | cake, birthday cake          | city                  |
soft-ice-cream  | ice cream, ice cream cone    | beach                 |
doughnut        | donut, doughnut              | city                  |
hot-beverage    | coffee, cup of coffee, tea   | city                  |
deciduous-tree  | tree                         | meadow, mountains     |
evergreen-tree  | pine tree, pine, fir tree    | snow, mountains       |
palm-tree       | palm tree, palm              | beach, desert         |
cactus          | cactus                       | desert                |
rose            | rose                         | meadow                | yellow, pink
sunflower       | sunflower                    | meadow                |
tulip           | tulip                        | meadow                |
mushroom        | mushroom, toadstool          | forest                |
automobile      | car, automobile              | city, desert          | blue, green, yellow
bus             | bus                          | city                  |
locomotive      | train, steam train, locomotive | mountains, meadow   |
bicycle         | bicycle, bike                | city, meadow          |
airplane        | airplane, plane, aeroplane   | sky, mountains        |
rocket          | rocket, spaceship, rocket ship | space, sky, night   |
sailboat        | sailboat, boat, sailing boat | sea, beach            |
house           | house, home, cottage         | meadow, mountains, snow |
castle          | castle                       | mountains, meadow     |
guitar          | guitar                       | beach                 | blue
alarm-clock     | clock, alarm clock           | city                  |
closed-book     | book                         | meadow                | blue, green
key             | key                          | beach                 |
umbrella        | umbrella                     | beach                 |
balloon         | balloon                      | sky, city             | blue, green, yellow, purple
teddy-bear      | teddy bear, teddy            | meadow                |
robot           | robot                        | city, space           |
soccer-ball     | soccer ball, football, ball  | meadow, beach         |
crown           | crown                        | beach                 |
light-bulb      | light bulb, lamp, lightbulb  | night                 |
red-heart       | heart                        | sky             | blue, green, yellow, purple, pink
star            | star                         | night, space          |
ghost           | ghost                        | night, forest         |
snowman         | snowman                      | snow                  |
wrapped-gift    | gift, present, gift box      | snow                  |
"""

# Noto has its own drawing for some colors; the rest are recolored by ``training.first.render``.
COLOR_ICONS = {
    ("red-apple", "green"): "green-apple",
    ("closed-book", "blue"): "blue-book",
    ("closed-book", "green"): "green-book",
    ("red-heart", "blue"): "blue-heart",
    ("red-heart", "green"): "green-heart",
    ("red-heart", "yellow"): "yellow-heart",
    ("red-heart", "purple"): "purple-heart",
    ("red-heart", "pink"): "pink-heart",
}

# The color of the drawing itself, so that "a red apple" is the drawing as it is.
OWN_COLOR = {
    "cat-face": "orange",
    "fox": "orange",
    "bear": "brown",
    "pig-face": "pink",
    "frog": "green",
    "bird": "blue",
    "butterfly": "blue",
    "red-apple": "red",
    "banana": "yellow",
    "strawberry": "red",
    "lemon": "yellow",
    "deciduous-tree": "green",
    "rose": "red",
    "sunflower": "yellow",
    "tulip": "pink",
    "mushroom": "red",
    "automobile": "red",
    "guitar": "red",
    "closed-book": "red",
    "balloon": "red",
    "red-heart": "red",
    "star": "yellow",
    "crown": "golden",
    "lady-beetle": "red",
    "cherries": "red",
    "elephant": "gray",
    "tropical-fish": "yellow",
    "spouting-whale": "blue",
    "umbrella": "purple",
    "key": "golden",
    "cactus": "green",
    "turtle": "green",
}

# Background colors: sRGB, 0..255.
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

COLOR_WORDS = {
    "gray": ("gray", "grey"),
    "light blue": ("light blue", "sky blue", "cyan"),
    "purple": ("purple", "violet"),
    "golden": ("golden", "gold", "yellow"),
}

PLACES: dict[str, tuple[str, ...]] = {
    "forest": ("in a forest", "in the forest", "in the woods", "among trees"),
    "beach": ("on a beach", "on the beach", "at the beach", "on the sand"),
    "sea": ("on the sea", "in the sea", "on the ocean", "in the water", "on the water", "at sea"),
    "snow": ("in the snow", "in snow", "in a snowy landscape", "on the snow", "in winter"),
    "mountains": ("in the mountains", "in front of mountains", "on a mountain"),
    "desert": ("in the desert", "in a desert", "on a sand dune"),
    "city": ("in the city", "in a city", "on the street", "in front of a city", "in a town"),
    "space": ("in space", "in outer space", "among the stars"),
    "meadow": (
        "in a meadow",
        "in a field",
        "on the grass",
        "on green grass",
        "in a garden",
        "in a park",
    ),
    "night": ("at night", "under the stars", "in the night sky", "in the moonlight"),
    "sky": ("in the sky", "in a blue sky", "in the clouds"),
}


@dataclass(frozen=True)
class Concept:
    """One object: its drawing, its names, where it is at home, colors it is also taught in."""

    icon: str
    names: tuple[str, ...]
    homes: tuple[str, ...]
    colors: tuple[str, ...]


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(",") if part.strip())


def load_concepts() -> tuple[Concept, ...]:
    """Return every object of the table, in table order (the order is part of the data)."""
    concepts = []
    for line in _OBJECT_ROWS.strip().splitlines():
        icon, names, homes, colors = line.split("|")
        concepts.append(Concept(icon.strip(), _split(names), _split(homes), _split(colors)))
    return tuple(concepts)


CONCEPTS = load_concepts()
