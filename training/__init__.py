"""From registry packages of open emoji art to the embedded model ``models/inferloop-mini``.

Stages, in order: ``tiles``, ``gallery``, ``reading``, ``autoencoder``, ``denoise``, ``judge``,
``export``, ``trial``; ``gpu`` runs all after the first. Each is ``python -m training.<stage>``; the
training ones can be stopped and resumed. ``training.first`` is the recipe of the committed weights.
"""
