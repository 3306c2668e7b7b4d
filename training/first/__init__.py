"""The recipe of the committed weights: 221 things in 29 places, on two CPU cores.

Stages, in order: ``render``, ``latents``, ``decoder`` beside ``text`` and ``unet``, ``assemble``,
``evaluate``, ``prototypes``. Each is ``python -m training.first.<stage>``.
"""
