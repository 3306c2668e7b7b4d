"""What the model of the first recipe can draw: a selection from ``training/language/things.txt``.

Names, drawings, colors and homes of the things are in that table, places in
``training/pictures/places.txt``, named sets in ``training/language/sets.txt``. To train a
model for your own small domain, edit this selection and those tables.
"""

from training.language.vocabulary import COLOR_WORDS, COLORS, Thing, numbers, things
from training.language.wording import Together, together
from training.pictures import places

_FIRST = """
cat, dog, fox, lion, tiger, bear, panda, rabbit, mouse, cow, pig, frog, monkey, unicorn, chicken,
penguin, owl, bird, duck, elephant, horse, bee, butterfly, ladybug, fish, whale, octopus, turtle,
snail, apple, banana, strawberry, cherries, watermelon, lemon, pineapple, pizza, hamburger,
birthday cake, ice cream, donut, coffee, tree, pine tree, palm tree, cactus, rose, sunflower, tulip,
mushroom, car, bus, steam train, bicycle, airplane, rocket, sailboat, house, castle, guitar,
alarm clock, book, key, umbrella, balloon, teddy bear, robot, soccer ball, crown, light bulb, heart,
star, ghost, snowman, gift
"""
_SECOND = """
sheep, deer, wolf, giraffe, zebra, crocodile, snake, dinosaur, dragon, dolphin, shark, parrot,
woman, woman with red hair, man, old man, old woman, boy, girl, baby, doctor, chef, firefighter,
police officer, farmer, wizard, fairy, astronaut, princess, santa claus, man riding a bicycle,
orange, grapes, carrot, tomato, broccoli, corn, bread, cheese, egg, sandwich, french fries,
slice of cake, bottle, wine, bowl, bouquet, christmas tree, truck, tractor, motorcycle, helicopter,
fire truck, ship, ufo, church, lighthouse, tent, computer, phone, camera, chair, couch, bed,
television, backpack, t-shirt, dress, shoes, hat, glasses, basketball, tennis racket, violin, piano,
sun, moon, cloud, rainbow, fire, earth, smiley
"""
_THIRD = """
polar bear, koala, squirrel, hedgehog, raccoon, kangaroo, goat, camel, gorilla, leopard, eagle,
swan, flamingo, peacock, spider, crab, jellyfish, alien, pumpkin, skull, pear, peach, avocado, bell
pepper, hot dog, croissant, pancakes, sushi, spaghetti, cookie, cupcake, chocolate, lollipop,
teapot, beer, glass of milk, race car, taxi, police car, ambulance, tram, skateboard, traffic light,
stop sign, ferris wheel, laptop, headphones, candle, scissors, hammer, knife, watch, suitcase,
jeans, boots, trophy, drum, microphone, planet, snowflake, kite, diamond, superhero, mermaid
"""
_FOURTH = """
llama, donkey, moose, hippopotamus, rhinoceros, lizard, bat, chick, goose, turkey, ant, lobster,
seal, seashell, mango, kiwi, coconut, blueberries, eggplant, cucumber, potato, onion, taco, steak,
salad, soup, popcorn, pie, candy, cocktail, soda, leaf, daisy, cherry blossom, vase, school bus,
slice of chocolate cake, man with a beard, old man with a white beard, van, pickup truck, scooter,
high-speed train, speedboat, canoe, mosque, school, hospital, office building, tower, fountain,
door, window, bathtub, mirror, books, pencil, letter, box, magnifying glass, basket, bucket,
handbag, microscope, telescope, bell, anchor, scarf, gloves, socks, high heels, baseball,
volleyball, target, trumpet, saxophone, teacher, thunder cloud, clown, crying face
"""
_SETS = """
bowl of fruit, fruit, vegetables, breakfast, bottle of wine and a glass, flowers, vase of flowers,
farm animals, fish under the sea, children, children playing football, people, family,
bee on a flower, butterfly on a flower, musical instruments, clothes, sports equipment
"""


def _names(table: str) -> list[str]:
    return [name.strip() for name in table.replace("\n", " ").split(",")]


_KNOWN = _names(_FIRST) + _names(_SECOND) + _names(_THIRD)
LEARNED_FIRST = len(_KNOWN)
"""Number of ``CONCEPTS``, from the start, that the earlier sittings taught."""
CONCEPTS: tuple[Thing, ...] = tuple(
    things()[number] for number in numbers(_KNOWN + _names(_FOURTH))
)
"""Every thing that the model can draw. The order is part of the data."""
_NUMBERS = {thing: number for number, thing in enumerate(CONCEPTS)}


def _chosen_sets() -> tuple[Together, ...]:
    known = {made.names[0]: made for made in together()}
    return tuple(known[name] for name in _names(_SETS))


def members(group: Together) -> tuple[int, ...]:
    """Return the numbers in ``CONCEPTS`` of a named set's members; other members are left out."""
    found = [things()[member] for member in group.members]
    return tuple(_NUMBERS[thing] for thing in found if thing in _NUMBERS)


def front(group: Together) -> int | None:
    """Return the number in ``CONCEPTS`` of the thing in front of a named set; None if there is
    none."""
    return None if group.front is None else _NUMBERS[things()[group.front]]


SETS = _chosen_sets()
"""Named sets of things, such as "breakfast"."""

# Noto has separate drawings for some colors. ``training.tiles.repaint`` paints the others.
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

PLACES: dict[str, tuple[str, ...]] = places.words().at
"""Place to the phrases for a thing that is there, such as "on a beach"."""

__all__ = [
    "COLORS",
    "COLOR_ICONS",
    "COLOR_WORDS",
    "CONCEPTS",
    "LEARNED_FIRST",
    "PLACES",
    "SETS",
    "Thing",
    "Together",
    "front",
    "members",
]
