"""From registry packages of open emoji art to the embedded model ``models/inferloop-mini``.

Stages, in order: ``render``, ``latents``, ``decoder`` and ``unet`` (side by side), ``calibrate``,
``assemble``, ``evaluate``. Each is ``python -m training.<stage>`` and can be stopped and resumed.
"""
