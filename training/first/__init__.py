"""The recipe of the committed weights: 75 objects, one drawing each, on two CPU cores.

Stages, in order: ``render``, ``latents``, ``decoder`` beside ``text`` and ``unet``, ``assemble``,
``evaluate``, ``prototypes``. Each is ``python -m training.first.<stage>``.
"""
