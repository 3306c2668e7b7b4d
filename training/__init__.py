"""From registry packages of open emoji art to the embedded model ``models/inferloop-mini``.

Stages, in order: ``tiles``, ``gallery``, ``reading``, ``autoencoder``, ``denoise``, ``judge``,
``export``, ``trial``. Each is the command ``python -m training.<stage>``; ``judge`` and ``trial``
are in ``training.evaluation``. ``training.gpu`` runs all stages after the first. Stages that train
can be stopped and resumed. ``training.first`` is the recipe of the committed weights.
"""
