"""The prompts that the model is judged on, fixed before its training ended."""

MUST_PASS = ("A beautiful sunset over mountains", "A futuristic city with flying cars",
             "a red apple", "a cat on a blue background", "a fox")
PLAIN = (
    *MUST_PASS,
    "a dog", "a lion", "a tiger", "a panda", "an owl", "a penguin", "an elephant", "a horse",
    "a butterfly", "a fish", "a rabbit", "a strawberry", "a banana", "a pizza", "a birthday cake",
    "a rose", "a sunflower", "a tree", "a mushroom", "a red car", "a bus", "an airplane",
    "a rocket", "a sailboat", "a house", "a guitar", "an alarm clock", "a robot", "a heart",
    "a star", "a dog on a green background", "a car on a yellow background",
    "an apple on a pink background", "a purple heart on a white background",
    "a beach", "a forest", "a desert", "the sea at night", "a city at night",
    "snowy mountains at night", "a night sky with stars and moon",
    "a penguin in the snow", "a sailboat on the sea",
)
PARAPHRASES = (
    "a cute little kitten, highly detailed, 4k", "portrait of a puppy on a red background",
    "photo of a green apple", "Ocean at sunrise", "a skyline with skyscrapers after dark, at night",
    "flying cars over a sci-fi metropolis", "a snowy winter landscape, digital art",
    "a bunny in a meadow", "a spaceship in outer space", "a blue automobile",
    "an illustration of a tiger in the woods", "masterpiece, a castle on a mountain",
    "a lake in the mountains at dawn", "a tropical beach with palm trees at sunset",
    "a yellow balloon against a sky blue backdrop", "a black cat", "a bear standing in a forest",
    "a hamburger, studio lighting", "a cup of hot coffee", "sand dunes under the stars",
    "a bumble bee on a flower", "an orange fox sitting in the snow", "a teddy bear and a gift",
    "a yellow bird on a pink background, best quality",
)
