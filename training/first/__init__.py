"""The recipe of the committed weights: 301 things in 29 places, on two CPU cores.

Stages, in order: ``render``, ``latents``, ``decoder`` and ``encoder`` (at the same time as the next
two), ``text``, ``unet``, ``assemble``, ``evaluate``, ``prototypes``. Each is the command
``python -m training.first.<stage>``.
"""
