"""From registry packages of open emoji art to the embedded model ``models/inferloop-mini``.

Stages, in order: ``render``, ``latents``, ``decoder`` beside ``text`` and ``unet``, ``calibrate``
(optional), ``assemble``, ``evaluate``, ``prototypes``. Each is ``python -m training.<stage>``; the
training ones can be stopped and resumed.
"""
